"""The relay program's own figures, in cycles of the PIO emulator: a fault until the pin is low, and a permit's end."""

import sys

from common import ROOT, figure

PHASES = 8
PERMITS = (*range(1, 64), 100, 3125)


def measure() -> None:
    shims = ROOT / "host" / "tankwarden" / "sim" / "shims"
    sys.path[0:0] = [str(shims), str(ROOT / "mcu"), str(ROOT / "protocol"), str(ROOT)]
    import chip_time

    chip_time.install()
    import interlock

    words = interlock.relay_program[0]
    figure("firmware.fault_to_pin_cycles", max(_fault_cycles(words, phase) for phase in range(PHASES)), "cycles")
    errors = [_first_permit_error(words, permit) for permit in PERMITS]
    errors += [_renewal_error(words, permit, phase) for permit in PERMITS for phase in range(PHASES)]
    figure("firmware.permit_end_error_cycles", max(errors), "cycles")


def _fault_cycles(words: list[int], phase: int) -> int:
    from tests.mcu.relay_emulator import EmulatedRelay

    relay = EmulatedRelay(words).step(8).arm().put(1000).step(4 + phase)
    assert relay.level == 1
    relay.line = False
    return relay.step_until(lambda r: r.level == 0, 20)


def _first_permit_error(words: list[int], permit: int) -> int:
    """Of the time for which the pin is high, against the nominal four cycles a step."""
    from tests.mcu.relay_emulator import EmulatedRelay

    relay = EmulatedRelay(words).step(8).arm().put(permit).step(4 * permit + 40)
    (rose, _), (fell, _) = relay.edges
    return abs(fell - rose - 4 * permit)


def _renewal_error(words: list[int], permit: int, phase: int) -> int:
    """As above, from the cycle in which the machine takes the new permit from its FIFO."""
    from tests.mcu.relay_emulator import EmulatedRelay

    relay = EmulatedRelay(words).step(8).arm().put(2000).step(4 + phase).put(permit)
    relay.step_until(lambda r: not r.state.transmit_fifo, 8)
    taken = relay.steps
    relay.step(4 * permit + 40)
    return abs(relay.edges[-1][0] - taken - 4 * permit)
