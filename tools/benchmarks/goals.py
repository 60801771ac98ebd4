"""The goals: one row per figure that has one. A row comes with the benchmark that prints the figure."""

from typing import NamedTuple


class Goal(NamedTuple):
    """sense: "min" if the figure must be at least `limit`, "max" if at most."""

    sense: str
    limit: float

    def met(self, value: float) -> bool:
        return value >= self.limit if self.sense == "min" else value <= self.limit

    def __str__(self) -> str:
        return f"{'≥' if self.sense == 'min' else '≤'} {self.limit:g}"


GOALS = {
    "link.codec_vs_pymavlink": Goal("min", 3),
    "link.codec_vs_raw": Goal("min", 0.5),
    "link.codec_frames_per_s": Goal("min", 250_000),
    "link.recovered_flip": Goal("min", 0.999),
    "link.recovered_drop": Goal("min", 0.999),
    "link.recovered_insert": Goal("min", 0.999),
    "link.wrong_accepted": Goal("max", 0),
    "link.rtt_p50_ms": Goal("max", 2),
    "link.rtt_p99_ms": Goal("max", 10),
}
