"""The log is searched by words, category and level; what a person types is never taken for an operator."""

from pathlib import Path

import pytest
from store_kit import opened

from tankwarden.store.log_queries import search

pytestmark = pytest.mark.usefixtures("each_database")
LINES = (
    ("info", "system", "Tankwarden started on /etc/tankwarden.toml"),
    ("warning", "link", "the Pico is heard again after 3.2 s"),
    ("error", "backup", "the disk is full: NOT one page was written"),
    ("info", "link", "the Pico sleeps"),
)


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        ({}, (3, 2, 1, 0)),
        ({"words": "pico"}, (3, 1)),
        ({"words": "PICO heard"}, (1,)),
        ({"words": "full not"}, (2,)),
        ({"words": '"is* OR (page'}, ()),
        ({"words": "'; DROP TABLE system_logs --"}, ()),
        ({"category": "link"}, (3, 1)),
        ({"level": "warning"}, (2, 1)),
        ({"words": "pico", "category": "link", "level": "error"}, ()),
        ({"limit": 2}, (3, 2)),
    ],
)
def test_lines_are_found(tmp_path: Path, wish: dict[str, str], found: tuple[int, ...]) -> None:
    with opened(tmp_path / "a.db") as store:
        for line in LINES:
            store.recorder.log(*line)
        store.recorder.flush()
        lines = search(store.database, **wish)  # type: ignore[arg-type]
    assert [LINES.index((line.level, line.category, line.text)) for line in lines] == list(found)


def test_a_level_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "a.db") as store, pytest.raises(ValueError, match="there is no level"):
        search(store.database, level="loud")
