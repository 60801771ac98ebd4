"""The memory that DMA sees: each buffer that was given to a channel, at an address that looks like the chip's.

Under MicroPython filling a ring is a viper function, under CPython it is done in slices.
"""

import sys

SRAM = 0x20000000
_WINDOW = 0x0FFFFFFF  # of a true address this much is kept, so that alignment is as in truth

if sys.implementation.name == "micropython":
    import micropython
    from uctypes import addressof

    def writable(buffer):
        """The buffer itself. TypeError if it cannot be written or is none."""
        if isinstance(buffer, (bytes, str)):
            raise TypeError("can't convert %s to int" % type(buffer).__name__)
        addressof(buffer)
        return buffer

    def length_of(buffer):
        """In bytes."""
        return len(buffer) * _width(buffer)

    def _width(buffer):
        for i in range(min(2, len(buffer) - 1)):
            # The next element's address tells the width of this one: MicroPython says it nowhere else.
            return addressof(memoryview(buffer)[i + 1 :]) - addressof(memoryview(buffer)[i:])
        return 1

    @micropython.viper
    def _halfwords(buffer, at: int, first: int, mask: int, values, n_values: int, value: int, n: int):
        p = ptr16(buffer)  # noqa: F821  (the compiler's own)
        v = ptr16(values)  # noqa: F821
        while n > 0:
            p[first + at] = v[value]
            at = (at + 1) & mask
            value += 1
            if value == n_values:
                value = 0
            n -= 1

    @micropython.viper
    def _byte(buffer, at: int) -> int:
        return ptr8(buffer)[at]  # noqa: F821

    @micropython.viper
    def _set_byte(buffer, at: int, value: int):
        ptr8(buffer)[at] = value  # noqa: F821

else:
    import ctypes

    def addressof(buffer):
        return ctypes.addressof(ctypes.c_char.from_buffer(buffer))

    def writable(buffer):
        view = memoryview(buffer) if not isinstance(buffer, (bytes, str)) else None
        if view is None or view.readonly:
            raise TypeError("can't convert %s to int" % type(buffer).__name__)
        return view.cast("B")

    def length_of(buffer):
        return memoryview(buffer).nbytes

    def _halfwords(buffer, at, first, mask, values, n_values, value, n):
        words = buffer.cast("H")
        turn = values[value:n_values] + values[:value]
        samples = memoryview(turn * (n // n_values + 1))[:n]
        done = min(n, mask + 1 - at)
        words[first + at : first + at + done] = samples[:done]
        words[first : first + n - done] = samples[done:]

    def _byte(buffer, at):
        return buffer[at]

    def _set_byte(buffer, at, value):
        buffer[at] = value


class Memory:
    """Buffers by address. Nothing but place() allocates under MicroPython."""

    def __init__(self):
        self._starts = []
        self._ends = []
        self._buffers = []

    def place(self, buffer, to_write):
        """The address of a buffer, from now on."""
        if to_write or not isinstance(buffer, (bytes, str)):
            buffer = writable(buffer)
        elif isinstance(buffer, str):
            buffer = bytearray(buffer.encode())  # DMA only reads it: a copy does
        else:
            buffer = bytearray(buffer)
        start = SRAM | addressof(buffer) & _WINDOW
        end = start + length_of(buffer)
        for i in range(len(self._starts)):
            if self._starts[i] <= start and end <= self._ends[i]:
                return start  # a part of one that is known
        i = 0
        while i < len(self._starts):
            if self._starts[i] < end and start < self._ends[i]:  # its memory was another's
                for rows in (self._starts, self._ends, self._buffers):
                    rows.pop(i)
            else:
                i += 1
        self._starts.append(start)
        self._ends.append(end)
        self._buffers.append(buffer)
        return start

    def load(self, address, size):
        """A value of 1, 2 or 4 bytes."""
        i = self._find(address, size)
        value = 0
        for k in range(size):
            value |= _byte(self._buffers[i], address - self._starts[i] + k) << 8 * k
        return value

    def store(self, address, size, value):
        """Likewise."""
        i = self._find(address, size)
        for k in range(size):
            _set_byte(self._buffers[i], address - self._starts[i] + k, value >> 8 * k & 255)

    def fill(self, address, n, ring_bits, values, n_values, value):
        """n halfwords from `values` in turn, from values[value] on; in a ring of 2^ring_bits bytes, if that is not 0."""
        if not n:
            return
        size = 1 << ring_bits if ring_bits else 2 * n
        base = address & ~(size - 1) if ring_bits else address
        i = self._find(base, size)
        room = size >> 1
        at = (address - base) >> 1
        if n > room:  # what would be overwritten need not be written
            skip = n - room
            at = (at + skip) % room
            value = (value + skip) % n_values
            n = room
        mask = room - 1 if ring_bits else 0x3FFFFFFF
        _halfwords(self._buffers[i], at, (base - self._starts[i]) >> 1, mask, values, n_values, value, n)

    def _find(self, address, size):
        for i in range(len(self._starts)):
            if self._starts[i] <= address and address + size <= self._ends[i]:
                return i
        raise NotImplementedError(
            "DMA at 0x%08x to 0x%08x: beyond every buffer that a channel was given; a ring must be aligned to its size"
            % (address, address + size)
        )
