"""Random numbers alike under both interpreters, in small integers: a linear congruential generator of 30 bits."""


class Chance:
    """As Lehmer's, with the modulus 2^30 and Knuth's rule for the factor (TAOCP 2, 3.2.1.2); its high bits are used."""

    def __init__(self, seed):
        self._state = seed & 0x3FFFFFFF

    def below(self, n):
        """0 to n − 1, for n up to 2^15."""
        self._state = (self._state * 1103515245 + 12345) & 0x3FFFFFFF
        return ((self._state >> 15) * n) >> 15

    def between(self, low, high):
        """low to high, both included, however far apart."""
        span = high - low + 1
        if span <= 32768:
            return low + self.below(span)
        return low + (self.below(32768) << 15 | self.below(32768)) % span
