"""`tankwarden …` with a control loop that can be hung: SIGUSR1 hangs it, SIGUSR2 frees it.

By turns the whole event loop blocks, as in a call that does not return, and only the control task stops
getting anywhere while the link goes on.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Generator
from typing import Any

from tankwarden.__main__ import main
from tankwarden.flows.control import Control

_run = Control.run
_hangs = 0
_blocked = _stuck = False


def _hang(*_: object) -> None:
    global _hangs, _blocked, _stuck
    _hangs += 1
    if _hangs % 2:
        _stuck = True
        return
    _blocked = True
    while _blocked:
        time.sleep(0.005)


def _free(*_: object) -> None:
    global _blocked, _stuck
    _blocked = _stuck = False


class _Hangable:
    """Awaits the control task step by step, and takes no further step while it is to hang."""

    def __init__(self, control: Control, beat: Callable[[], None]) -> None:
        self._steps = _run(control, beat).__await__()

    def __await__(self) -> Generator[Any, None, None]:
        for future in self._steps:
            yield future
            while _stuck:
                yield from asyncio.sleep(0.005).__await__()


async def _hangable_run(self: Control, beat: Callable[[], None]) -> None:
    await _Hangable(self, beat)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, _hang)
    signal.signal(signal.SIGUSR2, _free)
    Control.run = _hangable_run  # type: ignore[method-assign]  # that is the point
    sys.exit(main())
