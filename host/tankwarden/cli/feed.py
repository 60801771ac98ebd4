"""`tankwarden feed` and `tankwarden feeders`: what a person at this machine may ask of the running host's feeders."""

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from tankwarden import places
from tankwarden.cli.run import add_data_argument
from tankwarden.errors import CommandError


def add_parsers(subparsers: Any) -> None:
    """Add the commands to the command line."""
    feed = subparsers.add_parser("feed", help="feed now, once", description="Feed now, once.")
    feed.add_argument("feeder", metavar="FEEDER", help="its number or its name")
    feed.add_argument("--portion", metavar="GRAMS", type=float, help="default: the feeder's own portion")
    feed.add_argument("--test", action="store_true", help="only move its servo there and back: that is no feeding")
    add_data_argument(feed)
    feed.set_defaults(run=_feed)
    feeders = subparsers.add_parser("feeders", help="list, add, change and delete feeders", description=__doc__)
    ways = feeders.add_mutually_exclusive_group()
    ways.add_argument("--json", action="store_true", help="list them as they can be added and changed")
    ways.add_argument("--add", metavar="FILE", help="add the one in a JSON file; - for standard input")
    ways.add_argument("--change", nargs=2, metavar=("ID", "FILE"), help="put the one in a JSON file in its place")
    ways.add_argument("--delete", metavar="ID", type=int, help="delete one; its history stays")
    add_data_argument(feeders)
    feeders.set_defaults(run=_feeders)


def _feed(arguments: argparse.Namespace) -> int:
    if arguments.test and arguments.portion is not None:
        raise CommandError("a test movement has no portion: leave --portion or --test out")
    request: dict[str, Any] = {"cmd": "feeder-test" if arguments.test else "feed", "feeder": arguments.feeder}
    if arguments.portion is not None:
        request["portion"] = arguments.portion
    print(ask(arguments, request)["text"])
    return 0


def _feeders(arguments: argparse.Namespace) -> int:
    if arguments.add is not None:
        request: dict[str, Any] = {"cmd": "feeder-add", "feeder": table(arguments.add)}
    elif arguments.change is not None:
        request = {"cmd": "feeder-change", "id": _number(arguments.change[0]), "feeder": table(arguments.change[1])}
    elif arguments.delete is not None:
        request = {"cmd": "feeder-delete", "id": arguments.delete}
    else:
        request = {"cmd": "feeders"}
    answer = ask(arguments, request)
    if arguments.json:
        print(json.dumps(answer["feeders"], indent=2, ensure_ascii=False))
    elif "feeders" in answer:
        lines = [_line(feeder) for feeder in answer["feeders"]]
        print("\n".join(lines) or "There is no feeder yet: tankwarden feeders --add FILE.json adds one.")
    else:
        print(answer["text"])
    return 0


def _line(feeder: Mapping[str, Any]) -> str:
    times = ", ".join(entry["time"] for entry in feeder["schedule"] if entry["enabled"]) or "no schedule"
    off = "" if feeder["enabled"] else ", disabled"
    return f"{feeder['id']}  {feeder['name']}: servo {feeder['servo']}, {times}{off}"


def ask(arguments: argparse.Namespace, request: Mapping[str, Any]) -> dict[str, Any]:
    """Of the running host; CommandError if it refuses."""
    from tankwarden.flows.door import knock

    answer = knock(places.socket_path(arguments.data.absolute()), request)
    if not answer.get("ok"):
        raise CommandError(str(answer.get("error", "refused")))
    return answer


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise CommandError(f"{text!r} is no number of a feeder: tankwarden feeders lists them") from error


def table(name: str) -> Any:
    """What a JSON file holds; - is standard input. CommandError if it is none."""
    try:
        if name == "-":
            return json.load(sys.stdin)
        with open(name, encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise CommandError(f"{name} cannot be read ({error.strerror}): give the path of a JSON file") from error
    except ValueError as error:
        raise CommandError(
            f"{name} is no JSON ({error}): tankwarden feeders --json shows how one is written"
        ) from error
