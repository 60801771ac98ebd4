"""`tankwarden calibrate`: what an installer does with a meter in hand, also for the month that is past.

A running host is asked through its door; without one the command opens the database itself, as its only user.
"""

import argparse
import math
from collections.abc import Mapping
from typing import Any

from tankwarden.cli.desk import Ask, add_place, with_desk
from tankwarden.errors import CommandError


def add_parsers(subparsers: Any) -> None:
    """Add the commands to the command line."""
    calibrate = subparsers.add_parser(
        "calibrate", help="calibrate a channel, also for the past; preview, undo", description=__doc__
    )
    ways = calibrate.add_subparsers(title="ways", metavar="WAY", required=True)
    listing = ways.add_parser("list", help="what holds now, and every calibration there was")
    listing.set_defaults(run=lambda a: with_desk(a, _list))
    for name, what, run in (
        ("preview", "kWh of each day before and after; nothing is stored", _preview),
        ("apply", "add a calibration, and reckon the days it touches anew", _apply),
    ):
        way = ways.add_parser(name, help=what)
        way.add_argument("target", metavar="CHANNEL", help="such as east.voltage or sensor.orp; `list` shows them")
        way.add_argument("points", metavar="MEASURED=ACTUAL", nargs="+", help=_POINTS_HELP)
        way.add_argument("--unit", metavar="UNIT", help="of the actual values of a sensor; default: as it is shown now")
        _add_span(way)
        way.set_defaults(run=lambda a, run=run: with_desk(a, run))
        add_place(way)
    undo = ways.add_parser("undo", help="take a calibration back: what it took the place of holds again")
    undo.add_argument("id", metavar="ID", type=int, help="its number, as `list` shows it")
    undo.set_defaults(run=lambda a: with_desk(a, _undo))
    ph = ways.add_parser("ph", help="judge a pH electrode by 1 to 3 buffers: slope in %% of Nernst's, and its points")
    ph.add_argument("buffers", metavar="PH=MV", nargs="+", help="a buffer's pH, and what it gives there")
    ph.add_argument("--degf", metavar="T", type=float, default=77.0, help="of the buffers; default: %(default)s")
    ph.add_argument("--sensor", metavar="ID", help="store it as a calibration of that sensor, which reads mV")
    ph.add_argument("--preview", action="store_true", help="with --sensor: store nothing yet")
    ph.add_argument("--temperature", metavar="ID", help="the sensor in the same water by which pH is compensated")
    _add_span(ph)
    add_place(ph)
    ph.set_defaults(run=_ph)
    summary = subparsers.add_parser("summary", help="kWh, peak power and temperatures day by day")
    summary.add_argument("--days", metavar="N", type=int, default=30, help="default: %(default)s")
    summary.set_defaults(run=lambda a: with_desk(a, _summary))
    for parser in (listing, undo, summary):
        add_place(parser)


def _add_span(way: argparse.ArgumentParser) -> None:
    when = way.add_mutually_exclusive_group()
    when.add_argument("--days", metavar="N", type=int, help="for the last N days and from now on")
    when.add_argument("--from", dest="begin", metavar="DAY", help="from a day on, as 2026-10-23, or `ever`")
    way.add_argument("--to", metavar="DAY", help="up to the beginning of that day; default: for ever")
    way.add_argument("--note", metavar="TEXT", default="", help="such as the meter that was used")


_POINTS_HELP = "what the page showed and what your meter says, as 241.0=243.5; raw counts as 2410c=243.5"


def _list(ask: Ask, _arguments: argparse.Namespace) -> int:
    answer = ask({"cmd": "calibrations"})
    called: dict[str, list[str]] = {}
    for name, channel in answer["names"].items():
        if name != channel:
            called.setdefault(channel, []).append(name)
    for channel, held in answer["in_force"].items():
        by = f"calibration {held['calibration']}" if held["calibration"] else "the configuration's scale"
        names = f" ({', '.join(called[channel])})" if channel in called else ""
        if not held["calibration"] and not held["points"]:
            print(f"{channel}{names}: as it is read, in {held['unit'] or 'no unit'}")
        else:
            print(f"{channel}{names}: {by}: {_points(held['points'], held['unit'])}")
    for version in answer["calibrations"]:
        state = "undone" if version["undone_ms"] else version["holds"]
        note = f", {version['note']}" if version["note"] else ""
        print(f"  {version['id']} {version['target']} {state}: {_points(version['points'], version['unit'])}{note}")
    return 0


