"""What a person at this machine may ask of the running host: `tankwarden reset-trip`, `arm`, `light` and `weather`."""

import argparse
from collections.abc import Mapping
from typing import Any

from tankwarden import places
from tankwarden.cli.run import add_data_argument
from tankwarden.errors import CommandError


def add_parsers(subparsers: Any) -> None:
    """Add the commands to the command line."""
    reset = subparsers.add_parser("reset-trip", help="reset the standing trip or fault, naming it")
    reset.add_argument("id", metavar="ID", type=int, help="its number, as the page shows it")
    reset.set_defaults(run=lambda a: _ask(a, {"cmd": "reset-trip", "id": a.id}))
    arm = subparsers.add_parser("arm", help="let a clean, disarmed Pico be armed (where auto_arm is off)")
    arm.set_defaults(run=lambda a: _ask(a, {"cmd": "arm"}))
    light = subparsers.add_parser("light", help="set a light by hand for a while, or let it go on by itself")
    light.add_argument("id", metavar="ID", help="as in the configuration")
    light.add_argument("level", metavar="PERCENT", help="0 to 100, or auto: no longer by hand")
    light.add_argument("--minutes", metavar="N", type=int, default=60, help="how long; default: %(default)s")
    light.set_defaults(run=lambda a: _ask(a, _light(a)))
    weather = subparsers.add_parser("weather", help="clouds, a storm or lightning over the lights, or a clear sky")
    weather.add_argument("kind", choices=("cloud", "storm", "lightning", "clear"))
    weather.add_argument("--seconds", metavar="N", type=int, default=180, help="how long; default: %(default)s")
    weather.add_argument(
        "--depth", metavar="PERCENT", type=float, default=80.0, help="how strong; default: %(default)s"
    )
    weather.set_defaults(run=lambda a: _ask(a, _weather(a)))
    for parser in (reset, arm, light, weather):
        add_data_argument(parser)


def _light(arguments: argparse.Namespace) -> dict[str, Any]:
    output = f"light.{arguments.id}"
    if arguments.level == "auto":
        return {"cmd": "claim-end", "output": output}
    try:
        level = float(arguments.level)
    except ValueError:
        raise CommandError(f"{arguments.level} is no level: give 0 to 100, or auto") from None
    return {"cmd": "claim", "output": output, "value": level, "seconds": 60 * arguments.minutes}


def _weather(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.kind == "clear":
        return {"cmd": "weather-end"}
    return {
        "cmd": "weather", "kind": arguments.kind, "seconds": arguments.seconds, "depth_percent": arguments.depth,
    }  # fmt: skip


def _ask(arguments: argparse.Namespace, request: Mapping[str, Any]) -> int:
    from tankwarden.flows.door import knock

    answer = knock(places.socket_path(arguments.data.absolute()), request)
    if not answer.get("ok"):
        raise CommandError(str(answer.get("error", "refused")))
    print(answer["text"])
    return 0
