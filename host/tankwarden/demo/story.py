"""What the relays do, in plain words: edges of the trace become sentences that say when and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GROUP_NS = 300_000_000  # edges of one circuit that belong together


@dataclass(frozen=True, slots=True)
class Edge:
    """One line of the trace: relay.CIRCUIT.NAME goes to a level."""

    time_ns: int
    circuit: int
    relay: str
    level: int


@dataclass(frozen=True, slots=True)
class Lost:
    """The host is gone since then; how: "killed", "stopped", …"""

    at_ns: int
    how: str


class TraceTail:
    """Reads what is appended to the trace."""

    def __init__(self, path: Path) -> None:
        self._path, self._read, self._rest = path, 0, ""

    def edges(self) -> list[Edge]:
        """The edges since the last call."""
        if not self._path.exists():
            return []
        with self._path.open() as file:
            file.seek(self._read)
            text = file.read()
            self._read = file.tell()
        *lines, self._rest = (self._rest + text).split("\n")
        return [edge for line in lines if (edge := _edge(line)) is not None]


def _edge(line: str) -> Edge | None:
    time_ns, name, level = line.split()
    kind, *rest = name.split(".")
    return Edge(int(time_ns), int(rest[0]), rest[1], int(level)) if kind == "relay" else None


def groups(edges: Iterable[Edge]) -> list[list[Edge]]:
    """Edges of one circuit to one level within 0.3 s of the first, in order of time."""
    found: list[list[Edge]] = []
    for edge in sorted(edges, key=lambda e: e.time_ns):
        for group in found:
            first = group[0]
            if (first.circuit, first.level) == (edge.circuit, edge.level) and edge.time_ns - first.time_ns <= GROUP_NS:
                group.append(edge)
                break
        else:
            found.append([edge])
    return found


def sentence(group: list[Edge], reason: str, lost: Lost | None = None) -> str:
    """One group in words: "relay 1 outside opened 2.003 s after the host was killed, inside 50 ms later: …"."""
    first, verb = group[0], "closed" if group[0].level else "opened"
    text = f"relay {first.circuit} {first.relay} {verb}"
    if lost is not None and not first.level and first.time_ns >= lost.at_ns:
        text += f" {(first.time_ns - lost.at_ns) / 1e9:.3f} s after the host was {lost.how}"
    for edge in group[1:]:
        later_ms = (edge.time_ns - first.time_ns) / 1e6
        text += f", {edge.relay} {f'{later_ms:.0f} ms later' if later_ms >= 1 else 'with it'}"
    return f"{text}: {reason}"


def reason(
    group: list[Edge], status: Mapping[str, Any] | None, board: Mapping[str, Any], lost: Lost | None, restarted: bool
) -> str:
    """Why. status: /api/status, None if nobody answers; board: the simulation's; restarted: since the last look."""
    if not group[0].level:
        if board["cpu"] == "off" or restarted:
            return "the Pico went down (power or reset), and with it every pin"
        if board["cpu"] == "hung":
            return "the Pico's processor hangs, so nothing renewed the permits of its PIO"
        if lost is not None:
            return "its lease ran out"
        if status is not None and status["trip"]:
            return f"a trip: {status['trip']['text']}"
    if status is None:
        return "nobody answers who could say why"
    return next((_why(c) for c in status["circuits"] if c["circuit"] == group[0].circuit), "no circuit of the host's")


def _why(circuit: Mapping[str, Any]) -> str:
    return "; ".join([circuit["output"]["why"], *circuit["output"]["holds"]])
