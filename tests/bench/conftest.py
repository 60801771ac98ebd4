"""One simulated Pico for each file of tests."""

from collections.abc import Iterator

import pytest
from bench_kit import Sim, running_sim


@pytest.fixture(scope="module")
def sim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sim]:
    with running_sim(tmp_path_factory.mktemp("bench")) as sim:
        yield sim


@pytest.fixture
def healthy(sim: Sim) -> Iterator[Sim]:
    """The simulated Pico, and whatever was broken is mended after the test."""
    yield sim
    sim.fault("clear")
