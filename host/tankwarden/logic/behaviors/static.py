"""The behavior `static`: one level, always."""

from collections.abc import Sequence
from typing import Protocol

from tankwarden.logic.behaviors.sky import Sky


class Parameters(Protocol):
    """As config_lights.Static."""

    @property
    def level_percent(self) -> float: ...


def level(_at_ms: int, parameters: Parameters, _sky: Sky, _seed: int) -> float:
    """Percent, 0 to 100."""
    return parameters.level_percent


def edges(_start_ms: int, _end_ms: int, _parameters: Parameters, _sky: Sky) -> Sequence[int]:
    """There are none."""
    return ()


def why(parameters: Parameters) -> str:
    return f"always {parameters.level_percent:g} %"
