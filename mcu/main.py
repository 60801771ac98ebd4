"""The superloop: build the program, do its pass every 5 ms, feed the watchdog; whatever happens, pins low and reset."""

import gc
import sys

import board
import maintenance
import micropython
from machine import Pin

# While modules load, collect after every so many bytes: else what lives lies scattered among the loader's garbage; more
# often costs time, since each new piece is then looked for from the very beginning of memory.
_STARTING_BYTES = 131072
_CTRL_C = 3


def run():
    """Returns only if the program cannot even start: a half-copied one must leave the REPL free to mend it."""
    micropython.kbd_intr(-1)  # undone at the start of every file
    try:
        collect_every(_STARTING_BYTES)
        from build import build

        program = build()
        collect_every(-1)
    except Exception as error:
        pins_low()
        keep_traceback(error)
        micropython.kbd_intr(_CTRL_C)
        return
    loop(program)


def loop(program):
    """Never returns. The watchdog begins here: loading an uncompiled program may take longer than it would wait."""
    from time import ticks_us

    from identity import leave_note
    from machine import WDT, reset

    watchdog = WDT(timeout=board.WATCHDOG_MS)
    try:
        while True:
            began_us = ticks_us()
            program.step(began_us)
            watchdog.feed()
            program.wait(began_us)
    except Exception as error:
        program.crash()
        keep_traceback(error)
    finally:
        pins_low()
        leave_note(board.NOTE_SOFT)
        reset()


def pins_low():
    """Take the relay pins from PIO: a reset with a live permit would freeze them high."""
    for pin in board.RELAY_PINS:
        Pin(pin, Pin.OUT, value=0)


def collect_every(n_bytes):
    """-1: only when memory runs out."""
    if hasattr(gc, "threshold"):  # CPython has none
        gc.threshold(n_bytes)


def keep_traceback(error):
    """For whoever looks by mpremote: the last crash, in crash.txt."""
    try:
        with open("crash.txt", "w") as file:
            sys.print_exception(error, file)
    except OSError:
        pass  # nothing is left that could be done


if not maintenance.active:
    run()
