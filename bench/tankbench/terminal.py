"""The person at the terminal: what is asked of them, and where tables are shown.

Answers come from standard input, so that a script may give them; a yes to something that moves or switches comes from
a terminal or from --yes, never from a pipe that happens to be there.
"""

import sys

from rich.console import Console

from tankbench.errors import NotConfirmedError

PIPE_WIDTH = 160  # nothing is cut off where there is no screen


def console() -> Console:
    """Where tables go. Made when it is used: tests and pipes replace standard output."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)


def say(text: str = "") -> None:
    """One line, at once."""
    print(text, flush=True)


def confirm(what: str, *, yes: bool) -> None:
    """Go on if a person types yes, or --yes was given. NotConfirmedError otherwise."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise NotConfirmedError(f"{what}: nobody is there to confirm it: run it in a terminal, or give --yes")
    if read(f"{what}\nType yes to go on: ").strip().lower() not in ("yes", "y"):
        raise NotConfirmedError("nothing was done")


def read(prompt: str) -> str:
    """One line of a person's. NotConfirmedError at the end of the input."""
    try:
        return input(prompt)
    except EOFError:
        raise NotConfirmedError("the input ended: nothing more was done") from None


def read_number(prompt: str, *, unit: str) -> float | None:
    """A number, asked for until it is one; None for an empty line."""
    while True:
        text = read(prompt).strip().replace(",", ".").removesuffix(unit).strip()
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
