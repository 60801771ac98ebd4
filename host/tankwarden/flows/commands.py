"""What people ask of the running host: one table of commands, each of which says plainly what it refused and why."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from tanklink import records
from tanklink.records import Record
from tankwarden.clock import Clock
from tankwarden.drivers.pico.advice import nak_text
from tankwarden.drivers.pico.driver import PicoView
from tankwarden.drivers.pico.session import nak_reason
from tankwarden.errors import CommandError
from tankwarden.flows.claims import ClaimBook
from tankwarden.flows.supervise import Log
from tankwarden.flows.weather import Weather
from tankwarden.logic.claims import Claim, Priority, Value, describe
from tankwarden.logic.weather import KINDS, MAX_S

ARMING_S = 5.0  # a person's word to arm is good for so long
MAX_CLAIM_S = 24 * 3600
MAX_ASIDE_S = 600  # whoever wants the port longer asks again
READING = (  # change nothing: not logged
    "calibrations", "calibrate-preview", "calibrate-ph-preview", "calibrate-progress", "summaries", "foods",
)  # fmt: skip
Request = Mapping[str, Any]
Answer = dict[str, Any]


class Obeys(Protocol):
    """What is needed of the Pico."""

    def view(self) -> PicoView: ...
    def permit_arming(self, for_s: float) -> None: ...
    def stand_aside(self, for_s: float) -> None: ...
    async def command(self, record: Record) -> Record | None: ...


class Commands:
    """`handle` runs on the engine's loop. outputs: the ids that may be claimed, on or off; dimmable: in percent.

    further: commands of other parts, name → handler, whose answer has a text.
    """

    def __init__(
        self, pico: Obeys, claims: ClaimBook, outputs: tuple[str, ...], clock: Clock, log: Log,
        dimmable: tuple[str, ...], weather: Weather, further: Mapping[str, Callable[[Request], Awaitable[Answer]]],
    ) -> None:  # fmt: skip
        self._pico, self._claims, self._clock, self._log = pico, claims, clock, log
        self._outputs, self._dimmable, self._weather = outputs + dimmable, dimmable, weather
        self._table: dict[str, Callable[[Request], Awaitable[Answer]]] = {
            "reset-trip": self._reset_trip,
            "arm": self._arm,
            "claim": self._claim,
            "claim-end": self._claim_end,
            "stand-aside": self._stand_aside,
            "weather": self._begin_weather,
            "weather-end": self._end_weather,
            **further,
        }

    async def handle(self, request: Request) -> Answer:
        """Do what {"cmd": NAME, …} says. CommandError, and nothing was changed, if it cannot be done."""
        name = request.get("cmd")
        if name not in self._table:
            raise CommandError(f"there is no command {name!r}: it is one of {', '.join(self._table)}")
        answer = await self._table[name](request)
        if name not in READING:
            self._log("info", "command", f"{name}: {answer['text']}")
        return answer

    async def _reset_trip(self, request: Request) -> Answer:
        trip_id = _integer(request, "id")
        view = self._connected()
        if view.trip_id != trip_id:
            stands = f"trip {view.trip_id} stands" if view.trip_id else "no trip stands"
            raise CommandError(f"{trip_id} is not the standing trip: {stands}")
        await self._ask(records.ResetTrip(trip_id=trip_id), f"trip {trip_id} was not reset")
        return {"text": f"trip {trip_id} is reset"}

    async def _arm(self, _request: Request) -> Answer:
        view = self._connected()
        if view.board_state != "disarmed":
            raise CommandError(f"the Pico is {view.board_state}: only a disarmed one can be armed")
        self._pico.permit_arming(ARMING_S)
        return {"text": "the Pico may be armed now"}

    async def _claim(self, request: Request) -> Answer:
        """A person's wish for an output, with an end: {"output", "value", "seconds", "who"}."""
        output, seconds = self._output(request), _integer(request, "seconds")
        if not 1 <= seconds <= MAX_CLAIM_S:
            raise CommandError(f"seconds is {seconds}: give 1 to {MAX_CLAIM_S}, for what is set by hand must end")
        value = _percent(request, "value") if output in self._dimmable else _on_or_off(request)
        now_ms = self._clock.wall_ms()
        who = str(request.get("who") or "a person at the machine")[:64]
        claim = Claim(
            output, value, Priority.PERSON, "person", f"set by {who}", now_ms, now_ms + seconds * 1000,
            id="person",
        )  # fmt: skip
        await self._claims.add(claim)
        unit = " %" if output in self._dimmable else ""
        shown = f"{claim.value:g}" if output in self._dimmable else describe(claim.value)
        return {"text": f"{output} {shown}{unit} for {seconds} s"}

    async def _claim_end(self, request: Request) -> Answer:
        output = self._output(request)
        if not self._claims.end(output, "person"):
            raise CommandError(f"{output} is not set by hand")
        return {"text": f"{output} is no longer set by hand"}

    async def _begin_weather(self, request: Request) -> Answer:
        """{"kind", "seconds", "depth_percent"} and, to see the same again, "seed"."""
        kind, seconds = request.get("kind"), _integer(request, "seconds")
        if kind not in KINDS:
            raise CommandError(f"kind is {kind!r}: it is one of {', '.join(KINDS)}")
        if not 1 <= seconds <= MAX_S:
            raise CommandError(f"seconds is {seconds}: give 1 to {MAX_S}")
        depth = _percent(request, "depth_percent") / 100
        seed = _integer(request, "seed") if "seed" in request else None
        begun = await self._weather.begin(kind, seconds, depth, seed)
        return {"text": f"{kind} for {seconds} s", "kind": kind, "until_ms": begun.until_ms, "seed": begun.seed}

    async def _end_weather(self, _request: Request) -> Answer:
        ended = await self._weather.clear()
        return {"text": "the sky clears" if ended else "the sky is clear already"}

    async def _stand_aside(self, request: Request) -> Answer:
        """Leave the Pico's port to another program, as `tankwarden flash`, for so long: {"seconds"}; 0: no longer."""
        seconds = _integer(request, "seconds")
        if seconds > MAX_ASIDE_S:
            raise CommandError(f"seconds is {seconds}: give at most {MAX_ASIDE_S}, and ask again if need be")
        self._pico.stand_aside(seconds)
        return {"text": f"the Pico's port is free for {seconds} s" if seconds else "the Pico's port is taken again"}

    def _output(self, request: Request) -> str:
        output = request.get("output")
        if not isinstance(output, str) or output not in self._outputs:
            raise CommandError(f"there is no output {output!r}: it is one of {', '.join(self._outputs) or 'none'}")
        return output

    def _connected(self) -> PicoView:
        view = self._pico.view()
        if not view.connected:
            raise CommandError(f"the Pico is not connected ({view.message or view.phase}): try again when it is")
        return view

    async def _ask(self, record: Record, failed: str) -> None:
        reply = await self._pico.command(record)
        if isinstance(reply, records.Nak):
            raise CommandError(f"{failed}: {nak_text(nak_reason(reply))}")
        if reply is None:
            raise CommandError(f"{failed}: the Pico did not answer: try again")


def _integer(request: Request, key: str) -> int:
    value = request.get(key)
    if type(value) is not int or value < 0:
        raise CommandError(f"{key} is {value!r}: give a whole number from 0")
    return value


def _on_or_off(request: Request) -> Value:
    if not isinstance(request.get("value"), bool):
        raise CommandError(f"value is {request.get('value')!r}: give true or false")
    return bool(request["value"])


def _percent(request: Request, key: str) -> float:
    value = request.get(key)
    if type(value) not in (int, float) or not 0 <= value <= 100:  # type: ignore[operator]  # nan is neither
        raise CommandError(f"{key} is {value!r}: give 0 to 100, in percent")
    return float(value)  # type: ignore[arg-type]
