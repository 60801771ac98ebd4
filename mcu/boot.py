"""Runs first after every reset: relay pins low before anything else, then: program, or a REPL free for mpremote?

The watchdog starts in main.py, not here: mpremote's soft reset runs this file and not that one, and a watchdog that has
been started cannot be stopped. Until main.py runs, nothing can close a relay anyway.
"""

import board
from machine import Pin

for _pin in board.RELAY_PINS:
    Pin(_pin, Pin.OUT, value=0)

import bootloop  # noqa: E402  (the pins come first)
import maintenance  # noqa: E402

if bootloop.caught():
    maintenance.active = True
elif not maintenance.consume():
    import micropython

    micropython.kbd_intr(-1)  # 0x03 is a legal byte of the link
