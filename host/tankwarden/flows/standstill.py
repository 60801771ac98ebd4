"""What is shown while the control loop stands still: its last snapshot, with nothing in it called fresh any more."""

from typing import Any

from tankwarden.logic.quality import Quality

Json = dict[str, Any]


def aged(snapshot: Json, by_s: int, tasks: list[Json]) -> Json:
    """The snapshot by_s seconds after the control loop last moved, with the tasks as they are now.

    Every value is that much older and a good one is stale; what the Pico told of its circuits then is no longer known,
    since their leases have not been renewed. stalled_s says why.
    """
    older: Json = _older(snapshot, by_s)
    unknown = {"state": None, "relays": {"outside": None, "inside": None}, "fault_line_ok": None, "lease_ms": None}
    dies = f"The control loop has not moved for {by_s} s and renews no lease: the Pico opens the circuit by itself."
    return {
        **older,
        "stalled_s": by_s,
        "tasks": tasks,
        "pico": {**older["pico"], "connected": False},
        "circuits": [{**circuit, **unknown, "if_host_dies": dies} for circuit in older["circuits"]],
        "totals": {**older["totals"], "power_w": None},
    }


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
