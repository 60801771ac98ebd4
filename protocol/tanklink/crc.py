"""CRC-32 (IEEE 802.3, as binascii.crc32) without an allocation under MicroPython, where binascii's boxes its result.

The table method with a table for half a byte (Sarwate, "Computation of cyclic redundancy checks via table look-up",
CACM 31(8), 1988): 64 bytes of table instead of 1 KB. On CPython, binascii does the work.
"""

from array import array

from tanklink._compat import MICROPYTHON, micropython, ptr8, ptr32

CRC_SIZE = 4

if MICROPYTHON:
    _TABLE = array(
        "I",
        (
            0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
            0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
        ),
    )  # fmt: skip

    @micropython.viper
    def _walk(buf, start: int, n: int, store: bool) -> bool:
        """Store the CRC of buf[start:start+n] behind it, or say whether it is the one that stands there."""
        p = ptr8(buf)
        table = ptr32(_TABLE)
        crc = -1
        end = start + n
        while start < end:
            crc = crc ^ p[start]
            # The mask makes of an arithmetic shift a logical one, and clears what is above 32 bits on the unix port.
            crc = ((crc >> 4) & 0x0FFFFFFF) ^ table[crc & 15]
            crc = ((crc >> 4) & 0x0FFFFFFF) ^ table[crc & 15]
            start += 1
        crc = crc ^ -1
        same = True
        while end < start + 4:
            if store:
                p[end] = crc & 255
            elif p[end] != crc & 255:
                same = False
            crc = crc >> 8
            end += 1
        return same

    def write_crc(buf, start, n):
        """Store the CRC of buf[start:start+n] in the 4 bytes behind it, little-endian. Allocates nothing."""
        if start < 0 or n < 0 or start + n + 4 > len(buf):
            raise ValueError("no room for the CRC")
        _walk(buf, start, n, True)

    def check_crc(buf, start, n):
        """Whether the 4 bytes behind buf[start:start+n] are its CRC. Allocates nothing."""
        if start < 0 or n < 0 or start + n + 4 > len(buf):
            return False
        return _walk(buf, start, n, False)

else:
    from binascii import crc32 as _crc32

    def write_crc(buf, start, n):
        """Store the CRC of buf[start:start+n] in the 4 bytes behind it, little-endian."""
        end = start + n
        if start < 0 or n < 0 or end + CRC_SIZE > len(buf):
            raise ValueError("no room for the CRC")
        buf[end : end + CRC_SIZE] = _crc32(bytes(buf[start:end])).to_bytes(CRC_SIZE, "little")

    def check_crc(buf, start, n):
        """Whether the 4 bytes behind buf[start:start+n] are its CRC."""
        end = start + n
        if start < 0 or n < 0 or end + CRC_SIZE > len(buf):
            return False
        return buf[end : end + CRC_SIZE] == _crc32(bytes(buf[start:end])).to_bytes(CRC_SIZE, "little")


def crc32(buf, n):
    """The CRC of buf[:n] as an integer. Allocates, and on the chip boxes results from 2^30 on: not for the loop."""
    copy = bytearray(n + CRC_SIZE)
    copy[:n] = buf[:n]
    write_crc(copy, 0, n)
    return copy[n] | copy[n + 1] << 8 | copy[n + 2] << 16 | copy[n + 3] << 24
