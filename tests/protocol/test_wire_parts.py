"""CRC and COBS, the parts that run on the chip, against the packages that run on the host; and their own limits."""

import binascii

import pytest
from cobs import cobs as package
from hypothesis import given, settings
from hypothesis import strategies as st

from tanklink import cobs, crc

bodies = st.one_of(st.binary(max_size=253), st.binary(max_size=253).map(lambda data: bytes(b & 1 for b in data)))


@given(body=bodies)
@settings(deadline=None)
def test_cobs_is_the_package_s(body: bytes) -> None:
    buf = bytearray(b"\xaa" + body)
    cobs.encode(buf, 0, len(buf))
    assert bytes(buf) == package.encode(body)
    assert cobs.decode(buf, len(buf))
    assert bytes(buf[1:]) == body


@given(code=st.binary(min_size=1, max_size=253))
@settings(deadline=None)
def test_cobs_decodes_what_the_package_decodes_and_nothing_else(code: bytes) -> None:
    buf = bytearray(code)
    try:
        expected = package.decode(code)
    except package.DecodeError:
        assert not cobs.decode(buf, len(buf))
    else:
        assert cobs.decode(buf, len(buf))
        assert bytes(buf[1:]) == expected


@given(data=st.binary(max_size=300), start=st.integers(0, 20))
@settings(deadline=None)
def test_crc_is_binascii_s(data: bytes, start: int) -> None:
    expected = binascii.crc32(data)
    buf = bytearray(start) + data + bytearray(6)
    crc.write_crc(buf, start, len(data))
    assert buf[start + len(data) :] == expected.to_bytes(4, "little") + bytes(2)
    assert crc.check_crc(buf, start, len(data))
    assert crc.crc32(data, len(data)) == expected
    buf[start + len(data)] ^= 1
    assert not crc.check_crc(buf, start, len(data))


@pytest.mark.parametrize(("start", "n"), [(0, 7), (4, 3), (-1, 3), (0, -1), (11, 0)])
def test_crc_stays_within_its_buffer(start: int, n: int) -> None:
    buf = bytearray(10)
    with pytest.raises(ValueError, match="no room for the CRC"):
        crc.write_crc(buf, start, n)
    assert buf == bytearray(10)
    assert not crc.check_crc(buf, start, n)
