"""Where a drill keeps the events of the Pico's journal, so that it may acknowledge them: on disk before that is said.

The journal holds two dozen events for a host that has not stored them, and a drill makes more. What was acknowledged
here no host will be told, so the file stays beside the report.
"""

import json
import os
from pathlib import Path

from tankbench.circuits import event_text
from tankbench.errors import BenchError
from tankbench.talk import Talk


class JournalFile:
    """One JSON object a line. BenchError if it cannot be made."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise BenchError(f"{path} cannot be written ({error.strerror}): name another --report") from error
        self._kept: set[int] = set()

    def keep(self, talk: Talk) -> None:
        """Store what is new, then acknowledge it. The Pico sends them in the order of their numbers."""
        new = sorted(set(talk.events) - self._kept)
        welcome = talk.session.welcome
        if not new or welcome is None:
            return
        for number in new:
            record = talk.events[number]
            line = {"event": record.MESSAGE.name, **record._asdict(), "text": event_text(record, welcome.board_id)}
            self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self._kept.update(new)
        talk.session.acknowledge(max(new), talk.now())

    def close(self) -> None:
        """Nothing more is kept."""
        self._file.close()
