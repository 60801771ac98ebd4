"""What mcu/interlock.py promises about relay pins, permits and fault lines."""

import backend_virtual
import board as pins
import interlock
import simboard
import simwire


class World:
    """A board with its interlock. high: relay pins that were ever high."""

    def __init__(self):
        self.backend = backend_virtual.VirtualBackend()
        self.board = simboard.use(self.backend)
        self.backend.set_loop(1, True)
        self.backend.set_loop(2, True)
        self.backend.on_record = self._on_record
        self.high = 0
        self.interlock = interlock.Interlock(pins)

    def _on_record(self, *_record):
        for relay in range(4):
            if self.board.bank.pins[relay]:
                self.high |= 1 << relay

    def closed(self):
        """A world whose four relays have been armed and given 100 ms."""
        for circuit in (1, 2):
            assert self.interlock.arm(circuit)
        for relay in range(4):
            self.interlock.permit(relay, 100_000)
        assert self.interlock.pins() == 15
        return self


def scenario_pins_are_low_before_during_and_after_construction():
    world = World()
    assert world.high == 0
    kinds = [(kind, gpio) for _, kind, gpio, _ in world.backend.records()]
    for gpio in pins.RELAY_PINS:
        driven_low = kinds.index((simwire.PIN, gpio))
        handed_over = [i for i in range(len(kinds)) if kinds[i] == (simwire.FUNCTION, gpio)][-1]
        assert driven_low < handed_over
    assert world.interlock.pins() == 0
    assert world.interlock.latched(1)
    assert world.interlock.latched(2)


def scenario_nothing_closes_without_arming():
    world = World()
    for relay in range(4):
        world.interlock.permit(relay, 100_000)
    assert world.high == 0
    assert world.interlock.pins() == 0


def scenario_each_relay_has_its_own_bit():
    world = World()
    world.interlock.arm(1)
    world.interlock.arm(2)
    for relay in range(4):
        world.interlock.permit(relay, 50_000)
        assert world.interlock.pins() == (2 << relay) - 1


def scenario_a_permit_ends_by_itself_to_the_microsecond():
    world = World().closed()
    world.backend.advance(99_998)
    assert world.interlock.pins() == 15
    world.backend.advance(3)
    assert world.interlock.pins() == 0


def scenario_a_renewed_permit_goes_on():
    world = World().closed()
    for _ in range(100):
        world.backend.advance(50_000)
        for relay in range(4):
            world.interlock.permit(relay, 100_000)
        assert world.interlock.pins() == 15


def scenario_no_permit_is_longer_than_100_ms():
    world = World()
    world.interlock.arm(1)
    world.interlock.permit(0, 1_000_000_000)
    world.backend.advance(100_002)
    assert world.interlock.pins() == 0


def scenario_0_or_less_drops_at_once():
    for us in (0, -1, -1_000_000):
        world = World().closed()
        world.interlock.permit(1, us)
        assert world.interlock.pins() == 0b1101
        assert world.interlock.latched(1)


def scenario_dropping_a_waiting_relay_does_not_pulse_it():
    world = World()
    world.interlock.arm(1)
    world.interlock.permit(0, 0)
    assert world.high == 0
    assert world.interlock.latched(1)
    assert world.backend.records(simwire.PERMIT) == []


def scenario_drop_all_drops_all():
    world = World().closed()
    world.interlock.drop_all()
    assert world.interlock.pins() == 0
    assert world.interlock.latched(1)
    assert world.interlock.latched(2)


def scenario_a_fault_drops_both_relays_of_its_circuit_only():
    world = World().closed()
    world.backend.set_loop(1, False)
    assert world.interlock.pins() == 0b1100
    assert not world.interlock.fault_line(1)
    assert world.interlock.fault_line(2)
    assert world.interlock.latched(1)
    assert not world.interlock.latched(2)


def scenario_a_mended_line_does_not_close_again():
    world = World().closed()
    world.backend.set_loop(2, False)
    assert world.interlock.pins() == 0b0011
    world.backend.set_loop(2, True)
    world.interlock.permit(2, 100_000)
    world.interlock.permit(3, 100_000)
    assert world.interlock.fault_line(2)
    assert world.interlock.pins() == 0b0011


def scenario_arming_into_a_fault_is_refused():
    world = World()
    world.backend.set_loop(1, False)
    before = world.backend.written
    assert world.interlock.arm(1) is False
    assert world.backend.records(simwire.REARM) == []
    assert world.backend.written == before
    assert world.interlock.latched(1)


def scenario_permits_to_a_latched_relay_are_forgotten():
    world = World()
    for _ in range(10):
        world.interlock.permit(0, 100_000)
    world.interlock.arm(1)
    assert world.interlock.pins() == 0
    assert not world.interlock.latched(1)


def scenario_rearming_opens_what_is_closed():
    world = World().closed()
    world.interlock.arm(1)
    assert world.interlock.pins() == 0b1100


def scenario_the_feed_shows_a_line_that_is_short_to_3v3():
    world = World()
    world.interlock.feed(False)
    assert not world.interlock.fault_line(1)
    assert not world.interlock.fault_line(2)
    world.backend.set_stuck(2, True)
    assert not world.interlock.fault_line(1)
    assert world.interlock.fault_line(2)
    world.interlock.feed(True)
    assert world.interlock.fault_line(1)


def scenario_without_feed_every_relay_drops():
    world = World().closed()
    world.interlock.feed(False)
    assert world.interlock.pins() == 0


def scenario_a_dip_that_only_the_hardware_saw_is_found():
    """The world says so through TRUTH: its own model latched between two of our reads."""
    world = World().closed()
    truth = world.board.bank.truth()
    world.backend.words[simwire.W_TRUTH] = truth | 1 << 2
    assert world.interlock.pins() == 0b1011
    assert world.interlock.latched(2)


def scenario_an_older_truth_is_not_believed():
    world = World().closed()
    world.backend.words[simwire.W_TRUTH] = (world.board.bank.truth() | 15) - 16
    assert world.interlock.pins() == 15


def scenario_the_clock_may_wrap():
    world = World()
    world.backend.clock_us = (1 << 30) - 50_000
    world.closed()
    world.backend.advance(99_000)
    assert world.interlock.pins() == 15
    world.backend.advance(1_100)
    assert world.interlock.pins() == 0


def scenario_nothing_but_the_constructor_allocates():
    world = World().closed()
    world.backend.on_record = None

    def everything():
        guard = world.interlock
        for circuit in (1, 2):
            guard.arm(circuit)
            guard.latched(circuit)
            guard.fault_line(circuit)
        for relay in range(4):
            guard.permit(relay, 100_000)
            guard.permit(relay, 0)
        guard.pins()
        guard.feed(False)
        guard.feed(True)
        guard.drop_all()
        world.backend.advance(1000)

    import micropython

    everything()
    micropython.heap_lock()
    everything()
    micropython.heap_unlock()


def scenario_either_relay_latched_is_a_latched_circuit():
    for relay in range(4):
        world = World().closed()
        world.interlock.permit(relay, 0)
        assert world.interlock.latched(1) == (relay < 2)
        assert world.interlock.latched(2) == (relay >= 2)
