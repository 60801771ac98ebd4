"""What is shown while the control loop stands still: its last snapshot, with nothing in it called fresh any more."""

from dataclasses import dataclass
from typing import Any

from tankwarden.logic.quality import Quality

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Live:
    """What goes on without the control loop: its tasks, and the link. age_s: since the Pico's last STATUS."""

    tasks: list[Json]
    connected: bool
    age_s: float | None


def aged(snapshot: Json, by_s: int, leases_s: float, live: Live) -> Json:
    """The snapshot by_s seconds after the control loop last moved. leases_s: by then every lease is over.

    Every value is that much older and a good one is stale; what the Pico told of its circuits then is no longer known,
    since their leases have not been renewed. stalled_s says why, leases_over whether the circuits must be open by now.
    """
    older: Json = _older(snapshot, by_s)
    unknown = {"state": None, "relays": {"outside": None, "inside": None}, "fault_line_ok": None, "lease_ms": None}
    over = by_s > leases_s
    opens = (
        "has opened the circuit by itself" if over else f"opens the circuit by itself within {leases_s - by_s:.0f} s"
    )
    dies = f"The control loop has not moved for {by_s} s and renews no lease: the Pico {opens}."
    return {
        **older,
        "stalled_s": by_s,
        "leases_over": over,
        "tasks": live.tasks,
        "pico": {**older["pico"], "connected": live.connected, "age_s": live.age_s},
        "circuits": [
            {**circuit, **unknown, "output": _undecided(circuit["output"], by_s), "if_host_dies": dies}
            for circuit in older["circuits"]
        ],
        "totals": {**older["totals"], "power_w": None},
    }


def _undecided(output: Json, by_s: int) -> Json:
    """What was decided last is no longer held to."""
    why = f"nothing has been decided for {by_s} s; the last decision was: {output['why']}"
    return {**output, "value": None, "why": why, "claims": [{**claim, "wins": False} for claim in output["claims"]]}


def _older(part: Any, by_s: int) -> Any:
    """A copy in which every age has grown and nothing is called good."""
    if isinstance(part, list):
        return [_older(item, by_s) for item in part]
    if not isinstance(part, dict):
        return part
    copy = {key: _older(value, by_s) for key, value in part.items()}
    if copy.get("age_s") is not None:
        copy["age_s"] += by_s
    if copy.get("quality") == Quality.OK:
        copy["quality"] = str(Quality.STALE)
    return copy
