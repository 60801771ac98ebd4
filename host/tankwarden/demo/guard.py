"""Minds the demo's host: notices that it was killed or stopped, and starts a new one without making anybody wait."""

import signal
from typing import Any

from tankwarden.demo.children import ChildWatch
from tankwarden.demo.house import House
from tankwarden.demo.reasons import Lost
from tankwarden.demo.story import Story

RESTART_S = 5.0


class HostGuard:
    """Its `look` is called a few times a second. restarts, killed: for the summary."""

    def __init__(self, house: House, watch: ChildWatch, story: Story) -> None:
        self._house, self._watch, self._story = house, watch, story
        self._lost: Lost | None = None
        self._starting = False
        self.restarts, self.killed = 0, False

    def status(self) -> dict[str, Any] | None:
        """/api/status, None while there is no host to ask."""
        return None if self._lost else self._house.status()

    def look(self, now_ns: int) -> None:
        """Tell of what has become of it; start a new one in time. DemoError if that one does not come up."""
        code = self._house.host.exit_code
        if self._starting and code is not None and code < 0:
            self._end_absence(self._watch.changed_ns)  # killed again, before it was up
        if self._starting:
            if self._house.host_serves():
                self._back(now_ns, f"a new host runs (process {self._house.host.pid})")
            return
        gone = code is not None or self._house.host.suspended
        if gone and self._lost is None:
            self._gone(code)
        elif not gone and self._lost is not None:
            self._back(self._watch.changed_ns, "the host goes on")
        elif code is not None and self._lost and now_ns - self._lost.at_ns > RESTART_S * 1e9:
            self.restarts += 1
            self._starting = True
            self._house.host.start()

    def _gone(self, code: int | None) -> None:
        killed = code == -signal.SIGKILL
        how = "was stopped" if code is None else "was killed" if killed else f"ended (exit code {code})"
        self.killed |= killed
        self._lost = Lost(self._watch.changed_ns, how, orderly=code == 0)
        self._story.facts.lost.append(self._lost)
        again = "" if code is None else f"; a new one starts in {RESTART_S:g} s"
        self._story.note(self._lost.at_ns, f"the host {how}{again}")

    def _back(self, at_ns: int, text: str) -> None:
        self._end_absence(at_ns)
        self._story.note(at_ns, text)

    def _end_absence(self, at_ns: int) -> None:
        if self._lost is not None:
            self._lost.until_ns = at_ns
        self._lost, self._starting = None, False
