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
        if len(buffer) < 2:
            return 1
        # The next element's address tells the width of this one: MicroPython says it nowhere else.
        return addressof(memoryview(buffer)[1:]) - addressof(buffer)

    @micropython.viper
    def gather(words, sources, slip: int, values, n: int) -> int:
        """values[i] = 12 bits of the word that sources[i + slip] names, round an end of n; returns the greatest."""
        w = ptr32(words)
        s = ptr8(sources)
        v = ptr16(values)
        greatest = 0
        for i in range(n):
            k = i + slip
            if k >= n:
                k -= n
            counts = w[s[k]] & 0xFFF
            v[i] = counts
            if counts > greatest:
                greatest = counts
        return greatest

    @micropython.viper
    def halfwords(buffer, at: int, first: int, mask: int, values, n_values: int, value: int, n: int):
        p = ptr16(buffer)
        v = ptr16(values)
        while n > 0:
            p[first + at] = v[value]
            at = (at + 1) & mask
            value += 1
            if value == n_values:
                value = 0
            n -= 1

    @micropython.viper
    def _byte(buffer, at: int) -> int:
        return ptr8(buffer)[at]

    @micropython.viper
    def _set_byte(buffer, at: int, value: int):
        ptr8(buffer)[at] = value

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

    def gather(words, sources, slip, values, n):
        for i in range(n):
            values[i] = words[sources[(i + slip) % n]] & 0xFFF
        return max(values[:n])

    def halfwords(buffer, at, first, mask, values, n_values, value, n):
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
        self._ring, self._first, self._mask = None, 0, 0

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
        """n halfwords from `values` in turn, from values[value] on; in a ring of 2^ring_bits bytes, if it is not 0."""
        if not n:
            return
        if ring_bits:
            self.find_ring(address, ring_bits)
            self.fill_ring(address, n, values, n_values, value)
            return
        i = self._find(address, 2 * n)
        halfwords(self._buffers[i], (address - self._starts[i]) >> 1, 0, 0x3FFFFFFF, values, n_values, value, n)

    def find_ring(self, address, ring_bits):
        """The ring that fill_ring() is about from now on."""
        self._mask = (1 << ring_bits) - 1
        base = address & ~self._mask
        i = self._find(base, self._mask + 1)
        self._ring, self._first = self._buffers[i], (base - self._starts[i]) >> 1

    def fill_ring(self, address, n, values, n_values, value):
        """As fill(), into the ring that was found last."""
        room = self._mask + 1 >> 1
        at = (address & self._mask) >> 1
        if n > room:  # what would be overwritten need not be written
            skip = n - room
            at = (at + skip) % room
            value = (value + skip) % n_values
            n = room
        halfwords(self._ring, at, self._first, room - 1, values, n_values, value, n)

    def _find(self, address, size):
        for i in range(len(self._starts)):
            if self._starts[i] <= address and address + size <= self._ends[i]:
                return i
        raise NotImplementedError(
            "DMA at 0x%08x to 0x%08x: beyond every buffer that a channel was given; a ring must be aligned to its size"
            % (address, address + size)
        )
