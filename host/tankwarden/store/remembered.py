"""Sums of closed buckets, remembered, so that a page that looks every second does not sum up a day every second.

The rule: a bucket is remembered once it is closed, that is when nothing that belongs into it waits and a later row is
on disk. Closed buckets never change, except by rows that come out of order (a clock set back, an import): the recorder
tells from when on, and everything from there is forgotten.
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from tankwarden.store.backlog import View, Watch

T = TypeVar("T")


class Remembered(Generic[T]):
    """One kind of sum in buckets of one width; bucket b is the time from b·width_ms to (b + 1)·width_ms.

    reach_ms: how far back a row that comes late can change what was before it. limit: buckets kept.
    """

    def __init__(self, watch: Watch, width_ms: int, *, limit: int, reach_ms: int = 0) -> None:
        self._watch, self._width_ms, self._limit, self._reach_ms = watch, width_ms, limit, reach_ms
        self._lock = threading.Lock()
        self._known: dict[int, T] = {}

    def get(
        self, first: int, last: int, view: Callable[[], View], fetch: Callable[[View, int, int], dict[int, T]]
    ) -> list[T]:
        """Every bucket from first to last. view: asked afresh. fetch(view, first, last): a dict of all of those."""
        with self._lock:
            self._forget()
            missing = [bucket for bucket in range(first, last + 1) if bucket not in self._known]
            if not missing:
                return [self._known[bucket] for bucket in range(first, last + 1)]
            now = view()
            fresh = fetch(now, missing[0], missing[-1])
            known = {
                bucket: fresh[bucket] if bucket in fresh else self._known[bucket] for bucket in range(first, last + 1)
            }
            if not self._watch.marked:  # else a row came late while these were summed
                self._keep(
                    {b: value for b, value in fresh.items() if (b + 1) * self._width_ms <= now.settled_ms}, first
                )
            return list(known.values())

    def _forget(self) -> None:
        from_ms = self._watch.take()
        if from_ms is not None:
            from_ms -= self._reach_ms
            self._known = {b: value for b, value in self._known.items() if (b + 1) * self._width_ms < from_ms}

    def _keep(self, closed: dict[int, T], first: int) -> None:
        self._known.update(closed)
        if len(self._known) > self._limit:
            self._known = {b: value for b, value in self._known.items() if b >= first}
