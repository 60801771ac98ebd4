"""Histories and exports as the application gives them."""

from collections.abc import Iterator
from typing import Any

from tankwarden.errors import NotKnownError


def series(name: str, t0_ms: int, t1_ms: int, points: int) -> dict[str, Any]:
    """One bucket over all of it."""
    return {"id": name, "unit": "W", "bucket_ms": (t1_ms - t0_ms) // points, "t_ms": [t0_ms], "mean": [1.0],
            "low": [0.5], "high": [None]}  # fmt: skip


def export(what: str, t0_ms: int | None, t1_ms: int | None) -> Iterator[str]:
    """Its span, as the one row."""
    if what != "logs":
        raise NotKnownError(f"there is no export of {what!r}")
    return iter(["from,to\n", f"{t0_ms},{t1_ms}\n"])


def health(t0_ms: int, t1_ms: int, points: int) -> dict[str, Any]:
    """No minute yet."""
    return {"now": None, "bucket_ms": (t1_ms - t0_ms) // points, "t_ms": [], "series": {}}
