"""`tankbench pwm, plan, effect`: a light at a level, along a plan, and under weather, as the Pico plays it."""

import argparse
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tankbench.commands.options import add_command, add_seconds, add_yes, between
from tankbench.errors import BenchError, LostError, NoAnswerError
from tankbench.lights import AHEAD_S, configure, follow, hold_level, percent, u16
from tankbench.talk import Talk
from tankbench.terminal import confirm, say
from tanklink import effects, messages, packing, plans, records

BENCH_PLAN = 65_000  # plan and effect id of the bench: the host's begin at 1
START_S = 0.3  # from now to the beginning: its messages have come by then


def add_parsers(subparsers: Any) -> None:
    """Add the commands to the command line."""
    pwm_parser = _light_command(subparsers, "pwm", pwm, "hold a light at a level")
    pwm_parser.add_argument("level", metavar="PERCENT", type=percent, help="0 to 100, of the pulse's length")
    add_seconds(pwm_parser, 5.0, "for how long", most=3600)
    plan_parser = _light_command(subparsers, "plan", plan, "play a plan of a light, and compare it with what was asked")
    plan_parser.add_argument("knots", metavar="SECONDS:PERCENT", nargs="+", type=knot, help="such as 0:0 5:100 10:0")
    effect_parser = _light_command(subparsers, "effect", effect, "let a cloud pass over a light, or lightning strike")
    effect_parser.add_argument("kind", choices=messages.EFFECTS, help="which weather")
    effect_parser.add_argument("--base", metavar="PERCENT", type=percent, default=50.0,
                               help="the light's level below it; default: 50")  # fmt: skip
    effect_parser.add_argument("--depth", metavar="PERCENT", type=percent, default=80.0,
                               help="brightest stroke, or share taken by the cloud; default: 80")  # fmt: skip
    effect_parser.add_argument(
        "--seed", metavar="N", type=int, help="makes it the one it is; default: another each time"
    )
    add_seconds(effect_parser, 10.0, "its duration", most=3600)


def _light_command(subparsers: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    parser = add_command(subparsers, name, run, text)
    parser.add_argument("light", metavar="LIGHT", type=int, choices=range(1, messages.N_LIGHTS + 1), help="1 to 8")
    parser.add_argument("--cap", metavar="PERCENT", type=percent, default=100.0,
                        help="never more than this, for LEDs that stand no more; default: 100")  # fmt: skip
    add_yes(parser, "the light goes on")
    return parser


def knot(text: str) -> tuple[int, int]:
    """An argparse type: SECONDS:PERCENT as (tick, level)."""
    at, colon, level = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text} is not SECONDS:PERCENT, such as 5:100")
    seconds = between(0, 3600, "s")(at)
    return round(seconds * plans.TICKS_PER_S), u16(percent(level))


@contextmanager
def _lit(arguments: argparse.Namespace) -> Iterator[Talk]:
    """A session with the light configured; whatever happens, it is dark afterwards."""
    light = arguments.light
    with Talk(arguments.port) as talk:
        talk.begin()
        confirm(f"Light {light} will be lit.", yes=arguments.yes, idle=talk.idle)
        configure(talk, light, arguments.cap)
        try:
            yield talk
        finally:
            try:
                hold_level(talk, light, 0, 0)
                talk.ask(records.Effect(BENCH_PLAN, 0, 0, 0, 0, 0, 0, 0, 0))
                talk.ask(records.PlanStart(0, light, 0, bytes(4), 0, 0))
                say(f"light {light} is dark")
            except (LostError, NoAnswerError):
                say(f"light {light} was not seen to go out: a level ends within {AHEAD_S:g} s, a plan at its end")


def pwm(arguments: argparse.Namespace) -> int:
    """LEVELS, renewed until the end; Ctrl-C ends it at once."""
    level = u16(min(arguments.level, arguments.cap))
    with _lit(arguments) as talk:
        follow(talk, arguments.light, arguments.seconds, lambda _: None,
               renew=lambda: hold_level(talk, arguments.light, level, AHEAD_S))  # fmt: skip
    return 0


def plan(arguments: argparse.Namespace) -> int:
    """PLAN_KNOTS and PLAN_START; what the Pico gives out beside what the plan says for the very instant."""
    most = u16(arguments.cap)
    knots = [(tick, min(level, most)) for tick, level in arguments.knots]
    try:
        packed = packing.pack_knots(knots)
    except ValueError as error:
        raise BenchError(f"{error}: give the knots in the order of their times") from error
    with _lit(arguments) as talk:
        for first, count, part in packing.parts_of(packed):
            talk.ask(records.PlanKnots(BENCH_PLAN, arguments.light, first, count, part))
        origin_ms = _soon_ms(talk)
        crc = packing.knots_crc(packed)
        talk.ask(records.PlanStart(BENCH_PLAN, arguments.light, len(knots), crc, *divmod(origin_ms, 1000)))
        last_ms = knots[-1][0] * plans.TICK_MS

        def expected(uptime_ms: int) -> int | None:
            at_ms = uptime_ms - origin_ms
            if not 0 <= at_ms < last_ms:
                return None
            return plans.level_at(packed, 0, len(knots), at_ms // plans.TICK_MS, bytearray(1), 0)

        worst = follow(talk, arguments.light, START_S + last_ms / 1000 + 1.0, expected)
    if worst is not None:
        say(f"off by {100 * worst / 65_535:.3f} % of full scale at most")
    return 0


def effect(arguments: argparse.Namespace) -> int:
    """EFFECT over a held level; beside it what the shared arithmetic says for the very instant."""
    seed = secrets.randbits(30) if arguments.seed is None else arguments.seed
    if not 0 <= seed < 1 << 30:
        raise BenchError(f"--seed {seed}: give a number from 0 to {(1 << 30) - 1}")
    kind, light = messages.EFFECTS.index(arguments.kind), arguments.light
    base, depth, duration_ms = (
        u16(min(arguments.base, arguments.cap)),
        u16(arguments.depth),
        round(1000 * arguments.seconds),
    )
    with _lit(arguments) as talk:
        start_ms = _soon_ms(talk)
        say(f"{arguments.kind}, seed {seed}")
        talk.ask(
            records.Effect(BENCH_PLAN, kind, 1 << (light - 1), *divmod(start_ms, 1000), duration_ms, depth, 0, seed)
        )

        def expected(uptime_ms: int) -> int | None:
            at_ms = uptime_ms - start_ms
            if not 0 <= at_ms < duration_ms or kind != effects.CLOUD:
                return None  # a stroke lasts milliseconds: the instant of a LIGHTS is not known so well
            return effects.weather(kind, base, seed, at_ms, duration_ms, depth)

        follow(talk, light, arguments.seconds + START_S + 0.5, expected,
               renew=lambda: hold_level(talk, light, base, AHEAD_S))  # fmt: skip
    return 0


def _soon_ms(talk: Talk) -> int:
    """The Pico's uptime a little from now. NoAnswerError if it is not known."""
    now_ms = talk.session.uptime_ms(talk.now())
    if now_ms is None:
        raise NoAnswerError(f"{talk.path}: the Pico's clock was not heard: try again")
    return now_ms + round(1000 * START_S)
