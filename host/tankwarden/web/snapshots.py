"""Renders what a snapshot becomes once, however many pages are open."""

import threading
from collections.abc import Callable
from typing import Any

from tankwarden.web.responses import Body

Snapshot = dict[str, Any]


class PerSnapshot:
    """The body made of the newest snapshot. Snapshots are immutable, so the same object is the same content."""

    def __init__(self, status: Callable[[], Snapshot], render: Callable[[Snapshot], Body]) -> None:
        self._status, self._render = status, render
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._body: Body | None = None

    def body(self) -> Body:
        snapshot = self._status()
        with self._lock:
            if self._body is None or snapshot is not self._snapshot:
                self._body = self._render(snapshot)
                self._snapshot = snapshot
            return self._body
