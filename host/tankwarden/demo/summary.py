"""What the demo says at its end: the page's figures beside the plant's own ledger."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Summary:
    """page_wh, truth_wh: over the last energy_h hours, 24 if the ledger knows as many. circuits: of the ledger.

    kinds: of the host's events since the start.
    """

    ran_s: float
    plant_s: float
    energy_h: float
    page_wh: float
    truth_wh: float
    circuits: Mapping[str, Mapping[str, Any]]
    kinds: Sequence[str]
    host_restarts: int
    pico_restarts: int
    host_killed: bool = False

    def text(self) -> str:
        """A few lines."""
        closures = [f"circuit {number}: {_closures(circuit)}" for number, circuit in self.circuits.items()]
        events = [f"{kind} {count}" for kind, count in sorted(Counter(self.kinds).items())]
        return (
            f"\nran {self.ran_s:.1f} s ({_hms(self.plant_s)} of the tanks' time); "
            f"host restarted {self.host_restarts} times, Pico {self.pico_restarts} times\n"
            f"energy in the last {self.energy_h:.3g} h: page {self.page_wh / 1000:.3f} kWh, "
            f"plant's ledger {self.truth_wh / 1000:.3f} kWh{self._apart()}\n"
            f"relays closed: {'; '.join(closures) or 'none'}\n"
            f"events: {', '.join(events) or 'none'}"
        )

    def _apart(self) -> str:
        if self.truth_wh <= 0:
            return ""
        killed = " (a killed host loses its unwritten minute)" if self.host_killed else ""
        return f" ({abs(self.page_wh / self.truth_wh - 1) * 100:.2f} % apart){killed}"


def _closures(circuit: Mapping[str, Any]) -> str:
    (first, count), *others = circuit["closures"].items()
    return ", ".join([f"{first} {count} times", *(f"{relay} {times}" for relay, times in others)])


def _hms(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}"
