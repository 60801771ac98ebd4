"""A board with all that a pass may have to do at once, for tests and for tools/benchmarks/chip.

Both circuits are closed and their leases renewed, STATUS goes out, eight lights play plans, and a servo moves.
"""

from tanklink import messages, records
from tanklink.records import Ack, Record
from tankwarden.drivers.pico.lights import plan_records
from tankwarden.logic.plans import FULL, Knot, Plan

from .lab.client import MS, S
from .lab.host import Host
from .lab.stand import Stand

KNOTS, KNOT_MS, POWER_CAP_MW = 32, 10_000, 600_000
REST_US, FEED_US = 600, 2400
ROTATE_MS, HOLD_MS, REST_MS = 2500, 1000, 200  # the Pico grants ten movements in an hour
MOVEMENT_NS = (2 * ROTATE_MS + HOLD_MS + REST_MS) * MS


def keep_busy(stand: Stand, ns: int) -> None:
    """For so long, at most a minute. The board is armed, and its lights play (see play())."""
    end = stand.chip.ns + ns
    while stand.chip.ns < end:
        move(stand.host)
        stand.host.live(min(MOVEMENT_NS, end - stand.chip.ns))


def play(host: Host) -> None:
    """All eight lights by plans that are always on their way, from now on."""
    _ask(host, records.ConfigLights(power_cap_mw=POWER_CAP_MW))
    uptime_ms = host.statuses[-1].uptime_s * 1000
    for channel in range(messages.N_LIGHTS):
        light = records.ConfigLight(
            light=channel + 1, cap_u16=FULL, slew_u16_per_s=FULL, fallback_u16=0, full_mw=1000
        )  # fmt: skip
        _ask(host, light)
        knots = tuple(Knot(n * KNOT_MS, (n * 9973 + channel * 4001) % FULL) for n in range(KNOTS))
        for record in plan_records(Plan(knots, 0.0), channel + 1, channel, uptime_ms):
            _ask(host, record)
    host.live(S)  # to the next LIGHTS


def move(host: Host) -> None:
    """The first feeder's servo goes out and back, as in a feeding."""
    _ask(host, records.TestServo(
        feeder=1, rest_us=REST_US, feed_us=FEED_US, rotate_ms=ROTATE_MS, hold_ms=HOLD_MS
    ))  # fmt: skip


def _ask(host: Host, record: Record) -> None:
    reply = host.command(record)
    assert isinstance(reply, Ack), (record, reply)
