"""`tankwarden foods`: what the feeders hold, what is left of it, and for how many days."""

import argparse
import json
from collections.abc import Mapping
from typing import Any

from tankwarden.cli.feed import ask, table
from tankwarden.cli.run import add_data_argument


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    foods = subparsers.add_parser("foods", help="list, add, change and delete foods", description=__doc__)
    ways = foods.add_mutually_exclusive_group()
    ways.add_argument("--json", action="store_true", help="list them with all that is known")
    ways.add_argument("--add", metavar="FILE", help="add the one in a JSON file; - for standard input")
    ways.add_argument("--change", nargs=2, metavar=("ID", "FILE"), help="put the one in a JSON file in its place")
    ways.add_argument("--delete", metavar="ID", type=int, help="delete one that no feeder holds")
    add_data_argument(foods)
    foods.set_defaults(run=_foods)


def _foods(arguments: argparse.Namespace) -> int:
    if arguments.add is not None:
        request: dict[str, Any] = {"cmd": "food-add", "food": table(arguments.add)}
    elif arguments.change is not None:
        number, file = arguments.change
        request = {"cmd": "food-change", "id": int(number) if number.isdecimal() else number, "food": table(file)}
    elif arguments.delete is not None:
        request = {"cmd": "food-delete", "id": arguments.delete}
    else:
        request = {"cmd": "foods"}
    answer = ask(arguments, request)
    if arguments.json:
        print(json.dumps(answer["foods"], indent=2, ensure_ascii=False))
    elif "foods" in answer:
        lines = [_line(food) for food in answer["foods"]]
        print("\n".join(lines) or "There is no food yet: tankwarden foods --add FILE.json adds one.")
    else:
        print(answer["text"])
    return 0


def _line(food: Mapping[str, Any]) -> str:
    parts = [f"{food[name]:g} % {name}" for name in ("protein", "fat", "fibre") if food[name] is not None]
    if food["left"] is not None:
        doubt = f" (of {food['unknown']} feedings nobody knows)" if food["unknown"] else ""
        parts.append(f"{food['left']:.1f} g left{doubt}")
    if food["days_left"] is not None:
        parts.append(f"{food['days_left']:.0f} days")
    parts.append(f"{food['per_day']:g} g a day by schedule" if food["per_day"] else "in no schedule")
    return f"{food['id']}  {food['name']}: {', '.join(parts)}"
