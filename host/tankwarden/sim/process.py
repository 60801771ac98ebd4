"""The simulation's process: board, cable, plant, faults and control socket in one thread and one loop.

The loop wakes for bytes at once and for the plant every few milliseconds. Each tick first reads what the board has
written, then lets the true pins and the plant follow up to a moment ago, then gives the board fresh inputs.
"""

import contextlib
import gc
import os
import selectors
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tankwarden.clock import SimulatedClock
from tankwarden.sim import defaults, faults
from tankwarden.sim.board import Board, chip_id
from tankwarden.sim.cable import Cable
from tankwarden.sim.chipclock import ChipClock, Starvation, monotonic_us
from tankwarden.sim.contacts import Contacts
from tankwarden.sim.control import ControlServer
from tankwarden.sim.errors import SimError
from tankwarden.sim.hopper import Hopper
from tankwarden.sim.lamps import PlainPins
from tankwarden.sim.outputs import Outputs
from tankwarden.sim.page import Page
from tankwarden.sim.plant import Circuit, Plant
from tankwarden.sim.timers import Timers
from tankwarden.sim.trace import Trace
from tankwarden.sim.wire import simwire

TICK_US = 4_000
# Pins and plant follow this far behind, so that a record stamped before an instant has arrived when the instant is
# settled. Shorter than the relays' travel: a contact never moves in a past that the plant has already lived through.
BEHIND_US = 3_000
REENUMERATE_US = 300_000  # from a reset to the terminal's return
BOOT_TIMEOUT_US = 10_000_000
GLITCH_US = 50_000  # long enough to be seen by a pass of the loop, over before the board can have restarted
_CHIP_FAULTS = {
    "adc-slip": simwire.FAULT_ADC_SLIP, "adc-stop": simwire.FAULT_ADC_STOP, "clock-off": simwire.FAULT_ADC_SLOW,
    "comparator-dead": simwire.FAULT_COMPARATOR, "memory-stuck": simwire.FAULT_MEMORY,
    "flash-dead": simwire.FAULT_FLASH, "program-damaged": simwire.FAULT_PROGRAM,
}  # fmt: skip
_GLITCHES = {
    "bus-error": simwire.FAULT_EXCEPTION, "bus-stall": simwire.FAULT_BUS_STALL, "bit-flip": simwire.FAULT_BIT_FLIP,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. epoch_ms: plant wall time at the start, None = now."""

    tty: Path
    trace: Path | None
    control: Path | None
    flash: Path
    speed: float = 1.0
    seed: int = 0
    interpreter: str | None = None
    epoch_ms: int | None = None
    tank_degf: Mapping[int, float] = field(default_factory=dict)
    site: defaults.Site = field(default_factory=defaults.Site)
    circuits: tuple[defaults.CircuitSpec, ...] = defaults.CIRCUITS
    script: Path | None = None  # instead of the real program, for tests of the simulation itself


class Simulation:
    """Built, then `run` until `stop`. Is the World that faults act upon."""

    def __init__(self, options: Options) -> None:
        self._selector = selectors.DefaultSelector()
        self._stop = contextlib.ExitStack()
        self.page = Page(chip_id(options.flash))
        self._stop.callback(self.page.close)
        try:
            self._build(options)
        except SimError:
            self._stop.close()
            raise

    def _build(self, options: Options) -> None:
        self.chip_clock = ChipClock(self.page)
        self._starvation = Starvation()
        mono_ns = time.monotonic_ns()
        epoch_ms = time.time_ns() // 1_000_000 if options.epoch_ms is None else options.epoch_ms
        self._mono_ns, self._clock = mono_ns, SimulatedClock(epoch_ms, mono_ns / 1e9, options.speed)
        self.plant = Plant(
            epoch_ms, seed=options.seed, site=options.site, circuits=options.circuits, start_degf=options.tank_degf
        )
        self.board = Board(self.page, options.flash, options.interpreter, options.script)
        self.cable = Cable(options.tty, self._selector, options.seed)
        self._stop.callback(self.cable.unplug)
        self._trace = Trace(options.trace, self.chip_clock.monotonic_us)
        self._stop.callback(self._trace.close)
        self._contacts = Contacts(len(simwire.RELAY_GPIOS))
        self._outputs = Outputs(self._trace, self._contacts)
        self._plain_pins = PlainPins(self._trace)
        self._stop.callback(self._shut_down)
        self._timers = Timers()
        self._chip_faults = 0  # what the page's FAULTS word holds
        self._running, self._powered, self._ready = True, False, False
        if options.control is not None:
            self._stop.callback(ControlServer(options.control, self._selector, self._commands()).close)

    # -- the loop ----------------------------------------------------------------------------------------------

    def run(self, ready: Callable[[], None]) -> None:
        """Until `stop` or a quit command. `ready` is called once the board's program runs its loop."""
        gc.freeze()
        try:
            self._power_on("power_on")
            started_us = self.now_us()
            next_us = monotonic_us()
            while self._running:
                for key, _ in self._selector.select(max(0, next_us - monotonic_us()) / 1e6):
                    key.data(self.now_us())
                if monotonic_us() < next_us:
                    continue
                self._tick()
                next_us = max(next_us + TICK_US, monotonic_us())
                if not self._ready and self._has_booted(started_us):
                    self._ready = True
                    ready()
        finally:
            self._stop.close()

    def stop(self) -> None:
        """End the loop; may be called from a signal handler."""
        self._running = False

    def now_us(self) -> int:
        """The chip's time."""
        return self.chip_clock.now_us()

    def _tick(self) -> None:
        at_us = self.chip_clock.tick(self._board_starves())
        self._read_board()
        self._watch_board(at_us)
        self._outputs.settle(at_us - BEHIND_US)
        self._move_plant(at_us - BEHIND_US)
        self._write_page()
        self.cable.tick(at_us)
        self._timers.run(at_us)

    def _has_booted(self, started_us: int) -> bool:
        if self.board.fed_us >= started_us:
            return True
        if not self.board.alive and self._powered:
            raise SimError(
                f"the board's program ended at its start (code {self.board.exit_code}): see its output above"
            )
        if self.now_us() - started_us > BOOT_TIMEOUT_US:
            raise SimError("the board's program has not started its watchdog within 10 s: see its output above")
        return False

    # -- the board ---------------------------------------------------------------------------------------------

    def _power_on(self, cause: str) -> None:
        self._timers.cancel("power")
        self._write_page()
        self.board.start(cause)
        self._powered = True
        if self.board.link is not None:
            self.cable.plug(self.board.link)

    def _restart_after(self, cause: str, delay_us: int, at_us: int) -> None:
        """The chip is down from at_us on: pins float, the terminal vanishes; the program starts again later."""
        self._read_board()
        self.cable.unplug()
        self._pins_fall(at_us)
        self.board.discard()
        self._timers.cancel("cpu")
        self._powered = False
        self._timers.set(self.now_us() + delay_us, "power", lambda: self._power_on(cause))

    def _read_board(self) -> None:
        for at_us, kind, a, b in self.board.read_records():
            if kind == simwire.RESET:
                self._pins_fall(at_us)
            elif kind != simwire.WDT:
                self._outputs.record(at_us, kind, a, b)
                self._plain_pins.record(at_us, kind, a, b)

    def _pins_fall(self, at_us: int) -> None:
        self._outputs.reset(at_us)
        self._plain_pins.reset(at_us)

    def _watch_board(self, at_us: int) -> None:
        if not self._powered:
            return
        if self.board.watchdog_bites(at_us):
            self._restart_after("watchdog", REENUMERATE_US, self._kill_board())
        elif not self.board.alive:
            # What it wrote between the reading above and its end. One that ended without a reset leaves its
            # permits and its watchdog to run out, as a program that fell back to the prompt would.
            self._read_board()
            if self.board.asked_reset:
                self._restart_after("soft", REENUMERATE_US, at_us)

    def _board_starves(self) -> bool:
        """Whether the board's process waits for a processor; looked at only when nothing is heard of it."""
        if self.board.heard or self.board.stopped or self.board.wdt_us is None:
            self.board.heard = False
            self._starvation.forget()
            return False
        return self._starvation.seen(self.board.pid)

    def _kill_board(self) -> int:
        """The chip is dead from this instant on."""
        at_us = self.now_us()
        self.board.kill()
        return at_us

    def _shut_down(self) -> None:
        at_us = self._kill_board()
        self._read_board()
        self._pins_fall(at_us)
        self.board.discard()

    # -- the plant ---------------------------------------------------------------------------------------------

    def _plant_ms(self, mono_us: int) -> float:
        return self._clock.epoch_wall_ms + (mono_us - self._mono_ns / 1000) / 1000 * self._clock.speed

    def _move_plant(self, until_us: int) -> None:
        for at_us, relay, closed in self._contacts.due(until_us):
            self.plant.advance(self._plant_ms(self.chip_clock.monotonic_us(at_us)))
            self.plant.set_contact(relay // 2 + 1, relay % 2, closed)
        self.plant.advance(self._plant_ms(self.chip_clock.monotonic_us(until_us)))

    def _write_page(self) -> None:
        counts = self.plant.counts()
        self._sense(counts)
        self.page.write(simwire.W_COUNTS, counts)
        self.page.write(simwire.W_LEVELS, [self._outputs.whole])
        self.page.write(simwire.W_STUCK, [self._outputs.stuck])
        self.page.write(simwire.W_TRUTH, [self._outputs.truth])
        self.page.write(simwire.W_PULLS, [self._outputs.pulls])
        self.page.write(simwire.W_DROPS, self._plain_pins.drops(self.now_us()))

    def _sense(self, counts: Sequence[int]) -> None:
        """The comparator sees what the board's converter reads, whatever the board's processor is doing."""
        if self._chip_faults & simwire.FAULT_COMPARATOR:
            return
        stopped = self._chip_faults & simwire.FAULT_ADC_STOP
        others = self.page.read(simwire.W_ADC_REFERENCE, 2)
        self._outputs.sense(self.now_us(), () if stopped else (*counts[:2], others[0], 0, others[1]))

    # -- World: what faults do ---------------------------------------------------------------------------------

    def circuit(self, number: int) -> Circuit:
        """Of the plant; a fault acts on it at plant time now."""
        return self.plant.circuits[number]

    def hopper(self, feeder: int) -> Hopper:
        """Of a feeder; its servo is where it is now."""
        return list(self._plain_pins.hoppers.values())[feeder - 1]

    def set_loop(self, circuit: int, whole: bool) -> None:
        """Cut or mend a fault line, now."""
        self._read_board()
        self._outputs.set_loop(self.now_us(), circuit, whole)
        self._write_page()

    def set_line_short(self, circuit: int, short: bool) -> None:
        """Short a fault line to 3.3 V or end that, now."""
        self._read_board()
        self._outputs.set_line_short(self.now_us(), circuit, short)
        self._write_page()

    def set_relay_stuck(self, relay: int, stuck: bool) -> None:
        """Have a relay's pin touch the coils' supply or end that, now."""
        self._read_board()
        self._outputs.set_relay_stuck(self.now_us(), relay, stuck)
        self._write_page()

    def set_chip_fault(self, name: str, there: bool) -> None:
        """Something inside the chip goes wrong, or works again, now."""
        self._write_page()  # the last sample before it is of now, not of the last tick
        self._set_faults(_CHIP_FAULTS[name], there)

    def glitch(self, name: str) -> None:
        """Something goes wrong once, at the board's next transfer on its SPI bus."""
        bit = _GLITCHES[name]
        self._set_faults(bit, True)
        self._timers.set(self.now_us() + GLITCH_US, name, lambda: self._set_faults(bit, False))

    def _set_faults(self, bit: int, there: bool) -> None:
        self._chip_faults = self._chip_faults | bit if there else self._chip_faults & ~bit
        self.page.write(simwire.W_FAULTS, [self._chip_faults])
        self._write_page()

    def hang_cpu(self, ms: float | None) -> None:
        """The board's processor stops, until its watchdog, `ms` or resume_cpu."""
        if not self.board.alive:
            raise SimError("the board is off or resetting: nothing to hang")
        self.board.hang()
        self._timers.cancel("cpu")
        if ms is not None:
            self._timers.set(self.now_us() + round(ms * 1000), "cpu", self.resume_cpu)

    def resume_cpu(self) -> None:
        """It goes on, if it had stopped."""
        self._timers.cancel("cpu")
        if self.board.stopped:
            self.board.resume()

    def cut_power(self, seconds: float) -> None:
        """Everything on the board falls now and stays off for so long."""
        at_us = self._kill_board()
        self._restart_after("power_on", round(seconds * 1e6), at_us)
        self.page.forget_scratch()

    def restore_power(self) -> None:
        """Power comes back now, if it was cut; a board that is resetting starts now."""
        self._timers.hurry("power")

    def cut_line(self, seconds: float | None) -> None:
        """No byte passes, until mend_line or for so long."""
        self.cable.cut = True
        self._timers.cancel("line")
        if seconds is not None:
            self._timers.set(self.now_us() + round(seconds * 1e6), "line", self.mend_line)

    def mend_line(self) -> None:
        """Bytes pass again."""
        self._timers.cancel("line")
        self.cable.cut = False

    # -- the control socket ------------------------------------------------------------------------------------

    def _commands(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        return {
            "fault": self._on_fault, "list": lambda _: {"faults": faults.describe()}, "quit": self._on_quit,
            "clock": lambda _: self._clock_now(), "stalls": lambda _: {"spans_ns": self.chip_clock.stalls_ns()},
            "ledger": lambda _: self._ledger(), "state": lambda _: self._state(),
        }  # fmt: skip

    def _on_fault(self, request: dict[str, Any]) -> dict[str, Any]:
        at_ns = time.monotonic_ns()
        faults.apply(self, request.get("name"), request.get("value"))
        self._read_board()
        self._write_page()  # what needs no processor, the comparator, acts at this instant
        return {"mono_ns": at_ns}

    def _on_quit(self, _: dict[str, Any]) -> dict[str, Any]:
        self.stop()
        return {}

    def _clock_now(self) -> dict[str, Any]:
        mono_ns = time.monotonic_ns()
        return {
            "epoch_wall_ms": self._clock.epoch_wall_ms, "epoch_mono_ns": self._mono_ns, "speed": self._clock.speed,
            "mono_ns": mono_ns, "plant_ms": round(self._plant_ms(mono_ns // 1000)),
        }  # fmt: skip

    def _ledger(self) -> dict[str, Any]:
        told = {"mono_ns": time.monotonic_ns(), "board_starts": self.board.starts}
        return {**self.plant.ledger(), **self._plain_pins.ledger(self.now_us()), **told}

    def _cpu(self) -> str:
        if not self._powered:
            return "off"
        if not self.board.alive:
            return "ended"
        return "hung" if self.board.stopped else "running"

    def _state(self) -> dict[str, Any]:
        board = self.board
        return {
            "pid": os.getpid(), "ready": self._ready,
            "board": {"pid": board.pid, "cpu": self._cpu(), "cause": board.cause, "starts": board.starts},
            "interpreter": board.interpreter,
            "relays": self._outputs.levels, "edges": self._trace.edges,
            "cable": {"cut": self.cable.cut, "noise_permille": self.cable.noise_permille, **self.cable.counts},
            **self._plain_pins.state(self.now_us()), **self._ledger(),
        }  # fmt: skip
