"""The relays' true edges, as the simulation's trace tells them, and which of them belong together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

GROUP_NS = 300_000_000  # edges of one circuit that belong together


@dataclass(frozen=True, slots=True)
class Edge:
    """One line of the trace: relay.CIRCUIT.NAME goes to a level."""

    time_ns: int
    circuit: int
    relay: str
    level: int


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
    """Edges of one circuit to one level within 0.3 s of the first, in order of time; or both edges of a proof."""
    found: list[list[Edge]] = []
    for edge in sorted(edges, key=lambda e: e.time_ns):
        for group in found:
            if _belongs(edge, group):
                group.append(edge)
                break
        else:
            found.append([edge])
    return found


def is_proof(group: Sequence[Edge]) -> bool:
    """Whether one relay closed and opened alone: so the Pico proves that the other one is not welded."""
    return len(group) == 2 and group[0].relay == group[1].relay and (group[0].level, group[1].level) == (1, 0)


def _belongs(edge: Edge, group: Sequence[Edge]) -> bool:
    first = group[0]
    if first.circuit != edge.circuit or edge.time_ns - first.time_ns > GROUP_NS or is_proof(group):
        return False
    return first.level == edge.level or is_proof([*group, edge])
