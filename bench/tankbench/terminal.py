"""The person at the terminal: what is asked of them, and where tables are shown.

Answers come from standard input, so that a script may give them; a yes to something that moves or switches comes from
a terminal or from --yes, never from a pipe that happens to be there.
"""

import contextlib
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator

from rich.console import Console

from tankbench.errors import NotConfirmedError

Idle = Callable[[], object] | None
PIPE_WIDTH = 160  # nothing is cut off where there is no screen
_typed = ""  # by the person, and not yet read


def console() -> Console:
    """Where tables go. Made when it is used: tests and pipes replace standard output."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


@contextlib.contextmanager
def unbroken() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait until this is done: KeyboardInterrupt at its end.

    So that no table is left half drawn, and no lock of rich's held. For the main thread.
    """
    asked = False

    def note(_number: int, _frame: object) -> None:
        nonlocal asked
        asked = True

    before = [(number, signal.signal(number, note)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
    if asked:
        raise KeyboardInterrupt


def say(text: str = "") -> None:
    """One line, at once."""
    print(text, flush=True)


def confirm(what: str, *, yes: bool, idle: Idle = None) -> None:
    """Go on if a person types yes, or --yes was given. NotConfirmedError otherwise."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise NotConfirmedError(f"{what} Nobody is there to confirm it: run it in a terminal, or give --yes")
    if read(f"{what}\nType yes to go on: ", idle).strip().lower() not in ("yes", "y"):
        raise NotConfirmedError("nothing was done")


def read(prompt: str, idle: Idle = None) -> str:
    """One line of a person's; idle is called again and again meanwhile. NotConfirmedError at the end of the input.

    Not input(): that would keep back lines of a pipe which select no longer sees.
    """
    global _typed
    sys.stdout.write(prompt)
    sys.stdout.flush()
    fd = sys.stdin.fileno()
    while "\n" not in _typed:
        if idle is not None and not select.select([fd], [], [], 0)[0]:
            idle()
            continue
        data = os.read(fd, 4096)
        if not data:
            raise NotConfirmedError("the input ended: nothing more was done")
        _typed += data.decode(errors="replace")
    line, _, _typed = _typed.partition("\n")
    return line


def read_number(prompt: str, *, unit: str, idle: Idle = None) -> float | None:
    """A number, asked for until it is one; None for an empty line."""
    while True:
        text = read(prompt, idle).strip().replace(",", ".").removesuffix(unit).strip()
        if not text:
            return None
        try:
            number = float(text)
        except ValueError:
            say(f"  {text!r} is no number: type one as the meter shows it, in {unit}, or nothing to end")
            continue
        if abs(number) <= 10_000:  # beyond it no scaling goes; and not a number is not below either
            return number
        say(f"  {number:g} {unit} is beyond ±10000: type what the meter shows, in {unit}")
