"""The hard timer's scan as numbers: samples, time and pins in, relays to drop and what the loop must know out."""

from array import array

import micropython
import scan
from scan import (
    ALL,
    BREAKER,
    CARRIER,
    FIRED,
    GAP_US_MAX,
    HITS,
    HOLD_US,
    LEFT_US,
    MOST,
    ORIGIN,
    OVER,
    PEAK,
    PULLED,
    QUIET,
    RING,
    SCANS,
    SLIPS,
    STARVED,
    TICK_US,
)  # fmt: skip

from tanklink.config import Config

ADDRESS = 0x20014000
ROUND = (372, 372, 2048, 876)
LIMIT = 3276
ROUNDS_A_TICK = 25


class Ring:
    """A ring that is filled as the converter does, and the state that looks at it."""

    def __init__(self):
        self.samples = array("H", bytes(2 * RING))
        self.at = 0
        self.now_us = (1 << 30) - 20 * TICK_US  # the ticks wrap meanwhile
        self.state = scan.new_state()
        self.state[ORIGIN] = ADDRESS
        self.state[scan.LAST_US] = self.now_us
        self.pins = 0
        self.fill(128)
        self.look(us=3000)
        self.state[GAP_US_MAX] = 0

    def fill(self, rounds, one=372, two=372, reference=2048, die=876):
        for _ in range(rounds):
            for x in (one, two, reference, die):
                self.samples[self.at] = x
                self.at = (self.at + 1) & 511

    def add(self, *samples):
        """Single samples, as they come."""
        for x in samples:
            self.samples[self.at] = x
            self.at = (self.at + 1) & 511

    def look(self, us=TICK_US, pulls=0):
        self.now_us = (self.now_us + us) & 0x3FFFFFFF
        return scan.scan(self.state, self.samples, ADDRESS + 2 * self.at, self.now_us, self.pins, pulls)

    def tick(self, **samples):
        self.fill(ROUNDS_A_TICK, **samples)
        return self.look()

    def limited(self):
        self.state[MOST] = self.state[MOST + 1] = LIMIT
        return self

    def fired(self):
        return self.state[FIRED], self.state[FIRED + 1]


def scenario_currents_below_their_limits_are_left_alone():
    ring = Ring().limited()
    for _ in range(100):
        assert ring.tick(one=LIMIT, two=LIMIT) == 0
    assert ring.fired() == (0, 0)
    assert ring.state[SCANS] == 101
    assert ring.state[GAP_US_MAX] == TICK_US


def scenario_three_samples_in_a_row_drop_everything():
    for circuit in (0, 1):
        ring = Ring().limited()
        sample = [372, 372, 2048, 876]
        sample[circuit] = LIMIT + 1
        ring.fill(10)
        for _ in range(3):
            ring.add(*sample)
        ring.fill(10)
        assert ring.look() == ring.state[ALL] == 0b111100
        assert ring.fired() == ((LIMIT + 1, 0) if circuit == 0 else (0, LIMIT + 1))


def scenario_two_in_a_row_do_not():
    ring = Ring().limited()
    for _ in range(20):
        ring.fill(2, one=4000)
        ring.fill(1)
        ring.fill(2, two=4000)
        ring.fill(1)
        assert ring.look() == 0
    assert ring.fired() == (0, 0)


def scenario_samples_of_the_two_circuits_are_not_added_up():
    ring = Ring().limited()
    ring.fill(2, one=4000)
    ring.fill(2, two=4000)
    assert ring.look() == 0


def scenario_samples_in_a_row_are_counted_across_looks_and_round_the_ring():
    for lead in range(0, 128, 5):
        ring = Ring().limited()
        ring.fill(lead)
        ring.look(us=20 * lead)
        ring.fill(10)
        ring.fill(2, two=3500)
        assert ring.look() == 0
        assert ring.state[HITS + 1] == 2
        ring.fill(1, two=3500)
        assert ring.look() == ring.state[ALL]
        assert ring.fired() == (0, 3500)


def scenario_a_round_that_is_not_whole_waits_for_the_next_look():
    ring = Ring().limited()
    ring.fill(5)
    ring.fill(2, one=4000)
    ring.add(4000)
    assert ring.look() == 0
    ring.add(372, 2048, 876)
    assert ring.look() == ring.state[ALL]


def scenario_the_peak_is_that_of_the_whole_ring():
    ring = Ring().limited()
    ring.fill(1, one=4001)
    ring.fill(5)
    ring.fill(3, one=3300)
    ring.fill(5)
    ring.look()
    assert ring.fired() == (4001, 0)


def scenario_the_first_peak_stays_until_it_is_taken():
    ring = Ring().limited()
    ring.tick(one=3300)
    ring.tick(one=3900)
    assert ring.fired() == (3300, 0)
    ring.state[FIRED] = 0
    assert ring.tick(one=3900) == ring.state[ALL]
    assert ring.fired() == (3900, 0)


def scenario_a_circuit_without_a_limit_never_fires():
    ring = Ring()
    assert ring.tick(one=4095, two=4095) == 0
    assert ring.fired() == (0, 0)


def scenario_after_a_long_pause_the_whole_ring_is_looked_at():
    """Interrupts were off for longer than the ring is: what is in it is all there is."""
    ring = Ring().limited()
    ring.fill(128 * 7 + 25)
    ring.fill(3, one=4000)
    ring.fill(100)
    assert ring.look(us=20 * (128 * 8)) == ring.state[ALL]
    assert ring.fired() == (4000, 0)


