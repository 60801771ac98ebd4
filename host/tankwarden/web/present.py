"""How facts are put into words and numbers: units, ages, times in the tank's zone, and what each quality looks like.

Pure. `quantity` and `prose` give HTML; whatever shows a temperature goes through them, because the browser's °C/°F
switch looks for the `data-degf` they write. static/js/ages.js repeats `age`; a browser test holds the two equal.
"""

import html
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

DECIMALS = {
    "W": 0,
    "kW": 2,
    "V": 1,
    "A": 2,
    "°F": 1,
    "kWh": 2,
    "Wh": 0,
    "mA": 0,
    "mV": 0,
    "ms": 0,
    "s": 1,
    "Ω": 1,
    "%": 1,
}
NO_VALUE = "—"
MINUS = "−"

TRIGGER_WORDS = {
    "over_current": "Over-current",
    "short": "Short circuit",
    "over_temperature": "Over-temperature",
    "sensor_open": "Sensor open",
    "sensor_short": "Sensor shorted",
    "fault_line": "Fault line open",
    "permit": "Permits not renewed",
    "watchdog": "Watchdog reset",
    "exception": "Program error on the Pico",
    "too_many_trips": "Too many trips",
    "relay_stuck": "Relay stuck",
    "journal": "Journal failure",
    "over_voltage": "Over-voltage",
    "element_open": "Heating element open",
    "element_drift": "Heating element drifted",
    "leakage": "Leakage",
    "weld": "Relay welded",
    "no_rise": "Tank does not get warmer",
    "sensor_stuck": "Sensor stuck",
    "sensor_rate": "Sensor changes too fast",
    "sensor_dead": "Current sensor dead",
    "reference": "Reference voltage off",
    "adc_slot": "Converter's samples slipped",
    "adc_stopped": "Converter stopped",
    "slow_pass": "Program too slow",
    "config": "Configuration damaged in the Pico's memory",
    "program": "Program files on the Pico damaged",
    "memory": "The Pico's memory failed its test",
    "clock": "The Pico's clock failed its test",
    "line_stuck": "Fault line shorted",
    "comparator": "Over-current comparator failed its test",
}
CIRCUIT_WORDS = {
    "open": "Off",
    "closing": "Closing…",
    "closed": "On",
    "opening": "Opening…",
    "proving": "Testing its relays…",
}
BOARD_WORDS = {
    "boot": "Starting",
    "selftest": "Self-test",
    "disarmed": "Disarmed",
    "armed": "Armed",
    "tripped": "Tripped",
    "fault": "Fault",
}
KIND_WORDS = {"reef": "reef", "terrarium": "terrarium", "hot_water": "hot water"}


@dataclass(frozen=True, slots=True)
class Quality:
    """word: what is wrong, empty for nothing; level: its colour; shows_value: doubtful, but it still says something."""

    word: str
    level: str
    shows_value: bool


QUALITIES = {
    "ok": Quality("", "ok", True),
    "stale": Quality("stale", "warn", True),
    "stuck": Quality("stuck", "warn", True),
    "implausible": Quality("implausible", "warn", True),
    "open": Quality("sensor open", "bad", False),
    "short": Quality("sensor shorted", "bad", False),
    "missing": Quality("no reading", "none", False),
}


def quality(reading: dict[str, Any]) -> Quality:
    """A good quality without a value is a missing reading, and an unknown one is said as it is."""
    name = reading["quality"]
    if name == "ok" and reading["value"] is None:
        name = "missing"
    return QUALITIES.get(name, Quality(words(name).lower(), "warn", True))


def number(value: float | None, unit: str) -> str:
    """With the decimals that suit the unit; — for None."""
    if value is None:
        return NO_VALUE
    text = f"{value:.{DECIMALS.get(unit, 0 if value == int(value) else 2)}f}"
    if not text.strip("-0."):
        text = text.removeprefix("-")  # −0.0
    return text.replace("-", MINUS)


