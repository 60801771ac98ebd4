"""CPython only: the chip's module `micropython`, which MicroPython on a PC has built in.

Decorators return the function as it is, so that the same code runs, only slower. CPython has no heap to lock.
"""

_heap_locks = 0


def const(value):
    """Tell the compiler that a name never changes."""
    return value


def native(function):
    """Compile to machine code."""
    return function


def viper(function):
    """Compile to machine code with machine integers."""
    return function


def heap_lock():
    """Forbid allocation; returns how often it is locked now."""
    global _heap_locks
    _heap_locks += 1
    return _heap_locks


def heap_unlock():
    """Take back one lock."""
    global _heap_locks
    _heap_locks = max(0, _heap_locks - 1)
    return _heap_locks


def kbd_intr(chr):
    """Which byte on stdin raises KeyboardInterrupt: here none does, ever."""
