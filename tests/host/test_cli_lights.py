"""`tankwarden light` and `tankwarden weather`: what they ask of the running host, and what they refuse themselves."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tankwarden import places
from tankwarden.__main__ import main
from tankwarden.errors import CommandError
from tankwarden.flows.door import Door


def asked(folder: Path, *arguments: str, refusal: str = "") -> tuple[int, list[Mapping[str, Any]]]:
    """The exit code of a command, and what came through the door of a host that listens in `folder`."""
    requests: list[Mapping[str, Any]] = []

    async def handle(request: Mapping[str, Any]) -> dict[str, Any]:
        requests.append(request)
        if refusal:
            raise CommandError(refusal)
        return {"text": "done"}

    async def run() -> int:
        door = Door(places.socket_path(folder), handle)
        await door.open()
        try:
            return await asyncio.to_thread(main, [*arguments, "--data", str(folder)])
        finally:
            await door.close()

    return asyncio.run(run()), requests


@pytest.mark.parametrize(
    ("arguments", "request_"),
    [
        (("light", "blue", "40"), {"cmd": "claim", "output": "light.blue", "value": 40.0, "seconds": 3600}),
        (("light", "blue", "0.5", "--minutes", "5"),
         {"cmd": "claim", "output": "light.blue", "value": 0.5, "seconds": 300}),
        (("light", "blue", "auto"), {"cmd": "claim-end", "output": "light.blue"}),
        (("weather", "storm"), {"cmd": "weather", "kind": "storm", "seconds": 180, "depth_percent": 80.0}),
        (("weather", "cloud", "--seconds", "9", "--depth", "30"),
         {"cmd": "weather", "kind": "cloud", "seconds": 9, "depth_percent": 30.0}),
        (("weather", "clear"), {"cmd": "weather-end"}),
    ],
)  # fmt: skip
def test_what_is_asked_of_the_host(
    arguments: tuple[str, ...], request_: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(tmp_path, *arguments) == (0, [request_])
    assert capsys.readouterr().out == "done\n"


def test_a_refusal_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = asked(tmp_path, "weather", "storm", refusal="the Pico is not connected: try again when it is")
    assert code == 2
    assert capsys.readouterr().err == "tankwarden: the Pico is not connected: try again when it is\n"


def test_what_is_no_level_asks_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(tmp_path, "light", "blue", "bright") == (2, [])
    assert "give 0 to 100, or auto" in capsys.readouterr().err


def test_weather_that_there_is_not_is_refused_with_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["weather", "hail", "--data", str(tmp_path)])
    assert "lightning" in capsys.readouterr().err
