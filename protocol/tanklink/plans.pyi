from tanklink.packing import knots_crc as knots_crc
from tanklink.packing import lights_crc as lights_crc
from tanklink.packing import pack_knots as pack_knots
from tanklink.packing import parts_of as parts_of

TICK_MS: int
TICKS_PER_S: int
MAX_PLAN_S: int
MAX_TICKS: int

def level_at(knots: bytes | bytearray, first: int, n: int, tick: int, cursors: bytearray, light: int) -> int: ...
def last_tick(knots: bytes | bytearray, first: int, n: int) -> int: ...
