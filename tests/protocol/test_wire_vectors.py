"""vectors.json: every interpreter makes the very bytes that stand there, and reads them back."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import wire_cases as cases
from interpreters import PROTOCOL, VECTORS, both, needs_micropython, run

from tanklink import messages, records
from tanklink.frames import REASONS, Frame, FrameReader, pack
from tanklink.schema import HOST
from tankwarden.flashing import table

ENTRIES = json.loads(VECTORS.read_text())
FRAMES = [entry for entry in ENTRIES if "frame" in entry]
ALSO = [entry for entry in ENTRIES if "also" in entry]
REFUSED = [entry for entry in ENTRIES if "refused" in entry]


def record(entry: dict[str, Any]) -> records.Record:
    values = [bytes.fromhex(value["hex"]) if isinstance(value, dict) else value for value in entry["values"]]
    return records.RECORDS[cases.BY_NAME[entry["message"]].id]._make(values)


@both
def test_the_portable_codec_and_config_agree_with_every_vector(interpreter: str) -> None:
    assert run(interpreter, "vectors.py", VECTORS) == f"{len(ENTRIES)} entries\n"


@needs_micropython
def test_the_chips_compact_table_agrees_with_every_vector(tmp_path: Path) -> None:
    shutil.copytree(PROTOCOL / "tanklink", tmp_path / "tanklink", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tanklink" / "messages.py").write_text(table.source())
    assert run("micropython", "vectors.py", VECTORS, protocol=tmp_path) == f"{len(ENTRIES)} entries\n"


@pytest.mark.parametrize("entry", FRAMES, ids=lambda entry: entry["name"])
def test_the_host_makes_and_reads_the_vectors(entry: dict[str, Any]) -> None:
    frame = bytes.fromhex(entry["frame"])
    assert pack(record(entry), entry["seq"]) == frame
    received = FrameReader(cases.BY_NAME[entry["message"]].sender).feed(frame)
    assert received == [Frame(entry["seq"], record(entry))]
    assert list(map(type, received[0].record)) == list(map(type, record(entry)))
    assert type(received[0].record) is type(record(entry))


@pytest.mark.parametrize("entry", ALSO, ids=lambda entry: entry["name"])
def test_the_host_reads_longer_forms_than_it_writes(entry: dict[str, Any]) -> None:
    assert FrameReader(HOST).feed(bytes.fromhex(entry["also"])) == [Frame(entry["seq"], record(entry))]


@pytest.mark.parametrize("entry", REFUSED, ids=lambda entry: entry["name"])
def test_the_host_counts_each_refusal_under_its_reason(entry: dict[str, Any]) -> None:
    reader = FrameReader(entry["sender"])
    assert reader.feed(bytes.fromhex(entry["refused"])) == []
    assert dict(zip(REASONS, reader.counts, strict=True)) == dict.fromkeys(REASONS, 0) | {entry["reason"]: 1}


def test_every_message_and_every_reason_has_vectors() -> None:
    assert {entry["message"] for entry in FRAMES} == set(cases.NAMES)
    assert {entry["reason"] for entry in REFUSED} == set(REASONS) - {"frames_ok"}


def test_the_vectors_are_of_this_table() -> None:
    assert ENTRIES[0] == {"name": "digest of the table", "digest": messages.DIGEST.hex()}, "run make_vectors.py"


@pytest.mark.parametrize(
    ("message", "layout"),
    [
        (messages.HELLO, "1 host command digest:3:8:8 session:0:0:1073741823"),
        (
            messages.WELCOME,
            "2 pico reply digest:3:8:8 firmware:3:8:8 board_id:3:8:8 boot_id:0:0:1073741823 reset_cause:0:0:3 "
            "state:0:0:5 trip_id:0:0:1073741823 uptime_s:0:0:1073741823 uptime_ms_part:0:0:999 version:2:0:16",
        ),
        (messages.NAK, f"3 pico reply request:0:0:127 reason:0:0:{len(messages.NAK_REASONS) - 1}"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_messages_that_two_versions_meet_with_keep_their_layout(message: Any, layout: str) -> None:
    """Enumerations may grow at their end; nothing else may ever change here."""
    fields = [f"{f.name}:{f.kind}:{f.low}:{f.high}" for f in message.fields]
    assert " ".join([str(message.id), message.sender, message.kind, *fields]) == layout


@needs_micropython
def test_micropython_reads_and_writes_with_the_heap_locked() -> None:
    """Every message both ways, every refusal, and scaling: no allocation; and the lock does catch one."""
    assert run("micropython", "allocation.py", VECTORS) == "allocates nothing\n"