def quantity(value: float | None, unit: str, point: str = "") -> str:
    """HTML: a number and its unit; temperatures carry their °F for the browser's switch.

    point: `series:id` of the chart that goes on with this value.
    """
    text = number(value, unit)
    if value is None:
        return f'<span class="num">{text}</span>'
    marks = f' data-degf="{value:g}"' if unit == "°F" else ""
    if point:
        marks += f' data-point="{html.escape(point)}"'
    unit_class = "unit degf" if unit == "°F" else "unit"
    # No-break, so that a number never loses its unit at the end of a line.
    return (
        f'<span class="qty"><data class="num" value="{value:g}"{marks}>{text}</data>'
        f'<span class="{unit_class}">\N{NARROW NO-BREAK SPACE}{html.escape(unit)}</span></span>'
    )


_DEGF_IN_PROSE = re.compile(r"(?<!±)(?<!±\s)(?<![\w.])([-−]?\d+(?:\.\d+)?)\s°F(?!/)")


def prose(text: str) -> str:
    """HTML: a sentence of the host's, its temperatures made switchable. A difference is written ± and stays."""
    parts = _DEGF_IN_PROSE.split(text)
    out = [html.escape(parts[0])]
    for degf, rest in zip(parts[1::2], parts[2::2], strict=True):
        value = degf.replace(MINUS, "-")
        out.append(
            f'<data data-degf="{value}">{degf}</data><span class="degf">\N{NO-BREAK SPACE}°F</span>{html.escape(rest)}'
        )
    return "".join(out)


def words(name: str | None, table: dict[str, str] | None = None) -> str:
    """A name of the program's in a person's words."""
    if name is None:
        return "Unknown"
    return (table or {}).get(name) or name.replace("_", " ").capitalize()


def age(seconds: float) -> str:
    """Short and of about the same width while it counts: 7 s, 12 min, 5 h, 3 d."""
    seconds = max(seconds, 0.0)
    if seconds < 60:
        return f"{int(seconds)} s"
    if seconds < 3600:
        return f"{int(seconds / 60)} min"
    if seconds < 48 * 3600:
        return f"{int(seconds / 3600)} h"
    return f"{int(seconds / 86400)} d"


def duration(seconds: float) -> str:
    """The two greatest parts: 3 d 4 h, 12 min 5 s."""
    left = int(max(seconds, 0.0))
    parts: list[str] = []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, length)
        if count or parts or unit == "s":
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2])


@dataclass(frozen=True, slots=True)
class Times:
    """Instants as the tank's wall shows them, seen from `now_ms`."""

    zone: str
    now_ms: int

    def _local(self, at_ms: int) -> datetime:
        return datetime.fromtimestamp(at_ms / 1000, ZoneInfo(self.zone))

    def iso(self, at_ms: int) -> str:
        return self._local(at_ms).isoformat(timespec="seconds")

    def clock(self, at_ms: int) -> str:
        """14:32:07 today; with the day otherwise."""
        then = self._local(at_ms)
        today = then.date() == self._local(self.now_ms).date()
        return f"{then:%H:%M:%S}" if today else f"{then.day} {then:%b} {then:%H:%M:%S}"

    def soon(self, at_ms: int) -> str:
        """An instant to come, to the minute: 18:00, tomorrow 08:00, Tue 08:00, and with its date from a week on."""
        then, today = self._local(at_ms), self._local(self.now_ms).date()
        days = (then.date() - today).days
        if days >= 7:
            return f"{then.day} {then:%b} {then:%H:%M}"
        return f"{then:%H:%M}" if not days else f"{'tomorrow' if days == 1 else f'{then:%a}'} {then:%H:%M}"

    def hour(self, at_ms: int) -> str:
        return f"{self._local(at_ms):%H}:00"

    def day(self) -> str:
        now = self._local(self.now_ms)
        return f"{now:%a} {now.day} {now:%b} {now.year}"

    def abbreviation(self) -> str:
        name = self._local(self.now_ms).tzname() or ""
        return f"UTC{name}" if name[:1] in "+-" else name

    def mark(self, at_ms: int) -> str:
        """HTML: the instant, with its full form for machines."""
        return f'<time datetime="{self.iso(at_ms)}">{self.clock(at_ms)}</time>'
