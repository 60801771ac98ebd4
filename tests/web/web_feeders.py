"""A reef's feeders as `App.status()` and `App.feedings()` give them, for tests of whatever shows them."""

from typing import Any

NOW_MS = 1_750_541_527_000  # as in web_snapshots
HOUR_MS = 3_600_000
TOKEN = "a-token-of-this-machine"
WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def feeding(number: int, hours_ago: float, **changes: Any) -> dict[str, Any]:
    at_ms = NOW_MS - round(hours_ago * HOUR_MS)
    whole = {
        "id": number, "feeder": 1, "operation_id": f"{number:015x}", "time_ms": at_ms, "requested_ms": at_ms,
        "scheduled_for_ms": at_ms, "source": "schedule", "status": "success", "asked": 1.0, "portion": 1.0, "turns": 2,
        "started_ms": at_ms, "ended_ms": at_ms + 5700, "drops": 2, "reason": None,
    }  # fmt: skip
    return whole | changes


def history() -> list[dict[str, Any]]:
    return [
        feeding(9, 0.3),
        feeding(8, 4, source="person", portion=0.5, asked=0.5),
        feeding(7, 6.5, status="partial", portion=None, drops=None, reason="the Pico restarted while it fed"),
        feeding(6, 20.5, status="failed", portion=0.0, drops=0,
                reason="the drop sensor saw nothing fall: is the hopper empty?"),
        feeding(5, 30.5, operation_id=None, status="failed", portion=0.0, started_ms=None, ended_ms=None, drops=None,
                reason="missed: Tankwarden did not run; a missed meal is skipped"),
    ]  # fmt: skip


def feeder(**changes: Any) -> dict[str, Any]:
    rows = history()
    whole = {
        "id": 1, "name": "Reef pellets", "enclosure": "reef", "servo": 1,
        "servo_config": {"feed_angle": 120.0, "rest_angle": 0.0, "portion_size": 1.0, "turns": 2},
        "schedule": [{"id": 1, "name": "Evening", "time": "18:00", "enabled": True, "portion": None, "weekdays": WEEK}],
        "missed_within": 30, "notification": True, "enabled": True, "feeding": False, "why_not": None,
        "last": {**rows[0], "age_s": 1080.0},
        "next": {"at_ms": NOW_MS + round(3.5 * HOUR_MS), "name": "Evening", "portion": 1.5},
        "history": rows,
        "if_host_dies": "A feeding that is under way is run to its end by the Pico, and told when the host is back. The"
        " next ones wait for the host; one that is missed is made up if it is back within 30 min.",
    }  # fmt: skip
    return whole | changes


def feeders() -> list[dict[str, Any]]:
    rows = history()
    idle = {"id": 2, "name": "Flakes", "servo": 2, "enabled": False, "schedule": [], "history": [], "next": None}
    return [feeder(), feeder(**idle, last={**rows[3], "age_s": 73_800.0})]


def feedings(number: int, period: str) -> dict[str, Any]:
    day = {"day": "2025-06-21", "feedings": 3, "grams": 1.5, "incomplete": True}
    return {"feeder": number, "period": period, "feedings": history(), "days": [day]}


FOOD: dict[str, Any] = {
    "id": 4, "name": "Pellets", "protein": 45.0, "fat": None, "fibre": None, "stock": 250.0, "left": 240.0,
    "stock_counted_ms": 1_781_000_400_000, "unknown": 0, "per_day": 1.0, "days_left": 240.0, "feeders": [1],
    "week": {"grams": 7.0, "protein": 3.15, "fat": None, "fibre": None},
}  # fmt: skip
