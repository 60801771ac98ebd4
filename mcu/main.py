"""The superloop: build the program, do its pass every 5 ms, feed the watchdog; whatever happens, pins low and reset."""

import gc
import sys

import board
import maintenance

# While modules load, collect after every so many bytes: else what lives lies scattered among the loader's garbage.
_STARTING_BYTES = 16384


def run():
    """Never returns on the chip."""
    import micropython
    from identity import leave_note
    from machine import WDT, Pin, reset

    micropython.kbd_intr(-1)  # undone at the start of every file
    watchdog = WDT(timeout=board.WATCHDOG_MS)
    program = None
    try:
        collect_every(_STARTING_BYTES)
        from time import ticks_us

        from program import build

        program = build()
        collect_every(-1)
        while True:
            began_us = ticks_us()
            program.step(began_us)
            watchdog.feed()
            program.wait(began_us)
    except Exception as error:
        if program:
            program.crash()
        keep_traceback(error)
    finally:
        for pin in board.RELAY_PINS:
            Pin(pin, Pin.OUT, value=0)
        leave_note(board.NOTE_SOFT)
        reset()


def collect_every(n_bytes):
    """-1: only when memory runs out."""
    if hasattr(gc, "threshold"):  # CPython has none
        gc.threshold(n_bytes)


def keep_traceback(error):
    """For whoever looks by mpremote: the last crash, in crash.txt."""
    try:
        with open("crash.txt", "w") as file:
            if sys.implementation.name == "micropython":
                sys.print_exception(error, file)
            else:
                import traceback

                traceback.print_exception(error, file=file)
    except OSError:
        pass  # nothing is left that could be done


if not maintenance.active:
    run()
