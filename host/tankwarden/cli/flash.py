"""`tankwarden flash`: bring the program of this version to the Pico."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tankwarden import places
from tankwarden.cli.run import add_data_argument
from tankwarden.errors import TankwardenError

if TYPE_CHECKING:
    from tankwarden.flashing.flash import Outcome
    from tankwarden.flashing.plan import Plan, Row

ASIDE_S = 120  # the host comes back by itself after that, should this command die
RENEW_S = 30.0
FREE_S = 10.0  # until a host that stands aside has closed its port


def add_parsers(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "flash", help="bring the program of this version to the Pico", description=__doc__,
        epilog="The running program is stopped for it, with every output off; a host that runs stands aside meanwhile.",
    )  # fmt: skip
    parser.add_argument("--port", metavar="PATH", default="auto", help="the Pico's port; default: the one plugged in")
    parser.add_argument(
        "--dry-run", action="store_true",
        help="only show which files differ (the Pico's program is stopped for some seconds to look)",
    )  # fmt: skip
    add_data_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0: the Pico runs this program. TankwardenError says what is wrong, where and what to do."""
    from tankwarden.flashing.flash import Flasher
    from tankwarden.version import version

    with _port_for_us(arguments) as renew:

        def say(text: str) -> None:
            renew()
            print(text, flush=True)

        def show(plan: "Plan") -> None:
            print("\n".join(table(plan, whole=arguments.dry_run)), flush=True)

        outcome = Flasher(arguments.port, version(), say, show=show).run(arguments.dry_run)
    print(_conclusion(outcome, arguments.dry_run))
    for warning in outcome.warnings:
        print(f"but {warning}")
    return 0


def table(plan: "Plan", whole: bool) -> list[str]:
    """Lines: what would be done with each file; not whole: of the unchanged ones only how many there are."""
    rows = [row for row in plan.rows if whole or row.what != "unchanged"]
    width = max((len(row.name) for row in rows), default=0)
    lines = [f"  {row.what:<9}  {row.name:<{width}}  {row.n_bytes:>7,} B" for row in rows]
    return [*lines, f"  {_counts(plan.rows)}"]


def _counts(rows: "tuple[Row, ...]") -> str:
    counts = {what: sum(row.what == what for row in rows) for what in ("new", "changed", "removed", "unchanged")}
    return ", ".join(f"{n} {what}" for what, n in counts.items() if n) or "no files"


def _conclusion(outcome: "Outcome", dry: bool) -> str:
    firmware = outcome.firmware.hex()
    if outcome.written:
        kept = outcome.plan is not None and outcome.plan.current
        return f"the Pico runs program {firmware}" + ("; the one before it is kept" if kept else "")
    if outcome.plan is None or not outcome.plan.pending:
        return f"the Pico has program {firmware} already: nothing was written"
    return f"a flash would bring program {firmware}: nothing was written" if dry else "nothing was written"


# -- a host that runs -------------------------------------------------------------------------------------------------


@contextmanager
def _port_for_us(arguments: argparse.Namespace) -> "Iterator[Any]":
    """Have a host that holds the port stand aside, through its door; gives a function that renews that.

    PortBusyError, naming the process, if it is held by another program or by a host of another data folder.
    """
    from tankwarden.drivers.pico.ports import PortBusyError, open_port, resolve
    from tankwarden.flashing.holders import who_holds

    path = resolve(arguments.port, setting="set --port")
    try:
        open_port(path).close()
    except PortBusyError as error:
        if not _stands_aside(arguments, path):
            raise PortBusyError(
                f"{path} is in use by {who_holds(path)}: stop it, and run the command again (a running tankwarden "
                "makes room by itself, if --data names its folder)"
            ) from error
    else:
        yield lambda: None
        return
    print("the host that runs stands aside", flush=True)
    renewed = time.monotonic()

    def renew() -> None:
        nonlocal renewed
        if time.monotonic() - renewed > RENEW_S:
            renewed = time.monotonic()
            with suppress(TankwardenError):
                _knock(arguments, ASIDE_S)

    try:
        yield renew
    finally:
        with suppress(TankwardenError):
            _knock(arguments, 0)
            print("the host that runs has its port again", file=sys.stderr, flush=True)


def _stands_aside(arguments: argparse.Namespace, path: str) -> bool:
    """Whether the host behind the door held this port, and gave it up."""
    from tankwarden.drivers.pico.ports import PortBusyError, open_port
    from tankwarden.flows.door import DoorError

    try:
        if not _knock(arguments, ASIDE_S):
            return False
    except DoorError:
        return False
    end = time.monotonic() + FREE_S
    while time.monotonic() < end:
        with suppress(PortBusyError):
            open_port(path).close()
            return True
        time.sleep(0.1)
    with suppress(DoorError):
        _knock(arguments, 0)
    return False


def _knock(arguments: argparse.Namespace, seconds: int) -> bool:
    from tankwarden.flows.door import knock

    request = {"cmd": "stand-aside", "seconds": seconds}
    return bool(knock(places.socket_path(arguments.data.absolute()), request).get("ok"))
