"""A program that was just flashed is on trial: kept once it has shown itself, else the one before comes back.

mcu/loader/boot.py counts its starts in the file `slot`; here is the program's own part. It has shown itself when its
self-test passed and a host that speaks its protocol has shaken hands with it: not before, since one that cannot be
talked to could not be replaced either. The one before then starts with "back" for its state, once, and says so.
"""

import os

_FILE, _NEW = "slot", "slot.new"
_OK, _BACK = " ok", " back"


class Trial:
    """pending: whether this start is one on trial. rolled_back: whether it follows one that failed."""

    def __init__(self):
        state = _read()[1:]
        self.rolled_back = state == _BACK
        self.pending = state not in ("", _OK, _BACK)

    def keep(self):
        """It stays. Takes a tenth of a second and allocates: with every circuit open only."""
        self.pending = self.rolled_back = False
        slot = _read()[:1]
        try:
            with open(_NEW, "w") as file:
                file.write(slot + _OK)
            os.rename(_NEW, _FILE)
        except OSError:
            pass  # it is still on trial at the next start


def _read():
    try:
        with open(_FILE) as file:
            return file.read()
    except OSError:
        return ""  # copied by hand, or simulated: there are no slots