def _preview(ask: Ask, arguments: argparse.Namespace) -> int:
    answer = ask({"cmd": "calibrate-preview", **_version(arguments)})
    _show(answer)
    if answer["days"]:
        print("  day         circuit      before kWh   after kWh      change")
    for row in answer["days"]:
        bound = f"  ± {row['bound_kwh']:.4f}" if row["bound_kwh"] else ""
        print(
            f"  {row['day']}  {row['circuit'] or 'together':12} {row['before_kwh']:10.4f}  {row['after_kwh']:10.4f}"
            f"  {row['change_kwh']:+10.4f}{bound}"
        )
    print(answer["text"])
    return 0


def _apply(ask: Ask, arguments: argparse.Namespace) -> int:
    answer = ask({"cmd": "calibrate", **_version(arguments)})
    _show(answer)
    print(f"{answer['text']}; tankwarden calibrate undo {answer['id']} takes it back")
    return 0


def _undo(ask: Ask, arguments: argparse.Namespace) -> int:
    print(ask({"cmd": "calibrate-undo", "id": arguments.id})["text"])
    return 0


def _summary(ask: Ask, arguments: argparse.Namespace) -> int:
    print("day         circuit            kWh   peak W   min °F   max °F")
    for row in ask({"cmd": "summaries", "days": arguments.days})["summaries"]:
        peak, low, high = (
            f"{row[key]:{width}.1f}" if row[key] is not None else "-".rjust(width)
            for key, width in (("peak_w", 8), ("min_degf", 8), ("max_degf", 8))
        )
        print(f"{row['day']}  {row['circuit'] or 'together':12} {row['kwh']:9.4f} {peak} {low} {high}")
    return 0


def _ph(arguments: argparse.Namespace) -> int:
    """Judged by this process alone; with --sensor by whoever keeps the calibrations."""
    buffers = list(map(_pair, arguments.buffers))
    if arguments.sensor is None:
        from tankwarden.flows.probe_desk import electrode, electrode_json

        made = electrode({"buffers": buffers, "degf": arguments.degf})
        _show_electrode(electrode_json(made), made.points)
        return 0
    request = {"target": arguments.sensor, "note": arguments.note, "buffers": buffers, "degf": arguments.degf}
    if arguments.temperature is not None:
        request["compensated_by"] = arguments.temperature
    command = "calibrate-ph-preview" if arguments.preview else "calibrate-ph"

    def run(ask: Ask, _: argparse.Namespace) -> int:
        answer = ask({"cmd": command, **request, **_span(arguments)})
        _show_electrode(answer["electrode"], answer["points"])
        undo = f"; tankwarden calibrate undo {answer['id']} takes it back" if "id" in answer else ""
        print(f"{answer['text']}{undo}")
        return 0

    return with_desk(arguments, run)


def _show_electrode(made: Mapping[str, Any], points: Any) -> None:
    slopes = " and ".join(f"{percent:.1f} %" for percent in made["slopes_percent"]) or "not known from one buffer"
    print(f"slope {slopes} of Nernst's {made['nernst_mv']:.2f} mV per pH; {made['offset_mv']:+.1f} mV at pH 7")
    print(f"{made['verdict']}: {made['why']}")
    print(f"points: {_points(points, 'pH')}")


def _version(arguments: argparse.Namespace) -> dict[str, Any]:
    request: dict[str, Any] = {"target": arguments.target, "note": arguments.note, "points": [], "shown": []}
    for text in arguments.points:
        counts = text.partition("=")[0].endswith("c")
        request["points" if counts else "shown"].append(_pair(text.replace("c=", "=", 1)))
    if arguments.unit is not None:
        request["unit"] = arguments.unit
    return request | _span(arguments)


def _span(arguments: argparse.Namespace) -> dict[str, Any]:
    told = (("days", arguments.days), ("from", arguments.begin), ("to", arguments.to))
    return {key: value for key, value in told if value is not None}


def _pair(text: str) -> tuple[float, float]:
    measured, _, actual = text.partition("=")
    try:
        pair = float(measured), float(actual)
    except ValueError:
        raise CommandError(f"{text} is no point: write MEASURED=ACTUAL, such as 241.0=243.5") from None
    if not all(map(math.isfinite, pair)):
        raise CommandError(f"{text} is no point: both must be numbers")
    return pair


def _show(answer: Mapping[str, Any]) -> None:
    unit = answer["unit"]
    print(f"{answer['target']} {answer['holds']}: {_points(answer['points'], unit)}")
    for row in answer["residuals"]:
        straight = f", {row['error_straight']:+.3f} from the straight line" if len(answer["residuals"]) > 2 else ""
        print(
            f"  {row['actual']:g} {unit} was shown as {row['before']:.4g} {unit}: {row['error_before']:+.3f}{straight}"
        )
    if answer["pico"] is not None and answer["pico"]["error"] > 0:
        print(f"  the Pico holds it within {answer['pico']['error']:.3g} {unit}")


def _points(points: Any, unit: str) -> str:
    return ", ".join(f"{measured:g} → {actual:g} {unit}" for measured, actual in points)
