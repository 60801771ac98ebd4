"""The interlock alone on the chip, no program around it: what the PIO machines do whatever the processor does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .lab.client import MS, RELAY_PINS, Chip, S
from .lab.images import idle_image, taken
from .lab.repl import Repl
from .measures import fault_to_pin_ns

FAULT_TO_PIN_NS = 60
PERMIT_US = 50_000
TOLERANCE_NS = 16  # of a permit: two cycles
ERASES = 3  # each 45 ms with every interrupt off: together longer than any permit
_SETUP = taken("board", "interlock.Interlock") + "import rp2\ni = Interlock(board)\nflash = rp2.Flash()\n"
_PAUSE = "import time\ntime.sleep_ms(20)\n"  # for the REPL's own answer to get out
_CLOSE = f"i.arm(1)\ni.permit(0, {PERMIT_US})\ni.permit(1, {PERMIT_US})\n"
_ERASE = f"for block in range(341, 341 + {ERASES}):\n    flash.ioctl(6, block)\n"  # the last blocks hold no file here


@pytest.fixture(scope="module")
def bare(uf2: Path) -> Iterator[tuple[Chip, Repl]]:
    """At the REPL, with an Interlock."""
    with Chip(idle_image(uf2, _SETUP, _CLOSE)) as chip:
        repl = Repl(chip)
        repl.enter()
        repl.run(_SETUP)
        yield chip, repl


def test_a_fault_drops_both_pins_within_60_ns_at_any_phase(uf2: Path) -> None:
    delays = fault_to_pin_ns(uf2, rounds=16)
    assert len(delays) == 32
    assert max(delays) <= FAULT_TO_PIN_NS
    assert min(delays) > 0


def test_making_the_interlock_moves_no_relay_pin(bare: tuple[Chip, Repl]) -> None:
    chip, _ = bare
    assert [edge for edge in chip.edges if edge.pin in RELAY_PINS and edge.level] == []


def test_a_permit_ends_on_time_while_the_flash_is_being_erased(bare: tuple[Chip, Repl]) -> None:
    chip, repl = bare
    before, _ = chip.flash_counts()
    since = chip.ns
    repl.run(_CLOSE + _ERASE, 5 * S)
    after, _ = chip.flash_counts()
    assert after - before >= ERASES
    assert chip.ns - since > ERASES * 45 * MS
    for pin in RELAY_PINS[:2]:
        rose, fell = (edge for edge in chip.edges if edge.pin == pin and edge.ns >= since)
        assert (rose.level, fell.level) == (1, 0)
        assert fell.ns - rose.ns == pytest.approx(PERMIT_US * 1000, abs=TOLERANCE_NS)


def test_a_fault_drops_both_pins_while_the_flash_is_being_erased(bare: tuple[Chip, Repl]) -> None:
    chip, repl = bare
    before, _ = chip.flash_counts()
    repl.start(_PAUSE + _CLOSE + _ERASE)
    chip.run_until(lambda: chip.flash_counts()[0] > before and chip.relays()[:2] == (1, 1), "erase", 100 * MS)
    at = chip.ns + 1000
    chip.loop(1, False, at_ns=at)
    chip.run(10_000)
    chip.loop(1, True)
    assert [0 < edge.ns - at <= FAULT_TO_PIN_NS for edge in chip.falls(at)] == [True, True]
    chip.run(300 * MS)  # to the end of the erases
    assert chip.relays() == (0, 0, 0, 0)
