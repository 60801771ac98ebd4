"""Who this board is and why it started: what WELCOME says and nothing else knows."""

import hashlib
import os

import board

from tanklink.messages import RESET_CAUSES

VERSION = "0.1.0"
POWER_ON, WATCHDOG, SOFT, MAINTENANCE = range(4)  # the order of RESET_CAUSES
_CAUSE_OF_NOTE = {board.NOTE_SOFT: SOFT, board.NOTE_MAINTENANCE: MAINTENANCE}
_CHUNK = 4096
_TANKLINK = "tanklink/"
assert len(RESET_CAUSES) == 4


class Identity:
    """firmware, board_id: 8 bytes; boot_id: 1 to 2^30 − 1; reset_cause: index of RESET_CAUSES.

    boot_loop: whether the board had reset itself so often that the last boot left the REPL free.
    """

    def __init__(self, firmware, board_id, boot_id, reset_cause, version=VERSION, boot_loop=False):
        self.boot_loop = boot_loop
        self.firmware, self.board_id, self.boot_id = firmware, board_id, boot_id
        self.reset_cause, self.version = reset_cause, version


def read():
    """The identity of this chip at this boot. Clears the note that a reset on purpose leaves behind."""
    import machine

    cause, boot_loop = _reset_cause(machine)
    return Identity(fingerprint(program_folder()), machine.unique_id(), random_number(), cause, boot_loop=boot_loop)


def leave_note(note):
    """Before machine.reset(): say for the next boot that it was on purpose."""
    import bootloop

    bootloop.leave_note(note)


def _reset_cause(machine):
    """The chip tells only power from everything else; the note tells a reset on purpose from the watchdog."""
    import bootloop

    note = bootloop.take_note()
    if machine.reset_cause() != machine.WDT_RESET:
        return POWER_ON, False
    return _CAUSE_OF_NOTE.get(note, WATCHDOG), note == board.NOTE_BOOT_LOOP


def random_number():
    """1 to 2^30 − 1, of the chip's own chance."""
    random = os.urandom(4)
    return random[0] | random[1] << 8 | random[2] << 16 | (random[3] & 0x3F) << 24 or 1


def program_folder():
    """Where this file is, and with it the program."""
    head, slash, _ = __file__.replace("\\", "/").rpartition("/")
    return head or slash or "."


def fingerprint(folder):
    """First 8 bytes of the SHA-256 over names and contents of the program's files, tanklink's too, sorted by name.

    The manifest (docs/flashing.md) and the host reckon it alike.
    """
    digest = hashlib.sha256()
    chunk = bytearray(_CHUNK)
    view = memoryview(chunk)
    for name in program_files(folder):
        digest.update(name.encode() + b"\0")
        with open(path_of(folder, name), "rb") as file:
            n = file.readinto(chunk)
            while n:
                digest.update(view[:n])
                n = file.readinto(chunk)
    return digest.digest()[:8]


def program_files(folder):
    """Names of the program's files, sorted; those of tanklink begin with its name.

    One look into the folder: on the chip, asking for a file that is not there costs ten milliseconds.
    """
    found = os.listdir(folder)
    names = [name for name in found if _is_code(name)]
    place = _tanklink(folder, found)
    if place:
        for name in os.listdir(place):
            if _is_code(name):
                names.append(_TANKLINK + name)
    return sorted(names)


def path_of(folder, name):
    """Where the file is."""
    if name.startswith(_TANKLINK):
        return _tanklink(folder, os.listdir(folder)) + "/" + name[len(_TANKLINK) :]
    return folder.rstrip("/") + "/" + name


def _tanklink(folder, found):
    """Below the program on the chip, beside it in a checkout; None where it is linked into the program's files."""
    if _TANKLINK[:-1] in found:
        return folder + "/tanklink"
    if "program.mpy" in found:
        return None
    try:
        os.stat(folder + "/../protocol/tanklink")
    except OSError:
        return None
    return folder + "/../protocol/tanklink"


def _is_code(name):
    """No tuple for endswith: 1.26 takes none."""
    return name.endswith(".py") or name.endswith(".mpy")  # noqa: PIE810
