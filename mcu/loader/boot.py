"""At the root of the Pico's file system: picks the folder, a or b, whose program runs. Changes as seldom as possible.

The file `slot` says which, and how that program stands: "b ok", or "b 3": on trial, three starts left. It is replaced
by a rename, so it is whole at any cut of power, and so is a folder with a manifest that ends in its mark: that is
written last. A program on trial that starts three times and is not kept (mcu/trial.py) makes place for the other one:
"a back", which that one tells the host and turns into "a ok".
"""

import os
import sys

SLOTS = ("a", "b")


def read_slot():
    """(folder, "ok", "back" or the number of starts left)."""
    try:
        with open("/slot") as file:
            slot, state = file.read().split()
    except (OSError, ValueError):
        return SLOTS[0], "ok"
    return (slot, state) if slot in SLOTS else (SLOTS[0], "ok")


def write_slot(slot, state):
    with open("/slot.new", "w") as file:
        file.write(slot + " " + state)
    os.rename("/slot.new", "/slot")


def whole(slot):
    try:
        with open("/" + slot + "/manifest", "rb") as file:
            file.seek(-4, 2)
            return file.read() == b"end\n"
    except OSError:
        return False


def other(slot):
    return SLOTS[slot == SLOTS[0]]


def roll_back():
    """The other folder from now on, if there is a program in it. Whether there is."""
    back = other(read_slot()[0])
    if not whole(back):
        return False
    write_slot(back, "back")
    return True


def pick():
    """The folder to run, or None."""
    slot, state = read_slot()
    if state == "0" or not whole(slot):
        if roll_back():
            return other(slot)
        if not whole(slot):
            return None
    return slot


_slot = pick()
_sound = False  # what main.py asks
if _slot:
    sys.path.insert(0, "/" + _slot)
    try:
        import boot  # noqa: F401  (that folder's own: pins low first)

        _sound = True
    except Exception as error:
        sys.print_exception(error)