def scenario_a_pause_of_just_one_ring_hides_nothing():
    """The place where the next sample goes is the same as before: time tells the difference."""
    ring = Ring().limited()
    ring.fill(60)
    ring.fill(3, two=4000)
    ring.fill(65)
    assert ring.look(us=2560) == ring.state[ALL]
    assert ring.fired() == (0, 4000)


def scenario_samples_that_stop_are_noticed():
    ring = Ring()
    ring.tick()
    assert ring.state[QUIET] == 0
    ring.look()
    ring.look()
    assert ring.state[QUIET] == 2
    ring.tick()
    assert ring.state[QUIET] == 0


def scenario_a_timer_that_catches_up_finds_no_fault_in_that():
    ring = Ring()
    for us in (30, 60, 90):
        ring.look(us=us)
    assert ring.state[QUIET] == 0


def scenario_samples_out_of_place_are_noticed():
    for lost in (1, 2, 3):
        ring = Ring()
        ring.tick()
        assert ring.state[SLIPS] == 0
        ring.at = (ring.at + lost) & 511
        ring.tick()
        ring.tick()
        assert ring.state[SLIPS] == 1, lost
        assert ring.state[scan.ASTRAY] == 2
        ring.at = (ring.at - lost) & 511
        ring.tick()
        assert ring.state[scan.ASTRAY] == 0
        assert ring.state[SLIPS] == 1


def scenario_reference_and_die_are_checked_on_both_sides():
    for kind, least, most in (("reference", 1920, 2176), ("die", 650, 1100)):
        for counts, right in ((least - 1, False), (least, True), (most, True), (most + 1, False), (0, False)):
            ring = Ring()
            ring.tick(**{kind: counts})
            assert (ring.state[SLIPS] == 0) is right, (kind, counts)


def scenario_a_comparator_that_pulls_is_remembered_with_its_peaks():
    ring = Ring()
    ring.fill(20)
    ring.fill(1, two=3800)
    ring.fill(4)
    assert ring.look(pulls=OVER) == ring.state[ALL]
    assert (ring.state[PULLED], ring.state[PEAK], ring.state[PEAK + 1]) == (OVER, 372, 3800)
    ring.fill(128)
    ring.look(pulls=STARVED)
    assert (ring.state[PULLED], ring.state[PEAK + 1]) == (OVER, 3800)
    ring.state[PULLED] = 0
    ring.look(pulls=STARVED)
    assert (ring.state[PULLED], ring.state[PEAK + 1]) == (STARVED, 372)


def scenario_relays_hold_no_longer_than_their_lease():
    for c in range(2):
        ring = Ring()
        breaker, carrier = ring.state[BREAKER + c], ring.state[CARRIER + c]
        ring.pins = breaker | carrier
        ring.state[LEFT_US + c] = 10 * TICK_US
        ring.state[HOLD_US + c] = 20 * TICK_US
        drops = [ring.tick() for _ in range(22)]
        assert drops == [0] * 9 + [breaker] * 10 + [breaker | carrier] * 3
        ring.pins = 0
        assert ring.tick() == 0


def scenario_a_relay_without_any_lease_falls_at_the_next_look():
    ring = Ring()
    ring.pins = ring.state[ALL]
    assert ring.look() == ring.state[ALL]


def scenario_a_lease_goes_by_time_not_by_looks():
    ring = Ring()
    ring.pins = ring.state[BREAKER]
    ring.state[LEFT_US] = ring.state[HOLD_US] = 2_000_000
    assert ring.look(us=1_999_999) == 0
    assert ring.look(us=1) == ring.state[BREAKER]


def scenario_other_pins_mean_nothing():
    ring = Ring()
    ring.pins = 0x3FFFFFFF & ~ring.state[ALL]
    assert ring.look() == 0


def scenario_a_look_allocates_nothing():
    ring = Ring().limited()
    ring.fill(3, one=4000)
    state, samples, address = ring.state, ring.samples, ADDRESS + 2 * ring.at
    micropython.heap_lock()
    try:
        drop = scan.scan(state, samples, address, 7, 0x3FFFFFFF, OVER)
        scan.mean(samples, 4, 4)
    finally:
        micropython.heap_unlock()
    assert drop == state[ALL]
    assert state[PULLED] == OVER


def scenario_the_mean_is_rounded_and_goes_round_the_ring():
    ring = Ring()
    for i in range(0, 512, 4):
        ring.samples[i + 1] = 3000 + i
    assert scan.mean(ring.samples, 1, 0) == 3000
    assert scan.mean(ring.samples, 61, 4) == 3000 + 30
    assert scan.mean(ring.samples, 5, 2) == (3000 + 3004 + 3504 + 3508 + 2) // 4


def scenario_counters_stop_before_they_grow_too_large():
    ring = Ring()
    ring.state[SCANS] = ring.state[SLIPS] = ring.state[QUIET] = 1_000_000
    ring.look()
    assert (ring.state[SCANS], ring.state[QUIET]) == (1_000_000, 1_000_000)


def scenario_a_limit_in_counts_is_the_last_that_is_within():
    config = Config()
    for index, (counts, value) in enumerate(((372, 0), (4068, 14_000))):
        assert config.set_point([0, index, counts, value])
    for limit_ma in (1, 1000, 11_000, 13_999):
        most = scan.most_counts(config, 0, limit_ma)
        assert config.scale(0, most) <= limit_ma < config.scale(0, most + 1)
    assert scan.most_counts(config, 0, 15_000) == 4095  # beyond the sensor: the comparator's ceiling is what counts
    assert scan.most_counts(config, 0, -10_000) == 0
