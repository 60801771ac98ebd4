"""A recording of the line: one JSON object a line, messages by name with their fields, so that any tool can read it.

The first line says what it is: {"tankbench": 1, "digest": …, "version": …, "started": UTC, "port": …}. Each other one
is a frame: {"t": seconds since the start, "sent": by the host?, "seq": …, "message": "STATUS", "fields": {…}}, bytes in
hex; or {"t": …, "damaged": {reason: count}} at the end.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from tankbench.errors import BenchError, MismatchError
from tanklink import messages, records
from tanklink.records import Record
from tankwarden.version import version

FORMAT = 1
_NAMED = {message.name: message for message in messages.TABLE}


@dataclass(frozen=True)
class Entry:
    """One frame of a recording. at_s: since its start."""

    at_s: float
    sent: bool
    seq: int
    message: str
    fields: dict[str, Any]


class Writer:
    """Is a Tap. Each line is written whole and at once: a recording that is cut short is still one."""

    def __init__(self, file: TextIO, started_s: float, header: dict[str, Any]) -> None:
        """started_s: of the clock that the frames' instants are of."""
        self._file, self._started_s = file, started_s
        self.frames = 0
        self._put({"tankbench": FORMAT, "digest": messages.DIGEST.hex(), "version": version(), **header})

    def __call__(self, mono_s: float, sent: bool, seq: int, record: Record) -> None:
        fields = {k: v.hex() if isinstance(v, bytes) else v for k, v in record._asdict().items()}
        at_s = round(mono_s - self._started_s, 6)
        self._put({"t": at_s, "sent": sent, "seq": seq, "message": record.MESSAGE.name, "fields": fields})
        self.frames += 1

    def end(self, mono_s: float, damaged: dict[str, int]) -> None:
        """The last line."""
        self._put({"t": round(mono_s - self._started_s, 6), "damaged": damaged})

    def _put(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


class Tape:
    """A recording, read line by line. BenchError, naming the line, for what is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open(encoding="utf-8") as file:
                first = self._object(1, file.readline())
        except OSError as error:
            raise BenchError(f"{path} cannot be read ({error.strerror}): give the path of a recording") from error
        except UnicodeDecodeError as error:
            raise self._no_recording(1, "not text") from error
        if first.get("tankbench") != FORMAT:
            raise self._no_recording(1, f'no "tankbench": {FORMAT}')
        self.header = first
        self.damaged: dict[str, int] = {}

    def __iter__(self) -> Iterator[Entry]:
        with self.path.open(encoding="utf-8") as file:
            file.readline()
            for number, text in enumerate(file, 2):
                line = self._object(number, text)
                if "damaged" in line:
                    self.damaged = line["damaged"]
                    continue
                try:
                    yield Entry(float(line["t"]), bool(line["sent"]), int(line["seq"]), str(line["message"]),
                                dict(line["fields"]))  # fmt: skip
                except (KeyError, TypeError, ValueError) as error:
                    raise self._no_recording(number, f"a frame without its {error}") from error

    def record(self, entry: Entry) -> Record:
        """The frame's record. MismatchError if this program has other messages than the one that recorded it."""
        message = _NAMED.get(entry.message)
        if self.header.get("digest") != messages.DIGEST.hex() or message is None:
            raise MismatchError(
                f"{self.path}: recorded with messages {self.header.get('digest')} of version "
                f"{self.header.get('version')}, this is {messages.DIGEST.hex()}: play it with that version"
            )
        fields = [entry.fields.get(name) for name in message.names]
        values = [
            bytes.fromhex(value) if isinstance(message.new()[i], bytes) and isinstance(value, str) else value
            for i, value in enumerate(fields)
        ]
        make: Callable[..., Record] = records.RECORDS[message.id]
        return make(*values)

    def _object(self, number: int, text: str) -> dict[str, Any]:
        try:
            line = json.loads(text)
        except ValueError as error:
            raise self._no_recording(number, f"not JSON ({error})") from error
        if not isinstance(line, dict):
            raise self._no_recording(number, "no object")
        return line

    def _no_recording(self, number: int, why: str) -> BenchError:
        return BenchError(f"{self.path}, line {number}: {why}: give a file that tankbench record has written")


def summary(entry: Entry) -> str:
    """A frame's fields for people: names of enumerations, no zeros, channels' sums left out."""
    message = _NAMED.get(entry.message)
    names = {field.name: field.names for field in message.fields} if message else {}
    shown = []
    for name, value in entry.fields.items():
        if name.endswith("_counts") or name.startswith("vi_") or value in (0, False):
            continue
        choices = names.get(name)
        text = choices[value] if choices and isinstance(value, int) and value < len(choices) else value
        shown.append(f"{name}={text}")
    return " ".join(shown)
