from collections.abc import Sequence

from tanklink.schema import Message

MAX_BODY: int
MAX_CODE: int
MAX_FRAME: int
MIN_BODY: int
MAX_SEQ: int
REASONS: tuple[str, ...]
OK: int
BAD_CRC: int
BAD_COBS: int
BAD_LENGTH: int
BAD_BODY: int
BAD_ID: int
BAD_RANGE: int

def encode_into(message: Message, seq: int, values: Sequence[object], out: bytearray) -> int: ...

class ByteReader:
    message: Message | None
    seq: int
    values: Sequence[int | bool | str | bytearray]
    counts: list[int]
    def __init__(self, sender: str = ...) -> None: ...
    def push(self, byte: int) -> bool: ...
