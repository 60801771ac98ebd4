"""Commands of people: through the socket, to the table, and plainly refused when they cannot be done."""

import asyncio
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from house import House, Kept

from tanklink import records
from tanklink.records import Record
from tankwarden.config_lights import Light
from tankwarden.drivers.pico.driver import PicoView
from tankwarden.errors import CommandError
from tankwarden.flows.commands import Commands
from tankwarden.flows.door import Door, DoorError, knock
from tankwarden.flows.weather import Weather
from tankwarden.logic.claims import Claim


class Pico:
    """The house's driver, with an answer ready, since virtual time does not pass while one waits."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.asked: list[Record] = []
        self.reply: Record | None = records.Ack(request=17)
        self.permitted = 0.0
        self.aside: float | None = None

    def view(self) -> PicoView:
        return self.house.driver.view()

    def permit_arming(self, for_s: float) -> None:
        self.permitted = for_s

    def listens(self) -> bool:
        return self.house.driver.listens()

    def uptime_ms(self) -> int | None:
        return self.house.driver.uptime_ms()

    def stand_aside(self, for_s: float) -> None:
        self.aside = for_s

    async def command(self, record: Record) -> Record | None:
        self.asked.append(record)
        return self.reply


LIGHT = Light(id="blue", name="Blue", enclosure="reef", channel=2, behavior="static")


class Scene:
    def __init__(self) -> None:
        self.house = House()
        self.pico = Pico(self.house)
        self.log: list[tuple[str, str, str]] = []
        self.commands = Commands(
            self.pico, self.house.claims, ("circuit.east",), self.house.clock, lambda *line: self.log.append(line),
            ("light.blue",), Weather((LIGHT,), self.house.clock, self.pico), {},
        )  # fmt: skip

    def tripped(self, number: int) -> "Scene":
        self.house.pico.trip_id, self.house.pico.state = number, "tripped"
        self.house.run(2)
        return self

    def do(self, **request: Any) -> dict[str, Any]:
        return asyncio.run(self.commands.handle(request))


def test_a_trip_is_reset_by_its_number_and_it_is_logged() -> None:
    scene = Scene().tripped(7)
    assert scene.do(cmd="reset-trip", id=7) == {"text": "trip 7 is reset"}
    assert scene.pico.asked == [records.ResetTrip(trip_id=7)]
    assert scene.log == [("info", "command", "reset-trip: trip 7 is reset")]


def test_another_number_than_the_standing_trips_asks_nothing_of_the_pico() -> None:
    scene = Scene().tripped(7)
    with pytest.raises(CommandError, match="8 is not the standing trip: trip 7 stands"):
        scene.do(cmd="reset-trip", id=8)
    assert scene.pico.asked == []


@pytest.mark.parametrize(
    ("reply", "text"),
    [(records.Nak(17, 13), "the cause of the trip is still there"), (records.Nak(17, 14), "try again"),
     (None, "did not answer")],
)  # fmt: skip
def test_what_the_pico_refuses_is_told(reply: Record | None, text: str) -> None:
    scene = Scene().tripped(7)
    scene.pico.reply = reply
    with pytest.raises(CommandError, match=f"trip 7 was not reset.*{text}"):
        scene.do(cmd="reset-trip", id=7)
    assert scene.log == []


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        ({"cmd": "reset-trip", "id": 1}, "the Pico is not connected"),
        ({"cmd": "reset-trip", "id": "7"}, "id is '7': give a whole number from 0"),
        ({"cmd": "reset-trip"}, "id is None"),
        ({"cmd": "arm"}, "the Pico is not connected"),
        ({"cmd": "explode"}, "there is no command 'explode': it is one of reset-trip, arm"),
        ({}, "there is no command None"),
        ({"cmd": "claim", "output": "circuit.west", "value": True, "seconds": 60}, "it is one of circuit.east"),
        ({"cmd": "claim", "output": "circuit.east", "value": True, "seconds": 0}, "must end"),
        ({"cmd": "claim", "output": "circuit.east", "value": True, "seconds": 100_000}, "must end"),
        ({"cmd": "claim", "output": "circuit.east", "value": 1, "seconds": 60}, "give true or false"),
        ({"cmd": "claim-end", "output": "circuit.east"}, "is not set by hand"),
    ],
)
def test_bad_commands_are_refused_in_plain_words(request_: Mapping[str, Any], text: str) -> None:
    scene = Scene()
    scene.house.unplug()
    with pytest.raises(CommandError, match=text):
        asyncio.run(scene.commands.handle(request_))
    assert scene.house.kept.stored == []


def test_only_a_disarmed_pico_can_be_armed_by_hand() -> None:
    scene = Scene()
    scene.house.run(5)
    with pytest.raises(CommandError, match="the Pico is armed"):
        scene.do(cmd="arm")
    scene.house.pico.state = "disarmed"
    scene.house.ticking = False
    scene.house.run(0.1)
    assert "may be armed" in scene.do(cmd="arm")["text"]
    assert scene.pico.permitted > 0


def test_a_claim_is_stored_before_it_acts_and_can_be_ended() -> None:
    scene = Scene()
    scene.house.run(5)
    assert scene.house.on
    assert scene.do(cmd="claim", output="circuit.east", value=False, seconds=60, who="Bella")["text"].endswith("60 s")
    assert [claim.why for claim in scene.house.kept.stored] == ["set by Bella"]
    assert not scene.house.run(0.5).on
    scene.do(cmd="claim-end", output="circuit.east")
    assert scene.house.kept.ended == [("circuit.east", "person")]
    assert scene.house.run(2).on


class FullDisk(Kept):
    """Stores no claim."""

    def claim_store(self, claim: Claim) -> None:
        raise OSError(f"disk full: no room for a claim on {claim.output}")


def test_a_claim_that_cannot_be_stored_does_not_act() -> None:
    scene = Scene()
    scene.house.run(5)
    scene.house.claims._recorder = FullDisk()
    with pytest.raises(OSError, match="disk full"):
        scene.do(cmd="claim", output="circuit.east", value=False, seconds=60)
    assert scene.house.run(1).on


# -- the door --------------------------------------------------------------------------------------------------------


async def _echo(request: Mapping[str, Any]) -> dict[str, Any]:
    if request.get("refuse"):
        raise CommandError("no")
    return {"text": f"did {request['cmd']}"}


def through_door(path: Path, *requests: Mapping[str, Any]) -> list[dict[str, Any]]:
    async def main() -> list[dict[str, Any]]:
        door = Door(path, _echo)
        await door.open()
        try:
            return [await asyncio.to_thread(knock, path, request) for request in requests]
        finally:
            await door.close()

    return asyncio.run(main())


def test_the_door_answers_and_refuses(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    answers = through_door(path, {"cmd": "a"}, {"cmd": "b", "refuse": True}, {"cmd": "c"})
    assert answers == [{"ok": True, "text": "did a"}, {"ok": False, "error": "no"}, {"ok": True, "text": "did c"}]
    assert not path.exists()


def test_the_door_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"

    async def main() -> int:
        door = Door(path, _echo)
        await door.open()
        mode = stat.S_IMODE(os.stat(path).st_mode)
        await door.close()
        return mode

    assert asyncio.run(main()) == 0o600


def test_a_dead_hosts_socket_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.touch()
    assert through_door(path, {"cmd": "a"})[0]["ok"]


def test_a_light_is_set_by_hand_in_percent() -> None:
    scene = Scene()
    assert scene.do(cmd="claim", output="light.blue", value=40, seconds=60) == {"text": "light.blue 40 % for 60 s"}
    (claim,) = scene.house.claims.living(scene.house.clock.wall_ms())
    assert (claim.output, claim.value, claim.priority.label) == ("light.blue", 40.0, "person")


@pytest.mark.parametrize("value", [True, "40", None, -1, 100.5, float("nan")])
def test_a_light_takes_no_other_value(value: object) -> None:
    scene = Scene()
    with pytest.raises(CommandError, match="give 0 to 100, in percent"):
        scene.do(cmd="claim", output="light.blue", value=value, seconds=60)
    assert scene.house.claims.living(scene.house.clock.wall_ms()) == ()


def test_weather_is_begun_and_ended() -> None:
    scene = Scene()
    scene.house.run(1)
    answer = scene.do(cmd="weather", kind="storm", seconds=60, depth_percent=80, seed=4)
    assert (answer["text"], answer["seed"]) == ("storm for 60 s", 4)
    assert {type(record) for record in scene.pico.asked} == {records.Effect}
    assert {record.lights for record in scene.pico.asked if isinstance(record, records.Effect)} == {0b100}
    assert scene.do(cmd="weather-end")["text"] == "the sky clears"
    assert scene.do(cmd="weather-end")["text"] == "the sky is clear already"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"kind": "hail", "seconds": 60, "depth_percent": 50}, "cloud, storm, lightning"),
        ({"kind": "cloud", "seconds": 0, "depth_percent": 50}, "give 1 to 14400"),
        ({"kind": "cloud", "seconds": 20_000, "depth_percent": 50}, "give 1 to 14400"),
        ({"kind": "cloud", "seconds": 60}, "depth_percent is None"),
        ({"kind": "cloud", "seconds": 60, "depth_percent": 50, "seed": -3}, "seed is -3"),
    ],
)
def test_weather_that_cannot_be_is_refused(request_: dict[str, Any], said: str) -> None:
    scene = Scene()
    scene.house.run(1)
    with pytest.raises(CommandError, match=said):
        scene.do(cmd="weather", **request_)
    assert scene.pico.asked == []


@pytest.mark.parametrize("line", [b"no json\n", b"[1]\n", b"{" * 5000 + b"\n"])
def test_babble_does_no_harm(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "control.sock"

    async def main() -> bytes:
        door = Door(path, _echo)
        await door.open()
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(line)
        answer = await reader.readline()
        writer.close()
        assert (await asyncio.to_thread(knock, path, {"cmd": "after"}))["ok"]
        await door.close()
        return answer

    answer = asyncio.run(main())
    assert answer == b"" or b'"ok": false' in answer


def test_knocking_where_nobody_is_says_so(tmp_path: Path) -> None:
    with pytest.raises(DoorError, match="is it running"):
        knock(tmp_path / "control.sock", {"cmd": "a"})


def test_a_path_too_long_for_a_socket_is_refused_in_words(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 120)
    deep.mkdir()
    with pytest.raises(DoorError, match="choose another --data"):
        asyncio.run(Door(deep / "control.sock", _echo).open())


def test_the_port_is_left_to_another_program_for_a_bounded_while() -> None:
    scene = Scene()
    assert scene.do(cmd="stand-aside", seconds=120)["text"] == "the Pico's port is free for 120 s"
    assert scene.pico.aside == 120
    with pytest.raises(CommandError, match="give at most 600, and ask again"):
        scene.do(cmd="stand-aside", seconds=601)
    assert scene.do(cmd="stand-aside", seconds=0)["text"] == "the Pico's port is taken again"
    assert scene.pico.aside == 0
