"""What opens a circuit between two passes: the hard timer and the comparator; and how the loop names it afterwards."""

import simboard
import simwire
from scan import KEPT_AT, KEPT_TICKS, OVER
from tripping import OPEN_PINS, expect, running
from virtual_rig import Rig

SHORT_US = 2_500  # less than half a pass


def _let(rig, us=1000):
    """Time in which the processor runs interrupts only."""
    rig.backend.advance(us)
    rig.program.ticks_us()


def _fault(rig, bits):
    rig.backend.words[simwire.W_FAULTS] = bits


def _reset(rig):
    rig.run(2100)
    rig.accepted("RESET_TRIP", rig.program.journal.standing_id())
    assert rig.state() == "disarmed"


def scenario_over_current_for_less_than_a_pass():
    """The loop finds the circuit open and the current gone, and names it all the same."""
    for circuit in (1, 2):
        rig = running(circuit)
        rig.set(circuit, amps=12, volts=330)
        _let(rig, 1500)
        assert rig.pins() == OPEN_PINS
        rig.set(circuit, amps=0, volts=340)
        _let(rig)
        expect(rig, "over_current", f"current_{circuit}", circuit, 11_900, 12_100, 11_000)
        _reset(rig)
        rig = None


def scenario_just_below_the_limit_it_holds():
    rig = running()
    rig.set(1, amps=10.9, volts=340)
    rig.run(200)
    assert rig.pins() == (1, 1, 0, 0)


def scenario_beyond_the_coarse_ceiling_the_processor_is_not_needed():
    """The comparator pulls the fault lines, and that is not taken for a broken line."""
    for circuit in (1, 2):
        rig = running(circuit)
        assert rig.program.interlock.fault_line(circuit)
        rig.program.overcurrent._timer.deinit()
        rig.set(circuit, amps=13, volts=330)
        rig.backend.advance(60)
        simboard.board().refresh_samples()
        assert rig.pins() == OPEN_PINS
        rig.program.overcurrent._timer.init(freq=2000, hard=True, callback=rig.program.overcurrent._tick)
        expect(rig, "over_current", f"current_{circuit}", circuit, 12_900, 13_100, 11_000)
        rig.set(circuit, amps=0, volts=340)
        _reset(rig)
        rig = None


def scenario_an_input_of_no_circuit_is_not_blamed_on_a_line():
    """What comes in where nothing is configured meets the comparator too: the circuit that it opened is named."""
    rig = Rig()
    rig.armed(circuits=(1,))
    rig.closed(1, 4000)
    rig.set(1, amps=8.5, volts=272)
    rig.run(50)
    rig.set_open(2, amps=14)
    _let(rig, 600)
    rig.set_open(2, amps=0)
    expect(rig, "over_current", "current_1", 1, 12_600, 12_700, 11_000)


def scenario_a_board_without_circuits_judges_nothing():
    rig = Rig()
    rig.hello()
    rig.set_open(1, amps=14)
    rig.run(100)
    assert rig.state() == "disarmed"
    assert rig.events()[-1].name == "BOOT"


STARVED, TIMER_UNSEEN = 1, 3  # of adc_stopped: who saw it


def scenario_a_converter_that_stops():
    rig = running()
    _fault(rig, simwire.FAULT_ADC_STOP)
    _let(rig, 600)
    assert rig.pins() == OPEN_PINS
    expect(rig, "adc_stopped", "adc", 0, 0, STARVED, 0)
    _fault(rig, 0)
    _reset(rig)


def scenario_a_timer_that_stops():
    rig = running()
    rig.program.overcurrent._timer.deinit()
    rig.run(20)
    assert rig.state() == "armed"
    rig.run(20)
    expect(rig, "adc_stopped", "adc", 0, 0, TIMER_UNSEEN, 0)


def scenario_samples_in_the_wrong_place():
    rig = running()
    _fault(rig, simwire.FAULT_ADC_SLIP)
    rig.run(20)
    expect(rig, "adc_slot", "adc", 0, 3, 100, 0)
    assert rig.program.overcurrent.slips() == 1
    _fault(rig, 0)
    _reset(rig)


def scenario_a_lost_sample_is_mended_by_a_new_beginning():
    rig = running()
    _fault(rig, simwire.FAULT_ADC_OVER)
    rig.run(20)
    expect(rig, "adc_slot", "adc", 0, 1, 1, 0)
    _fault(rig, 0)
    assert rig.program.sampler.slipped() == 1  # the flag stays until the ring is begun anew
    rig.run(3200)
    assert rig.program.sampler.slipped() == 0
    assert rig.program.sampler.slips == 1
    rig.accepted("RESET_TRIP", rig.program.journal.standing_id())


def scenario_a_lease_that_the_loop_forgets_to_end():
    """The hard timer counts it down too, whatever the loop goes on to renew."""
    rig = running()
    rig.lease(1, 400)
    rig.run(10)
    rig.program.circuits[0].end_s += 100
    rig.run(380)
    assert rig.pins() == (1, 1, 0, 0)
    rig.run(20)
    assert rig.pins()[0] == 0
    rig = None


def scenario_the_comparator_can_be_made_to_pull():
    """For the self-test, which needs no current for it."""
    rig = Rig()
    lines, comparator = rig.program.interlock, rig.program.sampler.comparator
    assert not comparator.pulls()
    comparator.provoke()
    assert comparator.pulls() == OVER
    assert not lines.fault_line(1)
    assert not lines.fault_line(2)
    comparator.release()
    assert not comparator.pulls()
    assert lines.fault_line(1)


def scenario_the_black_box_gets_a_row_a_tick():
    rig = running()
    ring = rig.program.black_box.ring
    before = ring.state[KEPT_AT]
    _let(rig, 5000)
    after = ring.state[KEPT_AT]
    assert 9 <= (after - before) % KEPT_TICKS <= 11
    newest = 8 * ((after - 1) % KEPT_TICKS)
    assert list(ring.samples[newest : newest + 8]) == list(rig.program.sampler.counts)


def scenario_figures_for_health():
    rig = running()
    rig.run(2100)
    budget = rig.last("BUDGET")
    assert 1950 <= budget.scans <= 2050, budget.scans
    assert 400 <= budget.scan_gap_us_max <= 600, budget.scan_gap_us_max
    assert budget.ring_slips == 0
    _fault(rig, simwire.FAULT_ADC_SLIP)
    rig.run(1100)
    assert rig.last("BUDGET").ring_slips == 1


def scenario_the_timer_never_raised():
    rig = running()
    rig.set(1, amps=12, volts=330)
    rig.run(300)
    assert rig.backend.interrupts.failed == 0
