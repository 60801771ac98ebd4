"""The day before the demo: the plant run without its board under a plain thermostat, as rows for the host's database.

So the page has charts from the first look. The truth of that day is kept, to be compared with what the page
makes of its rows.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from tanklink.messages import BOARD_STATES, CIRCUIT_STATES
from tankwarden.sim.plant import Circuit, Plant
from tankwarden.store.rows import MeasurementRow, pack_states

DAY_MS = 86_400_000
_ROW_MS, _SAMPLE_MS = 20_000, 5_000
_SUN_DEG = 6.0  # about where the night lock-out ends and begins
_ARMED, _OPEN, _CLOSED = BOARD_STATES.index("armed"), CIRCUIT_STATES.index("open"), CIRCUIT_STATES.index("closed")


@dataclass(slots=True)
class Truth:
    """Energy since the beginning of the past, as the plant knows it: rising instants, and all circuits' Wh by then."""

    at_ms: list[float] = field(default_factory=list)
    wh: list[float] = field(default_factory=list)

    def add(self, at_ms: float, wh: float) -> None:
        """A later instant."""
        if not self.at_ms or at_ms > self.at_ms[-1]:
            self.at_ms.append(at_ms)
            self.wh.append(wh)

    def at(self, at_ms: float) -> float:
        """Wh by an instant, interpolated; before the first and after the last that is known, as there."""
        after = bisect_left(self.at_ms, at_ms)
        if after == 0:
            return self.wh[0]
        if after == len(self.at_ms):
            return self.wh[-1]
        share = (at_ms - self.at_ms[after - 1]) / (self.at_ms[after] - self.at_ms[after - 1])
        return self.wh[after - 1] + share * (self.wh[after] - self.wh[after - 1])


class Past:
    """Runs from from_ms to until_ms as its rows are taken; afterwards tank_degf and truth tell how it ended."""

    def __init__(self, from_ms: int, until_ms: int, seed: int) -> None:
        self._until_ms = until_ms
        self._plant = Plant(from_ms, seed=seed)
        self.truth = Truth()

    @property
    def tank_degf(self) -> dict[int, float]:
        """circuit → temperature of its tank, now."""
        return {number: circuit.tank.degf for number, circuit in self._plant.circuits.items()}

    def rows(self) -> Iterator[MeasurementRow]:
        """One for each 20 s."""
        plant = self._plant
        self._note()
        while plant.now_ms + _ROW_MS <= self._until_ms:
            self._regulate()
            yield self._row()
            self._note()
        plant.advance(self._until_ms)

    def _note(self) -> None:
        self.truth.add(self._plant.now_ms, sum(c.energy_wh for c in self._plant.circuits.values()))

    def _regulate(self) -> None:
        daylight = self._plant.sun_elevation_deg() > _SUN_DEG
        for number, circuit in self._plant.circuits.items():
            heat = daylight and _wants_heat(circuit)
            if heat != circuit.contacts[0]:
                for contact in (0, 1):
                    self._plant.set_contact(number, contact, heat)

    def _row(self) -> MeasurementRow:
        plant, samples = self._plant, []
        for _ in range(_ROW_MS // _SAMPLE_MS):
            plant.advance(plant.now_ms + _SAMPLE_MS, _SAMPLE_MS)
            samples.append(plant.counts())
        products = (sum(s[0] * s[2] for s in samples), sum(s[1] * s[3] for s in samples))
        sums = tuple(map(sum, zip(*samples, strict=True)))
        return MeasurementRow(round(plant.now_ms), _ROW_MS, len(samples), sums, products, self._states())

    def _states(self) -> int:
        closed = [circuit.contacts[0] for circuit in self._plant.circuits.values()]
        circuits = [_CLOSED if shut else _OPEN for shut in closed]
        return pack_states(_ARMED, circuits[0], circuits[1], 3 * closed[0] | 12 * closed[1], 3)


def _wants_heat(circuit: Circuit) -> bool:
    spec = circuit.spec
    return circuit.degf < spec.target_degf - (0 if circuit.contacts[0] else spec.hysteresis_degf)
