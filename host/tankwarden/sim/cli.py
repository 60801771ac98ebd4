"""The commands `tankwarden sim` (the simulated Pico and plant) and `tankwarden sim-fault` (breaks it)."""

import argparse
import contextlib
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tankwarden.sim import faults
from tankwarden.sim.control import ask
from tankwarden.sim.errors import SimError

if TYPE_CHECKING:
    from tankwarden.sim.defaults import CircuitSpec
    from tankwarden.sim.process import Options

SPEED_MAX = 3600.0
_PRIORITY = 12  # before the board's, so that its witness sees it in time


def add_parsers(subparsers: Any) -> None:
    """Add both commands to the command line."""
    sim = subparsers.add_parser("sim", help="run only the simulated Pico board and its plant", description=__doc__)
    sim.add_argument("--tty", metavar="LINK", type=Path, help="symbolic link to the pseudo-terminal")
    sim.add_argument("--trace", metavar="FILE", type=Path, help="append `time_ns name level` for each output edge")
    sim.add_argument("--control", metavar="SOCKET", type=Path, help="unix socket for sim-fault and tests")
    add_world_arguments(sim)
    sim.add_argument("--interpreter", choices=("micropython", "python"), help="default: micropython if there is one")
    sim.add_argument("--flash", metavar="DIR", type=Path, help="the board's flash, kept; default: a fresh one")
    sim.add_argument("--epoch-ms", metavar="MS", type=int, help="plant wall time at the start, UTC ms; default: now")
    sim.add_argument("--tank-degf", metavar="N=DEGF", type=_tank_degf, action="append", default=[],
                     help="temperature of circuit N's tank at the start; may be repeated")  # fmt: skip
    sim.add_argument("--tank-gal", metavar="N=GAL", type=_tank_gal, action="append", default=[],
                     help="volume of circuit N's tank: a small one warms within seconds; may be repeated")  # fmt: skip
    sim.add_argument(
        "--config", metavar="FILE", type=Path, help="take site and elements from this host's configuration"
    )
    sim.set_defaults(run=run_sim)
    fault = subparsers.add_parser("sim-fault", help="break something in the simulated world, or mend it")
    fault.add_argument("--control", metavar="SOCKET", type=Path, help="of the running simulation")
    fault.add_argument("--list", action="store_true", help="list the faults and exit")
    fault.add_argument("faults", metavar="NAME[=VALUE]", nargs="*", help="see --list")
    fault.set_defaults(run=run_fault)


def add_world_arguments(parser: argparse.ArgumentParser) -> None:
    """What sim and demo have in common."""
    parser.add_argument("--speed", metavar="N", type=_speed, default=1.0,
                        help="plant and wall clock run N times as fast; leases and trips do not")  # fmt: skip
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="of weather and noise")


def run_fault(arguments: argparse.Namespace) -> int:
    """tankwarden sim-fault."""
    if arguments.list:
        for row in faults.describe():
            print(f"{row['name'] + row['value']}\n    {row['help']}")
        return 0
    if arguments.control is None or not arguments.faults:
        raise SimError("sim-fault needs --control SOCKET and at least one NAME[=VALUE]; --list shows the names")
    for word in arguments.faults:
        name, _, value = word.partition("=")
        ask(arguments.control, {"cmd": "fault", "name": name, "value": value or None})
        print(f"{word}: done")
    return 0


def run_sim(arguments: argparse.Namespace) -> int:
    """tankwarden sim."""
    from tankwarden.sim.board import run_in_real_time
    from tankwarden.sim.process import Simulation

    with _options(arguments) as options:
        simulation = Simulation(options)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: simulation.stop())
        run_in_real_time(0, _PRIORITY)
        simulation.run(ready=lambda: print(f"ready {options.tty}", flush=True))
    return 0


@contextlib.contextmanager
def _options(arguments: argparse.Namespace) -> "Iterator[Options]":
    """The command line as Options, with what it leaves out in a temporary folder."""
    from tankwarden.sim.process import Options

    with tempfile.TemporaryDirectory(prefix="tankwarden-sim-") as folder:
        flash: Path = arguments.flash or Path(folder, "flash")
        try:
            flash.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SimError(f"--flash {flash}: {error.strerror}: name a folder that can be written") from error
        options = Options(
            tty=(arguments.tty or Path(folder, "tty")).absolute(),
            trace=arguments.trace, control=arguments.control, flash=flash.resolve(), speed=arguments.speed,
            seed=arguments.seed, interpreter=arguments.interpreter, epoch_ms=arguments.epoch_ms,
            tank_degf=dict(arguments.tank_degf),
        )  # fmt: skip
        if arguments.config is not None:
            from tankwarden.sim.from_config import world_of

            site, circuits = world_of(arguments.config)
            options = replace(options, site=site, circuits=circuits)
        yield replace(options, circuits=with_volumes(options.circuits, dict(arguments.tank_gal)))


def with_volumes(circuits: "tuple[CircuitSpec, ...]", gallons: dict[int, float]) -> "tuple[CircuitSpec, ...]":
    """The circuits, with other tanks where a volume is given by the circuit's number."""
    return tuple(
        replace(spec, tank=replace(spec.tank, volume_gal=gallons.get(spec.circuit, spec.tank.volume_gal)))
        for spec in circuits
    )


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = -1
    if not 0.1 <= speed <= SPEED_MAX:
        raise argparse.ArgumentTypeError(f"{text} is not 0.1 to {SPEED_MAX:g}")
    return speed


def _tank_degf(text: str) -> tuple[int, float]:
    return _of_circuit(text, "DEGF", 33, 210, "°F", "1=105")


def _tank_gal(text: str) -> tuple[int, float]:
    return _of_circuit(text, "GAL", 1, 1000, "gallons", "1=5")


def _of_circuit(text: str, what: str, low: float, high: float, unit: str, example: str) -> tuple[int, float]:
    number, _, value = text.partition("=")
    if number not in ("1", "2") or not low <= float(value or "nan") <= high:
        raise argparse.ArgumentTypeError(
            f"{text} is not N={what} with circuit 1 or 2 and {low:g} to {high:g} {unit}, as in {example}"
        )
    return int(number), float(value)
