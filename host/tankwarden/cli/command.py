"""`tankwarden reset-trip` and `tankwarden arm`: what a person at this machine may ask of the running host."""

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
    for parser in (reset, arm):
        add_data_argument(parser)


def _ask(arguments: argparse.Namespace, request: Mapping[str, Any]) -> int:
    from tankwarden.flows.door import knock

    answer = knock(places.socket_path(arguments.data.absolute()), request)
    if not answer.get("ok"):
        raise CommandError(str(answer.get("error", "refused")))
    print(answer["text"])
    return 0
