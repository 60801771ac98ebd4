"""The thermostat: hysteresis, a trend that one spike cannot fool, and never any heat without good readings."""

from collections.abc import Sequence
from statistics import median

from hypothesis import given
from hypothesis import strategies as st

from tankwarden.logic.claims import Output, Priority, resolve
from tankwarden.logic.quality import Quality
from tankwarden.logic.safety import probe_claim, trip_claim
from tankwarden.logic.thermostat import Sample, Settings, State, Verdict, step

SETTINGS = Settings(target_degf=135.0, hysteresis_degf=5.0, samples=3)
COLD, BETWEEN, HOT = 120.0, 132.0, 136.0


def run(
    readings: Sequence[float | None], state: State | None = None, settings: Settings = SETTINGS
) -> tuple[State, list[Verdict]]:
    """One reading a second; None = none that is good."""
    state = state or State()
    begin_s = state.samples[-1].at_s + 1 if state.samples else 0.0
    verdicts = []
    for number, degf in enumerate(readings):
        at_s = begin_s + number
        state, verdict = step(settings, state, None if degf is None else Sample(at_s, degf), round(at_s * 1000))
        verdicts.append(verdict)
    return state, verdicts


def values(readings: Sequence[float | None]) -> list[bool]:
    return [verdict.value for verdict in run(readings)[1]]


def test_it_does_not_heat_before_the_first_readings() -> None:
    """xlyric dimmer #56: it heated before there was any."""
    assert values([None, None, None]) == [False, False, False]
    assert values([COLD, COLD]) == [False, False]


def test_it_heats_when_all_of_n_readings_agree() -> None:
    assert values([COLD, COLD, COLD, COLD]) == [False, False, True, True]


def test_it_stays_on_between_the_thresholds_and_goes_off_above_the_target() -> None:
    assert values([COLD] * 3 + [BETWEEN] * 5 + [135.0] * 3) == [False] * 2 + [True] * 9
    assert values([COLD] * 3 + [BETWEEN] * 3 + [HOT, HOT]) == [False] * 2 + [True] * 5 + [False]


def test_it_stays_off_between_the_thresholds() -> None:
    assert not any(values([BETWEEN] * 10))
    assert not any(values([130.0] * 10))  # on *below* target − hysteresis


def test_one_spike_starts_nothing() -> None:
    """xlyric dimmer #9: a spurious −127 °C."""
    assert not any(values([BETWEEN] * 3 + [-196.6] + [BETWEEN] * 3 + [-196.6, -196.6] + [BETWEEN] * 3))


def test_one_spike_stops_nothing() -> None:
    assert all(values([COLD] * 3 + [185.0] + [COLD] * 3)[2:])


def test_a_lost_reading_stops_it_at_once_and_the_trend_begins_anew() -> None:
    """Home Assistant core#63419: it kept heating when the sensor was lost. freeds#113: it never resumed."""
    assert values([COLD] * 4 + [None] + [COLD] * 4) == [False] * 2 + [True] * 2 + [False] + [False] * 2 + [True] * 2


def test_the_same_reading_again_is_no_second_opinion() -> None:
    """The control tick comes more often than readings do."""
    state = State()
    for now_ms in range(0, 5000, 100):
        state, verdict = step(SETTINGS, state, Sample(1.0, COLD), now_ms)
        assert not verdict.value
    assert len(state.samples) == 1


def test_a_lower_target_acts_on_the_next_step() -> None:
    state, _ = run([COLD] * 3)
    lower = Settings(target_degf=110.0, hysteresis_degf=5.0, samples=3)
    _, verdicts = run([COLD], state, lower)
    assert [verdict.value for verdict in verdicts] == [False]


def test_the_state_that_goes_in_is_not_changed() -> None:
    state, _ = run([COLD] * 3)
    before = repr(state)
    step(SETTINGS, state, None, 9000)
    assert repr(state) == before


def test_since_is_when_it_changed_its_mind() -> None:
    _, verdicts = run([COLD] * 5 + [HOT] * 3)
    assert [verdict.since_ms for verdict in verdicts] == [0, 0, 2000, 2000, 2000, 2000, 6000, 6000]


def test_a_clock_set_back_does_not_put_its_claim_into_the_future() -> None:
    """It would not count until the clock had caught up, and the tank would go cold."""
    state, _ = run([COLD] * 3)
    _, verdict = step(SETTINGS, state, Sample(3.0, COLD), -3_600_000)
    assert verdict.value
    assert resolve([verdict.claim(OUTPUT.id)], -3_600_000, OUTPUT).value is True


def test_it_says_why() -> None:
    _, verdicts = run([None, COLD, COLD, COLD, HOT, HOT])
    assert [verdict.why for verdict in verdicts] == [
        "there is no good reading of the temperature",
        "1 of the 3 good readings it needs to judge the trend",
        "2 of the 3 good readings it needs to judge the trend",
        "120.0 °F, heats to 135.0 °F",
        "120.0 °F, heats to 135.0 °F",
        "136.0 °F, heats when below 130.0 °F",
    ]


def test_its_claim_is_regulation() -> None:
    claim = run([COLD] * 3)[1][-1].claim("circuit-1")
    assert (claim.output, claim.value, claim.priority, claim.source) == (
        "circuit-1", True, Priority.REGULATION, "thermostat",
    )  # fmt: skip
    assert (claim.since_ms, claim.until_ms) == (2000, None)


@given(st.lists(st.none() | st.floats(-200, 300), max_size=40))
def test_it_never_heats_but_on_a_trend(readings: list[float | None]) -> None:
    """Whatever the sensor says: on needs a reading now, starting needs N that agree, and above the target is off."""
    state, heating = State(), False
    for number, degf in enumerate(readings):
        state, verdict = step(SETTINGS, state, None if degf is None else Sample(number, degf), number * 1000)
        last = readings[max(0, number - 2) : number + 1]
        if verdict.value:
            good = [reading for reading in last if reading is not None]
            assert degf is not None
            assert median(good) <= SETTINGS.target_degf
            if not heating:
                assert len(good) == 3
                assert max(good) < 130.0
        heating = verdict.value


# -- with the resolver ------------------------------------------------------------------------------------------

OUTPUT = Output("circuit-1")


def test_a_probe_that_is_not_ok_is_off_over_everybody() -> None:
    """reef-pi #1467: the heater was full on at a probe reading −1; here a person's force loses, too."""
    thermostat = run([COLD] * 3)[1][-1].claim(OUTPUT.id)
    for quality in Quality:
        claim = probe_claim(OUTPUT.id, "Tank temperature", quality, 3000)
        claims = [thermostat] if claim is None else [thermostat, claim]
        decision = resolve(claims, 4000, OUTPUT)
        assert decision.value is (quality is Quality.OK)
        assert (decision.winner.priority is Priority.SAFETY) is (quality is not Quality.OK)


def test_the_probes_claim_says_what_is_wrong() -> None:
    claim = probe_claim(OUTPUT.id, "Tank temperature", Quality.OPEN, 3000)
    assert claim is not None
    assert claim.why == "Tank temperature reads as if its wire were broken (open)"


def test_a_standing_trip_is_off_over_everybody() -> None:
    thermostat = run([COLD] * 3)[1][-1].claim(OUTPUT.id)
    decision = resolve([thermostat, trip_claim(OUTPUT.id, "over-current on circuit 2", 1000)], 4000, OUTPUT)
    assert decision.why == "off: a trip stands: over-current on circuit 2 (safety)"
