"""Builds the program out of the parts of this chip; program.py itself is given them, by tests others."""

import sys
from time import sleep_us, ticks_us

import blackbox
import board
import flashpages
import identity
import journal
import machine
import rp2
from firstfacts import FirstFacts
from interlock import Interlock
from port import UsbPort
from program import Program
from sampler import Sampler


def build():
    """The program on this chip."""

    def reset(note):
        identity.leave_note(note)
        machine.reset()

    who = identity.read()
    interlock = Interlock(board)
    files = flashpages.Files()
    blocks = flashpages.find(rp2.Flash(), files, journal.NAMES + blackbox.NAMES)
    n = len(journal.NAMES)
    events = journal.Journal(who.boot_id, blocks[:n], FirstFacts(), files)
    sys.modules.pop("journal_reading", None)  # what only a boot needs, three kilobytes
    black_box = blackbox.BlackBox(blocks[n:], who.boot_id)
    return Program(
        who,
        interlock,
        Sampler(),
        UsbPort(),
        events,
        black_box,
        ticks_us,
        sleep_us,
        reset,
        folder=identity.program_folder(),
        lamps=[machine.PWM(pin, board.LIGHT_HZ, duty_u16=0) for pin in board.LIGHT_PINS],
    )
