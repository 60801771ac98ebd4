"""The control tick: readings → claims → resolve → holds → leases. The one place from which a lease is renewed.

A tick that hangs or fails renews nothing, and the Pico opens the circuits by itself. Leases go out last, after
everything else of the tick, the page's snapshot among it, has been done.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tankwarden.clock import Clock
from tankwarden.config import Circuit, Config, circuit_channels
from tankwarden.drivers.interfaces import Switch
from tankwarden.flows.claims import ClaimBook
from tankwarden.flows.readings import Change, Probes, Reading
from tankwarden.flows.supervise import Beat
from tankwarden.logic import holds, lockout, thermostat
from tankwarden.logic.claims import Claim, Decision, Output, resolve
from tankwarden.logic.safety import probe_claim, trip_claim

PERIOD_S = 0.2
ARMING_S = 1.0  # how long a tick's word that it lives is good for
OPENED_AFTER_S = 1.0  # held on for so long and still open: it was opened by something else


class Trip(Protocol):
    """What the tick needs of a standing trip."""

    @property
    def text(self) -> str: ...
    @property
    def at_ms(self) -> int: ...


class Arms(Protocol):
    """What the tick needs of the Pico besides its circuits."""

    def permit_arming(self, for_s: float) -> None: ...


@dataclass(frozen=True, slots=True)
class CircuitTick:
    """What was found and decided for one circuit."""

    config: Circuit
    output: str
    decision: Decision
    held: holds.Held
    current: Reading
    voltage: Reading
    temperature: Reading


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick found and decided."""

    now_ms: int
    now_s: float
    circuits: tuple[CircuitTick, ...]
    readings: Mapping[str, Reading]


@dataclass
class _Circuit:
    """What a circuit remembers from tick to tick."""

    config: Circuit
    switch: Switch
    hold: holds.State
    trend: thermostat.State = field(default_factory=thermostat.State)
    on_since_s: float = 0.0


def output_id(circuit_id: str) -> str:
    """The output that a circuit is."""
    return f"circuit.{circuit_id}"


class Control:
    """done(tick): told of every tick before leases go out. changed: told of each change of a probe's quality.

    switched: told of each circuit whose output changed.
    """

    def __init__(
        self, config: Config, clock: Clock, probes: Probes, switches: Mapping[int, Switch], claims: ClaimBook,
        pico: Arms, *, trip: Callable[[], Trip | None], done: Callable[[Tick], None],
        changed: Callable[[Sequence[Change]], None], switched: Callable[[CircuitTick], None],
    ) -> None:  # fmt: skip
        self._config, self._clock, self._probes, self._claims, self._pico = config, clock, probes, claims, pico
        self._trip, self._done, self._changed, self._switched = trip, done, changed, switched
        off = holds.State(False, clock.wall_ms())
        self._circuits = [_Circuit(c, switches[c.circuit], off) for c in config.circuits]
        self._auto_arm = bool(config.circuits) and all(c.auto_arm for c in config.circuits)
        self._finished = False
        self._sun = lockout.Settings(
            config.site.latitude, config.site.longitude, config.site.zone,
            config.lockout.before_sunset_min, config.lockout.after_sunrise_min,
        )  # fmt: skip

    async def run(self, beat: Beat) -> None:
        """Tick for ever."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            self.tick()
            beat()
            due = max(due + PERIOD_S, loop.time())
            await asyncio.sleep(due - loop.time())

    def tick(self) -> Tick:
        """One round. Whatever it raises, no lease was renewed."""
        now_s, now_ms = self._clock.mono(), self._clock.wall_ms()
        changes = self._probes.update(now_s, now_ms)
        claims = [*self._claims.living(now_ms), *self._common_claims(now_ms)]
        before = [circuit.hold.value for circuit in self._circuits]
        circuits = tuple(self._decide(circuit, claims, now_s, now_ms) for circuit in self._circuits)
        tick = Tick(now_ms, now_s, circuits, self._probes.readings)
        self._changed(changes)
        for was, circuit in zip(before, circuits, strict=True):
            if circuit.held.value != was and not self._finished:  # the stop itself is told as such
                self._switched(circuit)
        self._done(tick)
        self._act(circuits)
        return tick

    def finish(self) -> None:
        """The orderly end: every circuit off now, and no lease from here on."""
        self._finished = True
        for circuit in self._circuits:
            circuit.switch.release()

    def all_off(self) -> bool:
        """Whether every circuit is known to be off."""
        return all(circuit.switch.is_off() for circuit in self._circuits)

    def _act(self, circuits: Sequence[CircuitTick]) -> None:
        if self._auto_arm and not self._finished:
            self._pico.permit_arming(ARMING_S)
        for circuit, decided in zip(self._circuits, circuits, strict=True):
            if decided.held.value and not self._finished:
                circuit.switch.hold()
            else:
                circuit.switch.release()

    def _common_claims(self, now_ms: int) -> list[Claim]:
        """Safety's claims that are the same for every circuit."""
        claims: list[Claim | None] = []
        lock = lockout.lockout(self._sun, now_ms) if self._config.lockout.enabled and self._circuits else None
        trip = self._trip()
        for circuit in self._circuits:
            output = output_id(circuit.config.id)
            claims.append(lock.claim(output, now_ms) if lock else None)
            claims.append(trip_claim(output, trip.text, trip.at_ms) if trip else None)
        return [claim for claim in claims if claim is not None]

    def _decide(self, circuit: _Circuit, claims: Sequence[Claim], now_s: float, now_ms: int) -> CircuitTick:
        config, output = circuit.config, output_id(circuit.config.id)
        current, voltage, temperature = (self._probes.readings[c] for c in circuit_channels(config.circuit))
        probe = probe_claim(output, f"{config.name} temperature", temperature.quality, temperature.since_ms)
        own = [self._regulate(circuit, temperature, now_ms).claim(output)] + ([probe] if probe else [])
        decision = resolve([*claims, *own], now_ms, Output(output))
        held = self._hold(circuit, decision, now_s, now_ms)
        return CircuitTick(config, output, decision, held, current, voltage, temperature)

    def _regulate(self, circuit: _Circuit, temperature: Reading, now_ms: int) -> thermostat.Verdict:
        config = circuit.config
        settings = thermostat.Settings(config.target_degf, config.hysteresis_degf, config.samples)
        sample = None
        if temperature.ok and temperature.value is not None and temperature.at_s is not None:
            sample = thermostat.Sample(temperature.at_s, temperature.value)
        circuit.trend, verdict = thermostat.step(settings, circuit.trend, sample, now_ms)
        return verdict

    def _hold(self, circuit: _Circuit, decision: Decision, now_s: float, now_ms: int) -> holds.Held:
        """The decision after the minimum times, and off while the switch could not follow."""
        obstacle = circuit.switch.ready()
        opened = circuit.hold.value and now_s - circuit.on_since_s > OPENED_AFTER_S and circuit.switch.is_off()
        if obstacle is not None or opened:
            circuit.hold = holds.opened(circuit.hold, now_ms)
        if obstacle is not None:
            return holds.Held(False, (f"waits: {obstacle}",) if decision.value else ())
        was_on = circuit.hold.value
        settings = holds.Settings(circuit.config.min_on_s, circuit.config.min_off_s)
        circuit.hold, held = holds.apply(decision, settings, circuit.hold, now_ms)
        if held.value and not was_on:
            circuit.on_since_s = now_s
        return held
