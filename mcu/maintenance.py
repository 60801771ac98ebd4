"""The one-shot flag that leaves the REPL free for mpremote instead of running the program.

MAINTENANCE leaves the flag and resets; boot.py consumes it; main.py then does nothing. Until the next hard reset, which
`mpremote reset` does, neither the watchdog nor a silenced ctrl-C is in mpremote's way.
"""

import os

FLAG = "maintenance"
active = False  # of this boot; main.py asks


def request():
    """Leave the flag. OSError if flash refuses."""
    with open(FLAG, "wb") as file:
        file.write(b"1")


def consume():
    """At boot: whether the flag was there; it is gone now. One that cannot be removed does not count: it would last."""
    global active
    try:
        os.remove(FLAG)
        active = True
    except OSError:
        active = False
    return active
