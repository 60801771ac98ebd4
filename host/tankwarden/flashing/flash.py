"""Flashing from beginning to end: meet the board, stop its program, compare, write beside it, verify, switch, watch.

Whatever happens, the program that ran before runs again: it is not touched until the new one has reported healthy,
the switch is one renamed file, and the board itself goes back if the new program does not stay up (mcu/loader/boot.py).
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tanklink import messages
from tanklink.records import Welcome
from tankwarden.drivers.pico.ports import PortError, open_port, resolve
from tankwarden.flashing import plan as planning
from tankwarden.flashing.board import INSTALL, Board
from tankwarden.flashing.compile import MARCH
from tankwarden.flashing.errors import (
    DigestError,
    FlashError,
    LimitsError,
    LostBoardError,
    NotOursError,
    UnhealthyError,
)
from tankwarden.flashing.plan import Plan
from tankwarden.flashing.program import MANIFEST, Program, build, ceilings_of
from tankwarden.flashing.talk import TRIES_S, ask_for_maintenance, hello

ROLLED_BACK = "back"  # how that program's slot stands until it has told its host
STARTS = 3  # that a program on trial has
SETTING = "set --port"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Timing:
    """Bounds, in seconds. repl_s: from the reset to the prompt; health_s: from the switch to a healthy WELCOME."""

    repl_s: float = 20.0
    health_s: float = 60.0
    button_s: float = 30.0
    step_s: float = 0.5
    enter_s: float = 1.0  # to the prompt of a REPL that is free
    reply_s: float = 20.0  # while a board at its prompt says nothing
    tries_s: tuple[float, ...] = TRIES_S  # for an answer of the program, each time

    @property
    def repl(self) -> tuple[float, float]:
        """What Board wants to know."""
        return self.enter_s, self.reply_s


@dataclass(frozen=True)
class Outcome:
    """What was done. plan: None if the board told by itself that it runs this very program. warnings: for people."""

    firmware: bytes
    plan: Plan | None
    written: bool
    warnings: tuple[str, ...] = ()


class Flasher:
    """One run. port: a path or auto; say: a line about what is going on; show: the table of what differs.

    mcu, protocol: the sources, None = ours; march: the processor it is taken to have, until it can be asked.
    """

    def __init__(
        self, port: str, version: str, say: Say, *, show: Callable[[Plan], object] = bool,
        timing: Timing | None = None, sleep: Callable[[float], None] = time.sleep,
        mcu: Path | None = None, protocol: Path | None = None, march: str = MARCH,
    ) -> None:  # fmt: skip
        self._port, self._version, self._say, self._show = port, version, say, show
        self._timing, self._sleep = timing or Timing(), sleep
        self._mcu, self._protocol, self._march = mcu, protocol, march
        self._before: Welcome | None = None  # the program that answered at the beginning

    def run(self, dry: bool = False) -> Outcome:
        """Flash, or with `dry` only look. FlashError or PortError: the board runs on with the program it had."""
        path = self._path()
        self._say(f"the Pico is at {path}")
        program = build(self._version, self._mcu, self._protocol, self._march)
        if not self._repl_is_free(path):
            self._before = hello(path, self._timing.tries_s)
            if self._before is None:
                raise NotOursError(
                    f"{path}: neither the Tankwarden program nor a MicroPython prompt answers: unplug it and plug it "
                    f"in again; if that does not help, {INSTALL}"
                )
            if self._before.firmware == program.firmware:
                return Outcome(program.firmware, None, written=False)
            self._stop_program(path)
        with self._at_the_prompt() as board:
            program = self._fit(program, board)
            plan = planning.make(program, board.files())
            self._show(plan)
            if dry or not plan.pending:
                return self._left(board, plan, program, dry)
            self._check_limits(board, plan, program)
            self._write(board, plan, program)
            self._switch(board, plan, program)
        return Outcome(program.firmware, plan, written=True, warnings=self._watch(plan, program))

    # -- meeting -----------------------------------------------------------------------------------------------------

    def _path(self) -> str:
        """Where it is now; PortError if it cannot be had."""
        path = resolve(self._port, setting=SETTING)
        open_port(path).close()
        return path

    def _repl_is_free(self, path: str) -> bool:
        try:
            Board(path, *self._timing.repl).close()
        except LostBoardError:
            return False
        return True

    def _stop_program(self, path: str) -> None:
        self._say("stopping its program (every output goes off, and the Pico starts anew without it)")
        ask_for_maintenance(path, self._timing.tries_s, self._sleep)
        end = time.monotonic() + self._timing.repl_s
        while True:
            self._sleep(self._timing.step_s)
            with suppress(PortError, LostBoardError):
                Board(resolve(self._port, setting=SETTING), *self._timing.repl).close()
                return
            if time.monotonic() > end:
                raise LostBoardError(
                    f"{path}: the Pico stopped its program and did not come back with a prompt within "
                    f"{self._timing.repl_s:g} s: unplug it and plug it in again (its program then runs as before), "
                    "and run the command again"
                )

    @contextmanager
    def _at_the_prompt(self) -> Iterator[Board]:
        """The board, whose program is started again if anything is refused."""
        board = Board(resolve(self._port, setting=SETTING), *self._timing.repl)
        try:
            yield board
        except (FlashError, KeyboardInterrupt):
            board.close()
            with suppress(FlashError), Board(board.path, *self._timing.repl) as again:
                self._restart(again)
            raise
        finally:
            board.close()

    def _restart(self, board: Board) -> None:
        current = planning.running(board.files())
        board.reset(f"/{current}" if current else "")

    def _fit(self, program: Program, board: Board) -> Program:
        """The program as this board can load it. NotOursError."""
        firmware = board.firmware()
        compiled = max(program.files.values(), key=lambda data: data[2])  # only machine code has a sub-version
        if compiled[1] != firmware.mpy[0] or compiled[2] & 3 != firmware.mpy[1]:
            raise NotOursError(
                f"{board.path}: its MicroPython {'.'.join(map(str, firmware.version))} loads .mpy files of version "
                f"{firmware.mpy[0]}.{firmware.mpy[1]}, and the compiler here makes {compiled[1]}.{compiled[2] & 3}: "
                f"{INSTALL}"
            )
        march = firmware.march
        return program if march == self._march else build(self._version, self._mcu, self._protocol, march)

    def _left(self, board: Board, plan: Plan, program: Program, dry: bool) -> Outcome:
        """Nothing is to be written: start the program that was stopped."""
        if not dry or plan.current or self._before:
            self._say("starting its program again")
            self._restart(board)
        return Outcome(program.firmware, plan, written=False)

    # -- ceilings ----------------------------------------------------------------------------------------------------

    def _check_limits(self, board: Board, plan: Plan, program: Program) -> None:
        """The ceilings of mcu/limits.py change by a person's hand on the board only."""
        if plan.current is None:
            return  # no program yet, or one that was copied by hand: nothing that could be told to be loosened
        changes = limits_text(ceilings_of(board.read(f"/{plan.current}/{MANIFEST}")), program.limits)
        if not changes:
            return
        self._say(f"the ceilings change: {changes}")
        self._say(f"hold the BOOTSEL button of the Pico down (within {self._timing.button_s:g} s)")
        if not self._button(board, True):
            raise LimitsError(
                f"{board.path}: mcu/limits.py differs from what the Pico has ({changes}), and nobody holds its BOOTSEL "
                "button: run the command again and hold the button when it asks for it, or flash a program with the "
                "same ceilings; nothing was written"
            )
        self._say("let go of the button")
        if not self._button(board, False):
            raise LimitsError(
                f"{board.path}: the BOOTSEL button stays down, and a Pico that starts with it held becomes a USB "
                "drive: let go of it, and run the command again; nothing was written"
            )

    def _button(self, board: Board, down: bool) -> bool:
        end = time.monotonic() + self._timing.button_s
        while board.button() != down:
            if time.monotonic() >= end:
                return False
            self._sleep(min(self._timing.step_s, 0.2))
        return True

    # -- writing -----------------------------------------------------------------------------------------------------

    def _write(self, board: Board, plan: Plan, program: Program) -> None:
        """Fill the other folder. Its manifest goes first and comes last: until then the loader does not take it."""
        folder = f"/{plan.target}"
        if plan.current is not None and plan.on_trial:
            board.replace("/slot", f"{plan.current} ok".encode())  # what stands on trial is what will be overwritten
        board.remove(f"{folder}/{MANIFEST}")
        if plan.current is not None:
            for path in plan.leftovers:
                board.remove(path)
        for name in plan.drop:
            board.remove(f"{folder}/{name}")
        board.mkdir(folder)
        board.mkdir(f"{folder}/tanklink")
        n_bytes = sum(len(program.files[name]) for name in plan.send)
        self._say(
            f"sending {len(plan.send)} files ({n_bytes:,} B), copying {len(plan.copy)} on the board, "
            f"{len(plan.keep)} are there"
        )
        for path, name in plan.copy:
            board.copy(path, f"{folder}/{name}")
        for name in plan.send:
            board.write(f"{folder}/{name}", program.files[name])
        self._verify(board, folder, program)
        board.replace(f"{folder}/{MANIFEST}", program.manifest)

    def _verify(self, board: Board, folder: str, program: Program) -> None:
        """Every file of the folder, by its hash on the board."""
        self._say("verifying")
        found = board.hashes(folder)
        wrong = sorted(name for name in {*found, *program.hashes} if found.get(name) != program.hashes.get(name))
        if wrong:
            raise DigestError(
                f"{board.path}: {', '.join(wrong)} in {folder} read back as something else than what was written: run "
                "the command again, and replace the Pico if it comes to that again (its flash is worn); the program "
                "that it had is untouched"
            )

    def _switch(self, board: Board, plan: Plan, program: Program) -> None:
        for name in plan.loader:
            board.replace(f"/{name}", program.loader[name])
        state = str(STARTS) if plan.current else "ok"
        board.replace("/slot", f"{plan.target} {state}".encode())
        self._say("starting the new program")
        board.reset(f"/{plan.target}")

    # -- watching ----------------------------------------------------------------------------------------------------

    def _watch(self, plan: Plan, program: Program) -> tuple[str, ...]:
        """Wait until the new program says that it is well; else bring the one before back. Warnings for people."""
        welcome = self._await_welcome(lambda _: True)
        if welcome is not None and welcome.firmware == program.firmware:
            state = messages.BOARD_STATES[welcome.state]
            trouble = self._trouble(plan, state, welcome.trip_id)
            if trouble is None:
                stands = state in ("tripped", "fault")
                return (f"the Pico is in {state.upper()} (trip {welcome.trip_id} stands)",) if stands else ()
        elif welcome is not None:
            raise self._unhealthy("it did not start, and the Pico went back by itself", restored=True)
        else:
            trouble = f"it did not answer within {self._timing.health_s:g} s"
        if plan.current is None:
            raise UnhealthyError(
                f"the new program does not report healthy: {trouble}; there is none before it to go back to: "
                "unplug the Pico and plug it in again, and look with tankbench hello",
                restored=False,
            )
        self._go_back(plan, program, trouble)
        raise self._unhealthy(trouble, restored=True)

    def _trouble(self, plan: Plan, state: str, trip_id: int) -> str | None:
        """What the new program's state says against it, as compared with how the board stood before."""
        before = None if self._before is None else messages.BOARD_STATES[self._before.state]
        stood = ("tripped", "fault") if before is None or plan.current is None else (before,)
        if plan.current is None or state not in ("tripped", "fault") or before == "fault":
            return None
        if state == "tripped" and "tripped" in stood:
            return None
        return f"its self-test fails, or it stopped at its start (it is in {state.upper()}, trip {trip_id})"

    def _await_welcome(self, good: Callable[[Welcome], bool]) -> Welcome | None:
        end = time.monotonic() + self._timing.health_s
        while time.monotonic() < end:
            self._sleep(self._timing.step_s)
            with suppress(PortError, LostBoardError):
                welcome = hello(resolve(self._port, setting=SETTING), self._timing.tries_s[:2])
                if welcome is not None and good(welcome):
                    return welcome
        return None

    def _go_back(self, plan: Plan, program: Program, trouble: str) -> None:
        """Point the loader to the folder of before, and see that its program runs. UnhealthyError if that fails."""
        self._say(f"the new program does not report healthy: {trouble}; going back")
        try:
            path = resolve(self._port, setting=SETTING)
            if not self._repl_is_free(path):
                self._stop_program(path)
            with Board(resolve(self._port, setting=SETTING), *self._timing.repl) as board:
                board.replace("/slot", f"{plan.current} {ROLLED_BACK}".encode())
                board.reset(f"/{plan.current}")
        except (FlashError, PortError) as error:
            raise UnhealthyError(
                f"the new program does not report healthy ({trouble}), and cannot be stopped from here ({error}): "
                f"unplug the Pico and plug it in again up to {STARTS} times, ten seconds apart: it goes back to the "
                "program before by itself",
                restored=False,
            ) from error
        if self._await_welcome(lambda welcome: welcome.firmware != program.firmware) is None:
            raise self._unhealthy(f"{trouble}, and the one before does not answer either", restored=False)

    def _unhealthy(self, trouble: str, *, restored: bool) -> UnhealthyError:
        now = "the one before runs again" if restored else "unplug the Pico and plug it in again"
        return UnhealthyError(
            f"the new program does not report healthy: {trouble}: {now}; why it stopped may stand in crash.txt on the "
            "Pico (docs/flashing.md)",
            restored=restored,
        )


def limits_text(had: Mapping[str, str], wanted: Mapping[str, str]) -> str:
    """How the ceilings differ, for people; empty if they do not."""
    names = [name for name in sorted({*had, *wanted}) if had.get(name) != wanted.get(name)]
    return ", ".join(f"{name} {had.get(name, 'none')} → {wanted.get(name, 'none')}" for name in names)
