"""What happens on the wire waits here for the flow that handles it, so that no callback of the link does work."""

import asyncio
from collections import deque
from typing import Generic, TypeVar

from tankwarden.flows.supervise import Beat

T = TypeVar("T")
BEAT_S = 1.0


class Inbox(Generic[T]):
    """First in, first out. When it is full the oldest goes, and is counted: the newest matters most."""

    def __init__(self, size: int) -> None:
        self._items: deque[T] = deque(maxlen=size)
        self._filled = asyncio.Event()
        self.dropped = 0

    def put(self, item: T) -> None:
        """Never blocks. On the loop only."""
        self.dropped += len(self._items) == self._items.maxlen
        self._items.append(item)
        self._filled.set()

    def take(self) -> T | None:
        """The oldest, None if there is none."""
        return self._items.popleft() if self._items else None

    async def get(self, beat: Beat) -> T:
        """The oldest, as soon as there is one; the heartbeat goes on meanwhile."""
        while not self._items:
            self._filled.clear()
            beat()
            try:
                async with asyncio.timeout(BEAT_S):
                    await self._filled.wait()
            except TimeoutError:
                continue
        beat()
        return self._items.popleft()
