"""The test stand: a chip with its program, the demo's house at its converters, and the host at its port."""

from types import TracebackType
from typing import Self

from tanklink.messages import CHANNELS
from tanklink.records import Ack, ResetTrip
from tankwarden.sim import defaults

from .client import MS, RELAY_PINS, Chip, Edge, Flow, S
from .host import Host
from .images import Image

NEWS_NS = 300 * MS  # after which the host knows how the board stands
RESET_QUIET_NS = 2_100 * MS  # after the cause of a trip is gone
IDLE_V, LOADED_V, LOADED_A = 340.0, 272.0, 8.5
TANK_DEGF, REEF_DEGF = 105.0, 78.0
HALF_SUPPLY = (2, 2048)  # input and counts of GP28, a divider that proves where in the round the samples are
N_CURRENTS = 2  # the first channels, on the chip's own converter; the rest are on the MCP3208, in their order


class Stand:
    """Power is on from the beginning."""

    def __init__(self, image: Image) -> None:
        self.chip = Chip(image)
        self.host = Host(self.chip)
        for circuit in (1, 2):
            self.chip.circuit(circuit, flow(0.0, IDLE_V), flow(LOADED_A, LOADED_V))
        for index, channel in enumerate(CHANNELS[N_CURRENTS:]):
            if not channel.startswith("voltage"):
                self.chip.mcp3208(index, steady_counts(channel))
        self.chip.analog(*HALF_SUPPLY)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.chip.close()

    # -- the usual course --------------------------------------------------------------------------------------------

    def arm(self, limit_ns: int = 6 * S) -> Self:
        """From power-on, or from a reset, to ARMED."""
        self.host.connect()
        self.host.live_until(self.host.armed, "armed board", limit_ns)
        return self

    def heat(self, *circuits: int) -> Self:
        """Both relays of these circuits are closed."""
        self.host.heats = set(circuits)
        self.host.live_until(lambda: self.closed(*circuits), f"closed circuits {circuits}", 3 * S)
        self.host.live(100 * MS)
        return self

    def recover(self, *circuits: int) -> Self:
        """Back to closed circuits, whatever was done to it: a trip is reset, a host that died comes back."""
        self.host.heats = set()
        for circuit in (1, 2):
            self.chip.loop(circuit, True)
        if not self.host.connected:
            self.host.connect()
        self.host.live(NEWS_NS)
        self.host.live_until(lambda: self.host.driver.view().phase == "ready", "session", 4 * S)
        trip_id = self.host.driver.view().trip_id
        if trip_id:
            self.host.live(RESET_QUIET_NS)
            reply = self.host.command(ResetTrip(trip_id=trip_id))
            assert isinstance(reply, Ack), reply
        self.host.live_until(self.host.armed, "armed board", 4 * S)
        return self.heat(*circuits)

    def closed(self, *circuits: int) -> bool:
        """Whether all their relay pins are high."""
        relays = self.chip.relays()
        return all(relays[2 * c - 2] and relays[2 * c - 1] for c in circuits)

    def opened(self, since_ns: int, limit_ns: int) -> list[Edge]:
        """Let the chip run, without the host, until every relay is low; the edges to low since then."""
        self.chip.run_until(lambda: not any(self.chip.relays()), "open relays", limit_ns)
        return self.chip.falls(since_ns, RELAY_PINS)


def flow(amperes: float, volts: float) -> Flow:
    """A circuit's current and voltage as its sensors give them."""
    current = defaults.CURRENT_ZERO_COUNTS + round(amperes * defaults.CURRENT_COUNTS_PER_A)
    return Flow(current, round(volts * defaults.ADC_MAX / defaults.VOLTAGE_SPAN_V))


def steady_counts(channel: str) -> int:
    """Of a temperature or the reference."""
    if channel == "reference":
        return round(defaults.REFERENCE_V / defaults.ADC_SUPPLY_V * defaults.ADC_MAX)
    return round(defaults.ntc_counts(REEF_DEGF if channel.startswith("reef") else TANK_DEGF))
