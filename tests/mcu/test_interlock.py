"""The interlock, the simulated board's wiring and a broken chip. What it promises: scenarios/interlocking.py."""

import board as pins
import interlock
import pytest
import simboard
import simwire
from backend_virtual import VirtualBackend


def test_the_simulated_board_is_wired_as_the_program_believes() -> None:
    assert pins.RELAY_PINS == simwire.RELAY_GPIOS
    assert pins.FAULT_PINS == simwire.FED_GPIOS
    assert pins.FAULT_FEED_PIN == simwire.FEED_GPIO
    assert pins.ADC_PINS == simwire.ADC_GPIOS
    assert (pins.LIGHT_PINS, pins.SERVO_PINS) == (simwire.LIGHT_GPIOS, simwire.SERVO_GPIOS)
    assert pins.DROP_PINS == simwire.DROP_GPIOS
    assert pins.SPI_ID == simwire.SPI_ID
    assert (pins.SPI_SCK_PIN, pins.SPI_MOSI_PIN, pins.SPI_MISO_PIN, pins.SPI_CS_PIN) == (
        simwire.SPI_SCK_GPIO,
        simwire.SPI_MOSI_GPIO,
        simwire.SPI_MISO_GPIO,
        simwire.SPI_CS_GPIO,
    )
    assert tuple(range(simwire.SPI_CHANNELS)) == pins.MCP3208_CHANNELS


def test_a_machine_that_does_not_start_is_an_error(world: VirtualBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chip whose state machine 2 hangs at another address."""
    monkeypatch.setattr(simboard.board().machines[2], "address", lambda: 5)
    with pytest.raises(RuntimeError, match="relay machine 2 did not start"):
        interlock.Interlock(pins)
    assert simboard.board().bank.pins == [0, 0, 0, 0]


def test_permits_are_four_cycles_a_step_at_the_chips_clock(world: VirtualBackend) -> None:
    guard = interlock.Interlock(pins)
    guard.arm(1)
    guard.permit(0, 1000)
    ((_, _, relay, word),) = world.records(simwire.PERMIT)
    assert (relay, word) == (0, 1000 * 125 // 4)
