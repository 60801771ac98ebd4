"""What goes wrong in memory and in files, where no register of the chip shows it: the page's FAULTS, acted out.

A bit of the memory sticks while the self-test's pattern stands in it; a bit of a held configuration falls over; the
program's files read otherwise than they were written. Installed before the program runs, which is not changed by it.
"""

import builtins
import gc

import simboard
import simwire

_LOADING_BYTES = 16384  # as mcu/main.py: collect so often while modules load
_STICKS_AT = 1234  # byte of what is tested
_FLIPPED_FIELD, _FLIPPED_BIT = 3, 64  # of CONFIG_CIRCUIT: current_limit_ma, by 64 mA


def install(program_folder):
    """Once the board has power. Loads what it must reach into; a program that cannot be loaded is left to say so."""
    if hasattr(gc, "threshold"):  # CPython has none
        gc.threshold(_LOADING_BYTES)
    _damage_files(program_folder)
    try:
        import selftest

        from tanklink.config import Config
    except Exception:
        return
    selftest.stand = stick
    simboard.board().flip_a_bit = Flips(Config).flip


def stick(ram):
    """Two neighbours of the memory that is tested keep a bit: one of them differs from the pattern."""
    backend = simboard.board().backend
    backend.refresh()
    if backend.words[simwire.W_FAULTS] & simwire.FAULT_MEMORY:
        ram[_STICKS_AT] |= 8
        ram[_STICKS_AT + 1] |= 8


class Flips:
    """Knows every configuration that is made from now on."""

    def __init__(self, config_class):
        self._held = held = []
        made = config_class.__init__

        def make(config):
            made(config)
            held.append(config)

        config_class.__init__ = make

    def flip(self):
        """In each that is held; only the one in use is looked at."""
        for config in self._held:
            config.circuits[1][_FLIPPED_FIELD] ^= _FLIPPED_BIT


def _damage_files(folder):
    real_open = builtins.open

    def open_file(path, mode="r", *args, **kwargs):
        file = real_open(path, mode, *args, **kwargs)
        if mode == "rb" and type(path) is str and path.startswith(folder) and _damaged():
            return Damaged(file)
        return file

    builtins.open = open_file


def _damaged():
    backend = simboard.board().backend
    backend.refresh()
    return backend.words[simwire.W_FAULTS] & simwire.FAULT_PROGRAM


class Damaged:
    """A file whose bytes have changed, as far as the program reads one: into a buffer, then closed."""

    def __init__(self, file):
        self._file = file
        self.close = file.close

    def readinto(self, buf):
        n = self._file.readinto(buf)
        if n:
            buf[0] ^= 1
        return n

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
