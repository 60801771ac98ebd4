"""Lights in the configuration file: what is read, and what is refused, naming the other where something is taken."""

from pathlib import Path

import pytest

from tankwarden import config
from tankwarden.config_lights import Daylight, Light, Static, Timed
from tankwarden.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = (ROOT / "docs" / "example.toml").read_text()
MORE = """
[[light]]
id = "white"
name = "White"
enclosure = "reef"
channel = 3
behavior = "timed"
points = [["08:00", 0], ["12:00", 60.5], ["20:00", 0]]
"""


def lights(text: str) -> tuple[Light, ...]:
    return config.parse(text, "tank.toml").lights


def test_the_examples_light_is_read() -> None:
    (blue,) = lights(EXAMPLE)
    assert (blue.channel, blue.behavior, blue.gamma, blue.cap_percent) == (0, "daylight", 2.2, 100)
    assert blue.parameters == Daylight(peak_percent=80)


def test_each_behavior_brings_its_own_parameters() -> None:
    second = lights(EXAMPLE + MORE)[1]
    assert second.parameters == Timed(points=(("08:00", 0.0), ("12:00", 60.5), ("20:00", 0.0)))
    still = MORE.replace('"timed"', '"static"').replace("points = ", "level_percent = 20 #")
    assert lights(EXAMPLE + still)[1].parameters == Static(level_percent=20)


def test_without_lights_there_are_none_and_the_shared_settings_have_their_defaults() -> None:
    read = config.parse(EXAMPLE.partition("[[light]]")[0])
    assert read.lights == ()
    assert (read.lighting.total_power_w, read.lighting.slew_s) == (600, 5)


def changed(old: str, new: str) -> str:
    assert old in MORE
    return EXAMPLE + MORE.replace(old, new)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (changed("channel = 3", "channel = 0"), ("[[light]] white", "light channel 0", "[[light]] reef-blue")),
        (changed("channel = 3", "channel = 8"), ("[[light]] 2", "channel", "0 to 7")),
        (changed('id = "white"', 'id = "reef-blue"'), ("already the id of [[light]] 1 (Reef blue)",)),
        (changed('id = "white"', 'id = "reef-water"'), ("already the id of [[sensor]] 1 (Reef water)",)),
        (changed('"reef"', '"pond"'), ("there is no enclosure 'pond'", "reef")),
        (changed('"timed"', '"moonshine"'), ("behavior is 'moonshine'", "daylight, static, timed")),
        (changed("points =", "point ="), ("unknown key point", "did you mean points?")),
        (changed("points =", "peak_percent = 3\npoints ="), ("unknown key peak_percent",)),
        (changed('["12:00", 60.5]', '["12:00", 101]'), ("level of point 2 is 101", "0 to 100")),
        (changed('["12:00", 60.5]', '["12:00", nan]'), ("level of point 2 is nan",)),
        (changed('["12:00", 60.5]', '["noon", 50]'), ("time of point 2 is 'noon'", "HH:MM")),
        (changed('["12:00", 60.5]', '["24:00", 50]'), ("time of point 2 is '24:00'",)),
        (changed('["12:00", 60.5]', '["08:00", 50]'), ("08:00 does not come after 08:00",)),
        (changed('["12:00", 60.5]', '["12:00"]'), ("point 2 is ['12:00']",)),
        (changed('[["08:00", 0], ["12:00", 60.5], ["20:00", 0]]', "[]"), ("without points", "HH:MM")),
        (changed("channel = 3", 'channel = 3\nshape = "round"'), ("'round' is out of bounds", "linear, smooth")),
        (changed("channel = 3", 'channel = 3\ncolour = "blue"'), ("'blue' will not do as a colour", "#2f6fde")),
        (changed("channel = 3", "channel = 3\nfull_power_w = 201"), ("full_power_w", "200")),
        (changed("channel = 3", "channel = 3\nmin_percent = 50\ncap_percent = 20"), ("cap_percent 20 %",)),
        (EXAMPLE + "\n[lights]\ntotal_power_w = 700\n", ("[lights]", "total_power_w", "600")),
        (EXAMPLE + "\n[lights]\nslew_s = 0\n", ("slew_s", "0.1 to 60")),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_saying_where_and_what_to_do(text: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        config.parse(text, "tank.toml")
    assert caught.value.fix
    for part in parts:
        assert part in str(caught.value)
