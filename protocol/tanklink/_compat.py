"""What CPython lacks of MicroPython's names, so that one source runs under both.

Viper functions are written once: under MicroPython the compiler knows `ptr8` and `int` as machine types, under CPython
the same code indexes the buffers themselves. What that demands of it: machine words wrap at 32 bits on the chip, at 64
on the unix port and never under CPython, so results are masked; a pointer checks no bounds, so callers do.
"""

import sys

MICROPYTHON = sys.implementation.name == "micropython"

if MICROPYTHON:
    import micropython
    from micropython import const

    ptr8 = ptr16 = ptr32 = None  # the viper compiler knows them; these lines are for `from tanklink._compat import`
else:

    class micropython:  # noqa: N801  (the compiler asks for this very name: @micropython.viper)
        """The decorators of MicroPython's module of this name."""

        @staticmethod
        def viper(function):
            return function

        @staticmethod
        def native(function):
            return function

    def const(value):
        return value

    def ptr8(buffer):
        return buffer.encode() if type(buffer) is str else buffer

    def ptr16(buffer):
        return buffer

    def ptr32(buffer):
        return buffer
