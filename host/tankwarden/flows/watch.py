"""Looks at link and clocks, and notes what a person should know: silence, noise, restarts, stalls, clock jumps."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from typing import Protocol

from tankwarden.clock import Clock
from tankwarden.drivers.pico.driver import PicoView
from tankwarden.drivers.pico.session import SILENCE_S, Happening, Mismatched, Phase, Restarted
from tankwarden.events import Event
from tankwarden.flows import notices
from tankwarden.flows.supervise import Beat, Log

PERIOD_S = 0.25
NOISE_WITHIN_S = 10.0
NOISE_FRAMES = 5  # damaged within that time: opening a port in the middle of a frame damages one
STALL_S = 2.0  # from one look to the next: the host itself did not run
JUMP_S = 2.0  # of the wall clock against the monotonic one, from one look to the next
_BAD = ("bad_crc", "bad_cobs", "bad_length", "bad_body", "bad_id", "bad_range")


class Views(Protocol):
    """What is needed of the Pico."""

    def view(self) -> PicoView: ...


class Watch:
    """note: takes each event."""

    def __init__(self, pico: Views, clock: Clock, note: Callable[[Event], None], log: Log) -> None:
        self._pico, self._clock, self._note, self._log = pico, clock, note, log
        self._noise = _Noise()
        self._was_connected = False
        self._lost_since: float | None = None
        self._looked_at: float | None = None
        self._awake_since = -math.inf  # what was not heard before is no silence of the Pico's: the host stood still
        self._mismatch: bytes | None = None
        self._firmware: tuple[bytes, bytes] | None = None
        self._offset_s = self._reckon_offset()

    def told(self, happening: Happening) -> None:
        """Subscribed to the driver."""
        if isinstance(happening, Restarted):
            self._noise.forget_pico()
            self._note(notices.pico_restarted(self._clock.wall_ms(), happening))
        elif isinstance(happening, Mismatched) and happening.theirs != self._mismatch:
            self._mismatch = happening.theirs  # once, not at every attempt
            self._note(notices.mismatch(self._clock.wall_ms(), happening))

    async def run(self, beat: Beat) -> None:
        """Look for ever."""
        self._looked_at = None  # begun again after a failure: the time between was no stall
        while True:
            self.look()
            beat()
            await asyncio.sleep(PERIOD_S)

    def look(self) -> None:
        """One look at everything."""
        view, now_s = self._pico.view(), self._clock.mono()
        self._look_at_stall(now_s)
        self._look_at_silence(view, now_s)
        self._look_at_noise(view, now_s)
        self._look_at_clock()
        self._look_at_firmware(view)

    def _look_at_stall(self, now_s: float) -> None:
        stalled_s = 0.0 if self._looked_at is None else now_s - self._looked_at
        self._looked_at = now_s
        if stalled_s > STALL_S:
            self._awake_since = now_s
            self._note(notices.host_stalled(self._clock.wall_ms(), stalled_s, STALL_S))

    def _look_at_silence(self, view: PicoView, now_s: float) -> None:
        self._was_connected = self._was_connected or view.connected
        if view.silent_s is None or not self._was_connected:
            return
        silent_s = min(view.silent_s, now_s - self._awake_since)
        if self._lost_since is None and silent_s > SILENCE_S:
            self._lost_since = now_s - silent_s
            self._note(notices.link_lost(self._clock.wall_ms(), silent_s * 1000, SILENCE_S * 1000))
        elif self._lost_since is not None and view.connected:
            self._note(notices.link_back(self._clock.wall_ms(), (now_s - self._lost_since) * 1000))
            self._lost_since = None

    def _look_at_noise(self, view: PicoView, now_s: float) -> None:
        if view.phase is Phase.MISMATCH:
            return  # what cannot be understood is no noise
        theirs = sum(getattr(view.health, name) for name in _BAD) if view.health else None
        damaged = self._noise.look(view.damaged, theirs, now_s)
        if damaged is not None:
            self._note(notices.link_noise(self._clock.wall_ms(), damaged, NOISE_FRAMES, NOISE_WITHIN_S))

    def _look_at_clock(self) -> None:
        offset_s = self._reckon_offset()
        jump_s, self._offset_s = offset_s - self._offset_s, offset_s
        if abs(jump_s) > JUMP_S * self._clock.speed:
            self._note(notices.clock_jumped(self._clock.wall_ms(), jump_s, JUMP_S * self._clock.speed))

    def _look_at_firmware(self, view: PicoView) -> None:
        if view.welcome is None or self._firmware == (view.welcome.board_id, view.welcome.firmware):
            return
        self._firmware = (view.welcome.board_id, view.welcome.firmware)
        board, firmware = view.welcome.board_id.hex(), view.welcome.firmware.hex()
        self._log("info", "pico", f"Pico {board} at {view.port}: program {view.welcome.version}, files {firmware}")

    def _reckon_offset(self) -> float:
        """Wall time less monotonic time, in seconds: constant but for jumps."""
        return self._clock.wall_ms() / 1000 - self._clock.mono() * self._clock.speed


class _Noise:
    """Damaged frames within the last NOISE_WITHIN_S, on both sides of the cable."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, int]] = deque()  # (when, total so far)
        self._total = self._ours = 0
        self._theirs: int | None = None
        self._noisy = False

    def forget_pico(self) -> None:
        """It counts from 0 again."""
        self._theirs = None

    def look(self, ours: int, theirs: int | None, now_s: float) -> int | None:
        """How many, when that has just become too many; else None."""
        self._total += ours - self._ours
        self._ours = ours
        if theirs is not None:
            self._total += max(0, theirs - (theirs if self._theirs is None else self._theirs))
            self._theirs = theirs
        self._looks.append((now_s, self._total))
        while now_s - self._looks[0][0] > NOISE_WITHIN_S:
            self._looks.popleft()
        damaged = self._total - self._looks[0][1]
        was_noisy, self._noisy = self._noisy, damaged > NOISE_FRAMES
        return damaged if self._noisy and not was_noisy else None
