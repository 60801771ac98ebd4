"""docs/safety.md as a safety case: every trigger stands beside a hazard, and the tests named there know it by name."""

import re
from pathlib import Path

import pytest

from tanklink.messages import TRIGGERS

ROOT = Path(__file__).resolve().parents[2]
TEST = re.compile(r"`(tests/[\w/]+\.py)`")
QUOTED = re.compile(r"`(\w+)(\*?)`")


def hazards() -> list[tuple[str, str, str]]:
    """(hazard, guards, shown by) of each row of the table."""
    text = (ROOT / "docs" / "safety.md").read_text().partition("## Hazards")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    assert all(len(row) == 3 for row in rows), "a row of the table has three cells"
    return [(hazard.strip(), guards, shown) for hazard, guards, shown in rows[2:]]


HAZARDS = hazards()


def guarded_by(guards: str) -> set[str]:
    """The triggers that a row names; `element_*` names all of that beginning."""
    named = set()
    for word, star in QUOTED.findall(guards):
        named |= {t for t in TRIGGERS if t == word or (star and t.startswith(word))}
    return named


def test_every_trigger_guards_against_some_hazard() -> None:
    named: set[str] = set().union(*(guarded_by(guards) for _, guards, _ in HAZARDS))
    assert sorted(set(TRIGGERS[1:]) - named) == []


@pytest.mark.parametrize(("hazard", "guards", "shown"), HAZARDS, ids=[row[0][:40] for row in HAZARDS])
def test_the_tests_of_a_hazard_know_its_triggers(hazard: str, guards: str, shown: str) -> None:
    files = TEST.findall(shown)
    assert files, f"nothing shows the guards of: {hazard}"
    texts = [(ROOT / name).read_text() for name in files]
    for trigger in guarded_by(guards):
        assert any(f'"{trigger}"' in text for text in texts), f"no test named beside it knows {trigger}: {files}"
