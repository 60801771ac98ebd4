"""Arming and holding circuits from the bench, as the host does it: configuration, ARM, short leases, release.

Nothing here bypasses the Pico: it judges every pass, refuses what does not fit, and opens what is not renewed.
"""

from collections.abc import Iterator

from tankbench.errors import FOUND, BenchError, LostError, NoAnswerError, RefusedError
from tankbench.setup import Setup
from tankbench.talk import Talk
from tanklink import messages, records
from tankwarden import events
from tankwarden.drivers.pico.session import Phase

TTL_MS = 1000  # of a lease: shorter than the host's, a bench has no reason to outlive its person
RENEW_S = 0.25
ARM_S = 5.0
OPEN_S = 5.0
RESET_S = 8.0  # the Pico wants the cause gone for two seconds
_OPEN = messages.CIRCUIT_STATES.index("open")
Latched = records.Trip | records.Fault


class TrippedError(BenchError):
    """A trip or fault stands."""

    code = FOUND


class NotClosedError(BenchError):
    """A circuit did not close although it was leased."""

    code = FOUND


def event_text(record: events.Journaled, board_id: bytes) -> str:
    """An event of the Pico's for people."""
    at = events.PicoTime(record.boot_id, 0, 0)
    return events.from_pico(record, board_id.hex(), at).text


def trip_text(talk: Talk, trip_id: int, wait_s: float = 1.5) -> str:
    """What stands, in words; its number alone if the Pico's journal has no record of it waiting."""
    record = find_trip(talk, trip_id, wait_s)
    assert talk.session.welcome is not None
    return event_text(record, talk.session.welcome.board_id) if record else f"trip {trip_id}"


def find_trip(talk: Talk, trip_id: int, wait_s: float) -> Latched | None:
    """The record of a trip: of what has arrived, or what arrives within so long."""
    end = talk.now() + wait_s
    while trip_id not in talk.events and talk.now() < end:
        talk.idle()
    record = talk.events.get(trip_id)
    return record if isinstance(record, Latched) else None


def arm(talk: Talk, timeout_s: float = ARM_S) -> None:
    """Until ARMED. TrippedError if something stands, RefusedError if the Pico will not."""
    session = talk.session
    end = talk.now() + timeout_s
    while session.board_state != "armed" or session.phase is not Phase.READY:
        if session.trip_id or session.board_state in ("tripped", "fault"):
            raise TrippedError(standing_text(talk))
        session.permit_arming(talk.now() + 1.0)
        talk.pump(0.05)
        if talk.now() > end:
            why = session.message or "the board stays " + session.board_state
            raise RefusedError(f"{talk.path}: not armed within {timeout_s:g} s: {why}")


def standing_text(talk: Talk) -> str:
    """What stands, and how to go on."""
    trip_id = talk.session.trip_id
    return (
        f"{talk.path}: the board is {talk.session.board_state}: {trip_text(talk, trip_id)}: mend it, then "
        f"tankbench reset-trip {trip_id}"
    )


def hold(talk: Talk, circuit: int, seconds: float, ttl_ms: int = TTL_MS) -> Iterator[records.Status]:
    """Keep a circuit closed for so long by leases; every STATUS meanwhile. TrippedError when it trips."""
    end = talk.now() + seconds
    renew_at = 0.0
    while (now := talk.now()) < end:
        if now >= renew_at:
            talk.session.lease(circuit, now, ttl_ms)
            renew_at = now + RENEW_S
        for record in talk.pump(min(0.05, end - now)):
            if isinstance(record, records.Status):
                if record.trip_id or messages.BOARD_STATES[record.state] in ("tripped", "fault"):
                    raise TrippedError(standing_text(talk))
                yield record


def release(talk: Talk, circuits: tuple[int, ...] = (1, 2)) -> bool:
    """Open and disarm; whether both relays of each were seen open. Says nothing more if the line is gone."""
    try:
        for circuit in circuits:
            talk.session.release(circuit, talk.now())
        if talk.session.board_state == "armed":
            talk.session.permit_arming(talk.now() - 1.0)
            talk.ask(records.Disarm())
        return _seen_open(talk)
    except (LostError, NoAnswerError, RefusedError):
        return False


def _seen_open(talk: Talk) -> bool:
    for record in talk.listen(OPEN_S):
        if isinstance(record, records.Status) and not record.relays and record.circuit_1 == record.circuit_2 == _OPEN:
            return True
    return False


def reset(talk: Talk, trip_id: int) -> None:
    """Reset the standing trip, once its cause has been gone for long enough. RefusedError, saying why not."""
    end = talk.now() + RESET_S
    while True:
        try:
            talk.ask(records.ResetTrip(trip_id=trip_id))
        except RefusedError as error:
            if error.reason not in ("too_soon", "cause_present") or talk.now() > end:
                raise
            for _ in talk.listen(0.3):
                pass
        else:
            return


def describe_setup(setup: Setup, number: int) -> str:
    """The limits that are about to judge a circuit."""
    circuit = setup.circuit(number)
    return (
        f"circuit {number} ({circuit.name}): {circuit.resistance_ohm:g} Ω, trips above {circuit.current_limit_a:g} A, "
        f"{circuit.voltage_limit_v:g} V, {circuit.temperature_limit_degf:g} °F"
    )
