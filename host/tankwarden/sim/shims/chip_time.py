"""The chip's `time` over the simulated board's clock: ticks wrap at 2^30 as on the RP2040, not at 2^62 as on a PC."""

import sys

import simboard

_PERIOD = 1 << 30
_MASK = _PERIOD - 1
_HALF = _PERIOD >> 1
_EPOCH_S = 1_609_459_200  # 2021-01-01


def ticks_us():
    """µs, wrapping."""
    return simboard.board().now_us() & _MASK


def ticks_ms():
    """ms, wrapping."""
    return simboard.board().now_us() // 1000 & _MASK


def ticks_cpu():
    """On the RP2040 as ticks_us."""
    return ticks_us()


def ticks_diff(ticks1, ticks2):
    """ticks1 − ticks2 as signed number of the half period."""
    return ((ticks1 - ticks2 + _HALF) & _MASK) - _HALF


def ticks_add(ticks, delta):
    """ticks + delta, wrapped. OverflowError if delta is half a period or more, as on the chip."""
    if not -_HALF < delta < _HALF:
        raise OverflowError("ticks interval overflow")
    return (ticks + delta) & _MASK


def sleep_us(us):
    """Wait; nothing for 0 or less."""
    if us > 0:
        simboard.board().backend.sleep_us(us)


def sleep_ms(ms):
    """Wait; nothing for 0 or less."""
    if ms > 0:
        simboard.board().backend.sleep_us(1000 * ms)


def sleep(seconds):
    """Wait; nothing for 0 or less."""
    sleep_us(int(seconds * 1_000_000))


def time():
    """The chip's real-time clock, which nobody sets, starts in 2021."""
    return _EPOCH_S + (simboard.board().now_us() - simboard.board().started_us) // 1_000_000


def time_ns():
    """The same in ns."""
    return 1_000_000_000 * _EPOCH_S + 1000 * (simboard.board().now_us() - simboard.board().started_us)


def install():
    """CPython: give its own `time` and `sys`, which no file can replace, the chip's additions. What they have stays."""
    if sys.implementation.name != "micropython":
        sys.print_exception = _print_exception
        import time as real

        for function in (ticks_us, ticks_ms, ticks_cpu, ticks_diff, ticks_add, sleep_us, sleep_ms):
            setattr(real, function.__name__, function)


def _print_exception(error, file):
    import traceback

    traceback.print_exception(error, file=file)
