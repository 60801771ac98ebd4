"""What the commands for lights share: levels in percent and in the Pico's 16 bits, and following a light on its pin."""

import argparse
import struct
from collections.abc import Callable

from tankbench.errors import NoAnswerError, RefusedError
from tankbench.talk import Talk
from tankbench.terminal import say
from tanklink import messages, records
from tankwarden.drivers.pico.advice import nak_text

FULL = 65_535
FASTEST_PER_S = 1_000_000  # the Pico's own greatest slew: a step shows as one
AHEAD_S = 2.0  # LEVELS end by themselves so soon after they were last renewed
RENEW_S = 0.5
Expected = Callable[[int], int | None]  # level by the Pico's uptime in ms; None where nothing is expected


def u16(percent: float) -> int:
    """0 to 100 % as the wire has it."""
    return round(FULL * percent / 100)


def percent(text: str) -> float:
    """An argparse type."""
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not 0 to 100 %")
    return value


def configure(talk: Talk, light: int, cap_percent: float) -> None:
    """Describe the light for the bench: dark when nothing holds it. The host describes it anew when it comes back."""
    talk.ask(records.ConfigLight(light, u16(cap_percent), FASTEST_PER_S, 0, 0))


def hold_level(talk: Talk, light: int, level: int, seconds: float) -> None:
    """LEVELS from now on for so long; 0 ends it."""
    uptime_ms = talk.session.uptime_ms(talk.now()) or 0
    until = divmod(uptime_ms + round(1000 * seconds), 1000) if seconds else (0, 0)
    levels = [level if n == light else 0 for n in range(1, messages.N_LIGHTS + 1)]
    record = records.Levels(1 << (light - 1), struct.pack(f"<{messages.N_LIGHTS}H", *levels), *until)
    talk.session.grant(record, talk.now())


def follow(
    talk: Talk, light: int, seconds: float, expected: Expected, renew: Callable[[], None] = lambda: None
) -> int | None:
    """Print the light's level twice a second; the greatest difference to what is expected, in counts.

    None if nothing was expected. RefusedError if a grant was refused, NoAnswerError if no LIGHTS comes.
    """
    worst: int | None = None
    heard = False
    end = talk.now() + seconds
    renew_at = 0.0
    while talk.now() < end:
        if talk.now() >= renew_at:
            renew()
            renew_at = talk.now() + RENEW_S
        for record in talk.pump(min(0.05, max(0.0, end - talk.now()))):
            if isinstance(record, records.Lights):
                heard = True
                off = _show(record, light, expected)
                worst = off if worst is None else max(worst, off or 0)
        if talk.session.refusals:
            reason = next(iter(talk.session.refusals))
            raise RefusedError(f"{talk.path}: the Pico refuses the light's level: {nak_text(reason)}", reason)
    if not heard:
        raise NoAnswerError(f"{talk.path}: nothing was told of the lights within {seconds:g} s: ask for longer")
    return worst


def _show(told: records.Lights, light: int, expected: Expected) -> int | None:
    uptime_ms = 1000 * told.uptime_s + told.uptime_ms_part
    level = struct.unpack_from("<H", told.levels, 2 * (light - 1))[0]
    source = messages.LIGHT_SOURCES[told.sources[light - 1]]
    wanted = expected(uptime_ms)
    off = None if wanted is None else abs(level - wanted)
    beside = "" if off is None else f"  expected {100 * (wanted or 0) / FULL:6.2f} %, off by {off} of {FULL}"
    say(f"{uptime_ms / 1000:>9.3f} s  light {light}  {100 * level / FULL:6.2f} %  ({level:>5})  by {source:<8}{beside}")
    return off
