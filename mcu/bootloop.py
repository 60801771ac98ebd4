"""The way out of a board that resets itself over and over: after QUICK resets its REPL is left free for mpremote.

Counted are resets by the watchdog and after an exception, each sooner than the program calls steady(); power and a
reset on purpose begin anew. The count lies beside the note of a reset (board.RESET_NOTE_ADDRESS), which outlives a
reset and not a power cut.
"""

import board
from machine import PWRON_RESET, mem32, reset_cause

QUICK = 5
_NOTE, _COUNT_SHIFT, _COUNT = 0xFFFFFF, 24, 15  # together below 2^30, so that the chip does not box them


def caught():
    """At boot, before anything else of the program is loaded: whether this was one reset too many. Counts it."""
    word = mem32[board.RESET_NOTE_ADDRESS]
    note, n = word & _NOTE, word >> _COUNT_SHIFT & _COUNT
    if reset_cause() == PWRON_RESET or note not in (board.NOTE_NONE, board.NOTE_SOFT):
        n = 0
    else:
        n += 1
    if n >= QUICK:
        mem32[board.RESET_NOTE_ADDRESS] = board.NOTE_BOOT_LOOP
        return True
    mem32[board.RESET_NOTE_ADDRESS] = note | n << _COUNT_SHIFT
    return False


def steady():
    """The program has run long enough: what comes now is no loop."""
    mem32[board.RESET_NOTE_ADDRESS] = mem32[board.RESET_NOTE_ADDRESS] & _NOTE


def seen_note():
    """The note of the last reset."""
    return mem32[board.RESET_NOTE_ADDRESS] & _NOTE


def take_note():
    """The note of the last reset, which is gone then; the count stays."""
    note = seen_note()
    leave_note(board.NOTE_NONE)
    return note


def leave_note(note):
    """Before machine.reset(): say for the next boot that it was on purpose."""
    mem32[board.RESET_NOTE_ADDRESS] = note | (mem32[board.RESET_NOTE_ADDRESS] & ~_NOTE & 0xFFFFFFF)
