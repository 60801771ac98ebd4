"""What is shown of the feeders: how each stands, its last and next meal, the last days, and what if this host dies."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from tankwarden.logic.feeder import Feeder, grams
from tankwarden.logic.feeding import Due, Feeding, Status, local_day

Json = dict[str, Any]
SHOWN = 12  # of the history


def feeder_json(
    feeder: Feeder, *, last: Feeding | None, following: Due | None, recent: Sequence[Feeding], now_ms: int,
    why_not: str | None,
) -> Json:  # fmt: skip
    """last: its last feeding; following: its next meal; recent: the feedings of the last days, of every feeder."""
    mine = [feeding for feeding in recent if feeding.feeder == feeder.id]
    return {
        **feeder.to_json(),
        "feeding": any(feeding.status is Status.PENDING for feeding in mine),
        "why_not": why_not,
        "last": None if last is None else {**last.to_json(), "age_s": max(0.0, (now_ms - last.at_ms) / 1000)},
        "next": None if following is None else _due_json(following),
        "history": [feeding.to_json() for feeding in mine[:SHOWN]],
        "if_host_dies": _if_host_dies(feeder),
    }


def history_json(feeder: int, period: str, feedings: Iterable[Feeding], zone: ZoneInfo) -> Json:
    """The feedings of a period, the newest first, and by local day what fell. incomplete: of some nobody knows."""
    rows = list(feedings)
    days: dict[str, Json] = {}
    for row in rows:
        day = days.setdefault(
            local_day(row.at_ms, zone), {"feedings": 0, "grams": 0.0, "incomplete": False}
        )  # fmt: skip
        day["feedings"] += row.status is Status.SUCCESS or row.status is Status.PARTIAL
        day["grams"] = round(day["grams"] + (row.portion_g or 0.0), 3)
        day["incomplete"] = day["incomplete"] or row.portion_g is None
    return {
        "feeder": feeder,
        "period": period,
        "feedings": [row.to_json() for row in rows],
        "days": [{"day": day, **totals} for day, totals in days.items()],
    }


def feeders_json(
    feeders: Iterable[Feeder], *, last: Mapping[int, Feeding], following: Mapping[int, Due | None],
    recent: Sequence[Feeding], now_ms: int, why_not: str | None,
) -> list[Json]:  # fmt: skip
    """Every feeder as feeder_json."""
    return [
        feeder_json(
            feeder, last=last.get(feeder.id or 0), following=following.get(feeder.id or 0), recent=recent,
            now_ms=now_ms, why_not=why_not,
        )
        for feeder in feeders
    ]  # fmt: skip


def _due_json(due: Due) -> Json:
    portion_g = due.entry.portion_g or grams(due.feeder.config, due.feeder.config.turns)
    return {"at_ms": due.at_ms, "name": due.entry.name, "portion": portion_g}


def _if_host_dies(feeder: Feeder) -> str:
    within = feeder.missed_within_min
    made_up = f"; one that is missed is made up if it is back within {within} min" if within else "; it is then skipped"
    return (
        "A feeding that is under way is run to its end by the Pico, and told when the host is back. The next ones wait "
        f"for the host{made_up}."
    )
