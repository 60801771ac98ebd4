"""Over-current in hardware and in the hard timer: from a step at the converter's input until every relay pin is low."""

from pathlib import Path

from .measures import coarse_overcurrent_us, fine_overcurrent_us

COARSE_US, FINE_US = 50, 1000


def test_the_comparator_drops_every_relay_with_the_processor_stopped(uf2: Path) -> None:
    assert max(coarse_overcurrent_us(uf2, rounds=6)) <= COARSE_US


def test_the_comparator_drops_every_relay_during_a_flash_erase(uf2: Path) -> None:
    assert max(coarse_overcurrent_us(uf2, rounds=2, erasing=True)) <= COARSE_US


def test_the_hard_timer_drops_every_relay_while_the_processor_collects_and_talks(uf2: Path) -> None:
    assert max(fine_overcurrent_us(uf2, rounds=10)) <= FINE_US
