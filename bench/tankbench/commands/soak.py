"""`tankbench soak`: how good the line is: round trips, losses and damage, both ways, over minutes or days."""

import argparse
import json
from pathlib import Path
from typing import Any

from tankbench.commands.options import add_command, add_seconds, between
from tankbench.errors import FOUND, LostError
from tankbench.statistics import LinkStatistics, histogram, percentile
from tankbench.talk import Talk
from tankbench.terminal import say
from tanklink import records
from tanklink.frames import REASONS
from tanklink.records import Record

BAR_WIDTH = 50
BACK_S = 60.0
TOLD_S = 10.0  # a word about how it goes, so often


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = add_command(subparsers, "soak", soak, "measure the link: round trips, losses, damage; with a histogram")
    add_seconds(parser, 60.0, "how long")
    parser.add_argument(
        "--rate", metavar="HZ", type=between(1, 50, "Hz"), default=20.0,
        help="round trips a second, 1 to 50; default: 20",
    )  # fmt: skip
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there, too")


def soak(arguments: argparse.Namespace) -> int:
    """0 for a clean line, FOUND if anything was lost, damaged or refused. Ctrl-C ends it with its figures."""
    statistics = LinkStatistics()
    with Talk(arguments.port, tap=statistics.frame) as talk:
        talk.begin()
        damaged, cuts = [0] * len(REASONS), 0
        end = talk.now() + arguments.seconds
        try:
            while talk.now() < end:
                try:
                    _ping(talk, statistics, 1 / arguments.rate, end)
                except LostError as error:
                    cuts += 1
                    say(f"{error}; waiting for it to come back")
                    _add(damaged, talk)
                    talk.restore(BACK_S)
        except KeyboardInterrupt:
            say()
        _add(damaged, talk)
    figures = summary(statistics, dict(zip(REASONS[1:], damaged[1:], strict=True)), cuts)
    for text in lines(statistics, figures):
        say(text)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if figures["clean"] else FOUND


def _add(damaged: list[int], talk: Talk) -> None:
    for i, count in enumerate(talk.reader.counts):
        damaged[i] += count


def _ping(talk: Talk, statistics: LinkStatistics, period_s: float, end: float) -> None:
    """One round trip after the other, a period apart, until the end. A word now and then."""
    told = due = talk.now()
    while (now := talk.now()) < end:
        if now < due:
            talk.pump(min(due, end) - now)
            _silence(talk)
            continue
        due = max(due + period_s, now)
        statistics.asked += 1
        box: list[Record | None] = []
        talk.session.command(records.Ping(token=statistics.asked & 0xFFFFFF), box.append, now)
        while not box:
            talk.pump(0.05)
            _silence(talk)
        statistics.unanswered += box[0] is None
        if now - told > TOLD_S:
            told = now
            say(f"{statistics.asked} asked, p99 {percentile(statistics.rtt_ms, 0.99):.2f} ms, {end - now:.0f} s left")


def _silence(talk: Talk) -> None:
    if talk.session.wants_reopen:
        raise LostError(f"{talk.path}: nothing comes any more")


def summary(statistics: LinkStatistics, damaged: dict[str, int], cuts: int) -> dict[str, Any]:
    """All figures; "clean" if nothing was lost, damaged or refused."""
    pico = {k: v for k, v in statistics.since_first("bad_").items() if k not in ("bad_state", "bad_rate")}
    losses = {
        "unanswered": statistics.unanswered, "repeats": statistics.repeats, "status_lost": statistics.status_lost,
        "cuts": cuts, "naks": dict(statistics.naks), "damaged_here": {k: v for k, v in damaged.items() if v},
        "damaged_at_pico": pico, "dropped_by_pico": statistics.since_first("tx_dropped").get("tx_dropped", 0),
    }  # fmt: skip
    rtt = statistics.rtt_ms
    return {
        "asked": statistics.asked, "answered": len(rtt), "rtt_p50_ms": percentile(rtt, 0.5),
        "rtt_p99_ms": percentile(rtt, 0.99), "rtt_max_ms": max(rtt, default=0.0),
        "frames": dict(statistics.received), **losses, "clean": not any(losses.values()),
    }  # fmt: skip


def lines(statistics: LinkStatistics, figures: dict[str, Any]) -> list[str]:
    """For people: the histogram, and below it what went wrong."""
    bars = histogram(statistics.rtt_ms)
    most = max((count for _, count in bars), default=1)
    shown = [f"{label:>12} {count:>7} {'█' * round(BAR_WIDTH * count / most)}" for label, count in bars]
    shown.append(
        f"round trips {figures['answered']} of {figures['asked']}: p50 {figures['rtt_p50_ms']:.2f} ms, "
        f"p99 {figures['rtt_p99_ms']:.2f} ms, most {figures['rtt_max_ms']:.2f} ms"
    )
    shown.append("frames received: " + ", ".join(f"{name} {n}" for name, n in sorted(figures["frames"].items())))
    if figures["clean"]:
        return [*shown, "clean: nothing lost, damaged or refused"]
    names = (
        ("unanswered", "not answered in four tries"), ("repeats", "asked again"), ("status_lost", "STATUS lost"),
        ("cuts", "cuts of the line"), ("naks", "refused"), ("damaged_here", "damaged frames received here"),
        ("damaged_at_pico", "damaged frames received by the Pico"),
        ("dropped_by_pico", "dropped by the Pico, which was not read in time"),
    )  # fmt: skip
    return shown + [f"{text}: {_count(figures[key])}" for key, text in names if figures[key]]


def _count(value: Any) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
