"""A disk in memory that can lose power at any byte, or refuse: what the journal is written to in scenarios."""


class PowerCut(BaseException):
    """The disk lost power in the middle of a write."""


def loses_power(function, *arguments):
    """Call it; whether it lost power on the way."""
    try:
        function(*arguments)
    except PowerCut:
        return True
    return False


class Disk:
    """Files in memory. budget: bytes that can still be written before the power fails; None = for ever.

    fails: from now on every write, or opening for one, raises OSError as worn flash does.
    """

    def __init__(self, files=None):
        self.files = {name: bytearray(data) for name, data in (files or {}).items()}
        self.budget = None
        self.fails = False
        self.written = 0

    def open(self, name, mode):
        if mode == "rb":
            if name not in self.files:
                raise OSError(2)
            return File(self, self.files[name])
        if self.fails:
            raise OSError(5)
        if mode == "wb" or name not in self.files:
            self.spend(1)  # beginning a file may be the last thing that happens
            self.files[name] = bytearray()
        return File(self, self.files[name])

    def spend(self, n):
        """How many of n bytes still reach the disk; PowerCut comes with the first that does not."""
        if self.budget is not None:
            if self.budget < n:
                n, self.budget = self.budget, 0
                self.written += n
                return n
            self.budget -= n
        self.written += n
        return n


class File:
    def __init__(self, disk, data):
        self._disk, self._data, self._at = disk, data, 0

    def readinto(self, buf):
        n = min(len(buf), len(self._data) - self._at)
        for i in range(n):
            buf[i] = self._data[self._at + i]
        self._at += n
        return n

    def write(self, buf):
        if self._disk.fails:
            raise OSError(5)
        n = self._disk.spend(len(buf))
        if n == len(buf):
            self._data.extend(buf)
            return n
        self._data.extend(bytes(buf)[:n])
        raise PowerCut

    def flush(self):
        """What was written is there."""

    def close(self):
        """Nothing is held back."""
