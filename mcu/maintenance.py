"""Whether this boot leaves the REPL free for mpremote instead of running the program.

MAINTENANCE resets with a note of its own (board.NOTE_FREE_REPL); boot.py asks for it; main.py then does nothing. Until
the next hard reset, which `mpremote reset` does, neither the watchdog nor a silenced ctrl-C is in mpremote's way. The
note outlives that one reset and nothing else: after a cut of power, whenever it comes, the program runs.
"""

import board
from bootloop import leave_note, seen_note
from machine import WDT_RESET, reset_cause

active = False  # of this boot; main.py asks


def consume():
    """At boot: whether the note was there; the next boot is told as one that follows maintenance."""
    global active
    active = reset_cause() == WDT_RESET and seen_note() == board.NOTE_FREE_REPL
    if active:
        leave_note(board.NOTE_MAINTENANCE)
    return active
