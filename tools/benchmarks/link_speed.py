"""Encode and decode a 40-byte telemetry frame: tanklink, the bare packages, and pymavlink, in turns."""

from binascii import crc32
from collections.abc import Callable

from cobs import cobs
from common import figure, interleaved_per_s
from msgpack import packb, unpackb
from pymavlink.dialects.v20 import common as mavlink

from tanklink.frames import FrameReader, pack
from tanklink.records import Health

FRAMES = 1000
READ_SIZE = 4096  # as a serial port gives them
# HEALTH of a young board: 20 integers, where RC_CHANNELS has 21.
HEALTH = Health(
    uptime_s=60, uptime_ms_part=50, passes=200, pass_us_mean=80, pass_us_max=120, gap_us_max=90, collect_us_max=100,
    heap_free_bytes=100_000, frames_ok=300, bad_crc=0, bad_cobs=0, bad_length=0, bad_body=0, bad_id=0, bad_range=0,
    bad_state=0, bad_rate=0, tx_dropped=0, leases_over=0, events_dropped=0,
)  # fmt: skip


def tanklink() -> int:
    """Records to bytes, and the bytes, in the pieces that a port gives, back to records; every value checked twice."""
    stream = b"".join([pack(HEALTH, seq) for seq in range(FRAMES)])
    reader = FrameReader()
    return sum(len(reader.feed(stream[at : at + READ_SIZE])) for at in range(0, len(stream), READ_SIZE))


def raw() -> int:
    """The same content through cobs, msgpack and binascii.crc32 alone: no stream, no records, no check but the CRC."""
    values = list(HEALTH)
    done = 0
    for seq in range(FRAMES):
        payload = packb([HEALTH.MESSAGE.id, seq, *values])
        frame = b"\0" + cobs.encode(payload + crc32(payload).to_bytes(4, "little")) + b"\0"
        body = cobs.decode(frame[1:-1])
        if crc32(body[:-4]) == int.from_bytes(body[-4:], "little"):
            done += len(unpackb(body[:-4])) == len(values) + 2
    return done


def pymavlink() -> int:
    """RC_CHANNELS, 42 bytes of payload, as pymavlink's users send and read it."""
    sender, receiver = mavlink.MAVLink(None), mavlink.MAVLink(None)
    done = 0
    for seq in range(FRAMES):
        data = sender.rc_channels_encode(seq, 18, *range(1000, 1018), 200).pack(sender)
        done += len(receiver.parse_buffer(data) or ())
    return done


def measure() -> None:
    sides: dict[str, Callable[[], int]] = {"tanklink": tanklink, "raw": raw, "pymavlink": pymavlink}
    for name, side in sides.items():
        if side() != FRAMES:
            raise RuntimeError(f"{name} lost frames")
    rate = interleaved_per_s(sides)
    figure("link.codec_vs_pymavlink", rate["tanklink"] / rate["pymavlink"], "ratio")
    figure("link.codec_vs_raw", rate["tanklink"] / rate["raw"], "ratio")
    figure("link.codec_frames_per_s", rate["tanklink"], "1/s")
    figure("link.codec_frame_bytes", len(pack(HEALTH, FRAMES // 2)), "bytes")
