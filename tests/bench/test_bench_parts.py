"""What tankbench reckons with: noise, round trips, scales, recordings, and the drill's judgement. No board needed."""

import contextlib
import json
import os
import random
import runpy
import select
import signal
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tankbench.drill import PASSED, SKIPPED, Outcome, differences, with_too_many
from tankbench.drill_steps import STEPS, Step
from tankbench.errors import BenchError, MismatchError, NoAnswerError
from tankbench.noise import Noise, d2
from tankbench.player import Player
from tankbench.scalefile import write_scale
from tankbench.scaling import fit
from tankbench.statistics import LinkStatistics, histogram, percentile
from tankbench.talk import Talk
from tankbench.tape import Entry, Tape, Writer, summary
from tankbench.terminal import unbroken
from tanklink import messages, records
from tanklink.frames import FrameReader, pack
from tankwarden import config
from tankwarden.drivers.pico.fake import FakePico
from tankwarden.sim.faults import FAULTS

ROOT = Path(__file__).resolve().parents[2]

# -- noise -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "expected"), [(0, 0), (1, 0), (2, 1.128), (5, 2.326), (10, 3.078), (25, 3.931)])
def test_d2_is_that_of_control_charts(n: int, expected: float) -> None:
    assert d2(n) == pytest.approx(expected, abs=0.001)


def test_noise_finds_the_sigma_of_its_samples() -> None:
    chance, noise = random.Random(3), Noise()
    for _ in range(300):
        samples = [round(chance.gauss(2000, 5)) for _ in range(20)]
        noise.add(20, sum(samples), min(samples), max(samples))
    noise.add(0, 0, 4095, 0)  # a period without samples
    assert noise.samples == 6000
    assert noise.mean == pytest.approx(2000, abs=0.3)
    assert noise.sigma == pytest.approx(5, rel=0.05)
    assert noise.drift == pytest.approx(5 / 20**0.5, rel=0.15)
    assert (noise.least < 1990, noise.most > 2010) == (True, True)


# -- the link ----------------------------------------------------------------------------------------------------------


class Noisy(FakePico):
    """Of its first answers nothing arrives whole."""

    damaged = 10

    def receive(self, data: bytes, now: float) -> bytes:
        answer = super().receive(data, now)
        if answer and self.damaged:
            self.damaged -= 1
            return bytes([answer[0], answer[1] ^ 1]) + answer[2:]
        return answer


@contextlib.contextmanager
def terminal_of(pico: FakePico) -> Iterator[str]:
    """Its path; the Pico is served by a thread."""
    master, slave = os.openpty()
    tty.setraw(slave)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            data = os.read(master, 4096) if select.select([master], [], [], 0.01)[0] else b""
            os.write(master, pico.receive(data, time.monotonic()) + pico.tick(time.monotonic()))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        ended.set()
        thread.join()
        os.close(slave)
        os.close(master)


def test_where_only_damaged_frames_come_it_goes_on_asking() -> None:
    pico = Noisy(time.monotonic())
    with terminal_of(pico) as path, Talk(path) as talk:
        assert talk.begin(30).board_id == pico.board_id
        assert sum(talk.reader.counts[1:]) >= Noisy.damaged
    assert len(pico.told_of(records.Hello)) > 4, "more than one round of tries"


def test_where_only_nonsense_comes_it_ends() -> None:
    pico = Noisy(time.monotonic())
    pico.damaged = 1_000_000
    with terminal_of(pico) as path, Talk(path) as talk, pytest.raises(NoAnswerError):
        talk.begin(2.0)


def test_percentile_is_the_nearest_rank() -> None:
    values = [float(n) for n in range(100, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1.0)) == (50, 99, 100)
    assert percentile([7.0], 0.99) == 7
    assert percentile([], 0.5) != percentile([], 0.5)  # not a number


def test_a_histogram_has_every_value_in_one_bar() -> None:
    bars = histogram([0.1, 0.5, 0.9, 4.0, 1000.0])
    assert bars[0] == ("0–0.5 ms", 1)
    assert bars[1] == ("0.5–1 ms", 2)
    assert bars[-1] == ("≥ 200 ms", 1)
    assert sum(count for _, count in bars) == 5
    assert histogram([]) == []


def status(uptime_ms: int) -> records.Status:
    values: list[Any] = messages.STATUS.new()
    return records.Status(*values)._replace(uptime_s=uptime_ms // 1000, uptime_ms_part=uptime_ms % 1000)


def test_statistics_match_tries_replies_and_gaps() -> None:
    counted = LinkStatistics()
    ping = records.Ping(token=1)
    counted.frame(1.000, True, 5, ping)
    counted.frame(1.050, True, 5, ping)  # a second try
    counted.frame(1.060, False, 5, records.Pong(1, 0, 0))
    counted.frame(1.061, False, 5, records.Pong(1, 0, 0))  # the reply to the first, late
    counted.frame(1.070, True, 6, records.Ping(token=0))  # the session's own sign of life
    counted.frame(1.071, False, 6, records.Pong(0, 0, 0))
    assert counted.rtt_ms == pytest.approx([60.0])  # from the first try on
    assert counted.repeats == 1
    for uptime_ms in (100, 200, 500, 602):
        counted.frame(2, False, 0, status(uptime_ms))
    assert counted.status_lost == 2
    counted.frame(2, False, 7, records.Nak(request=5, reason=messages.NAK_REASONS.index("rate")))
    assert counted.naks == {"rate": 1}


# -- scales ------------------------------------------------------------------------------------------------------------


def test_two_readings_of_a_current_are_its_points() -> None:
    found = fit("current_1", [(4068.2, 14.0), (372.1, 0.0)])
    assert found.points == ((372, 0.0), (4068, 14.0)) or found.points[0][0] == 372
    assert all(abs(off) < 0.001 for _, off in found.residuals)


def test_more_readings_of_a_voltage_become_the_line_of_least_squares() -> None:
    readings = [(0.0, 1.0), (1000.0, 121.0), (2000.0, 243.0), (3000.0, 365.0)]
    found = fit("voltage_1", readings)
    assert [counts for counts, _ in found.points] == [0, 3000]
    offs = [off for _, off in found.residuals]
    assert sum(offs) == pytest.approx(0, abs=1e-3)  # as least squares must have it
    assert max(map(abs, offs)) < 1.5


def test_readings_of_a_thermistor_stay_points() -> None:
    found = fit("temperature_1", [(2978.4, 40.0), (1260.2, 112.0), (1825.0, 86.0)])
    assert found.points == ((1260, 112.0), (1825, 86.0), (2978, 40.0))


@pytest.mark.parametrize(
    ("channel", "readings", "said"),
    [
        ("current_1", [(100.0, 1.0)], "takes two readings at least, there are 1"),
        ("current_1", [(100.0, 1.0), (102.0, 2.0)], "are too close"),
        ("voltage_2", [(100.0, 9.0), (900.0, 2.0)], "does not rise with the counts"),
        ("temperature_1", [(100.0 * n, float(n)) for n in range(9)], "8 points are the most"),
    ],
)
def test_readings_that_make_no_scale_are_refused(channel: str, readings: list[tuple[float, float]], said: str) -> None:
    with pytest.raises(BenchError, match=said):
        fit(channel, readings)


def test_a_scale_goes_into_a_configuration_and_leaves_the_rest_alone(tmp_path: Path) -> None:
    file = tmp_path / "tankwarden.toml"
    file.write_text((ROOT / "docs" / "example.toml").read_text())
    assert write_scale(file, "current_1", ((370, 0.0), (4000, 13.9)), "against a meter")
    loaded = config.load(file)
    scale, other = loaded.scale("current_1"), loaded.scale("temperature_1")
    assert scale is not None
    assert scale.points == ((370, 0.0), (4000, 13.9))
    assert other is not None
    assert len(other.points) == 7
    text = file.read_text()
    assert "# thermistor to ground: hot means few counts" in text
    assert "# against a meter" in text
    assert text.count('channel = "current_1"') == 1


def test_a_scale_that_the_host_would_refuse_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "tankwarden.toml"
    file.write_text((ROOT / "docs" / "example.toml").read_text())
    before = file.read_text()
    with pytest.raises(BenchError, match=r"nothing was written.*might never trip"):
        write_scale(file, "current_1", ((370, 0.0), (4000, 5.0)), "")
    assert file.read_text() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_of_scales_alone_is_made_and_added_to(tmp_path: Path) -> None:
    file = tmp_path / "scales.toml"
    assert not write_scale(file, "current_1", ((370, 0.0), (4000, 13.9)), "")
    assert write_scale(file, "reference", ((0, 0.0), (4095, 3.3)), "")
    text = file.read_text()
    assert text.count("[[scale]]") == 2
    (tmp_path / "bad.toml").write_text("a = = 1")
    with pytest.raises(BenchError, match="is not TOML"):
        write_scale(tmp_path / "bad.toml", "reference", ((0, 0.0), (4095, 3.3)), "")
    with pytest.raises(BenchError, match="cannot be written"):
        write_scale(tmp_path / "no" / "x.toml", "reference", ((0, 0.0), (4095, 3.3)), "")


# -- recordings --------------------------------------------------------------------------------------------------------

WELCOME = records.Welcome(messages.DIGEST, b"f" * 8, b"b" * 8, 77, 0, 2, 0, 10, 5, "0.1.0")
TRIP = records.Trip(3, 77, 11, 0, 1, messages.TRIGGERS.index("short"), 2, -5, 100)


def tape_of(path: Path) -> Tape:
    with path.open("w") as file:
        writer = Writer(file, 100.0, {"port": "x"})
        writer(100.0, True, 1, records.Hello(messages.DIGEST, 9))
        writer(100.1, False, 1, WELCOME)
        writer(100.5, False, 2, status(10_400))
        writer(101.0, False, 3, TRIP)
        writer.end(102.0, {"bad_crc": 2})
    return Tape(path)


def test_a_recording_gives_back_what_was_said(tmp_path: Path) -> None:
    tape = tape_of(tmp_path / "tape")
    entries = list(tape)
    assert [tape.record(entry) for entry in entries[1:]] == [WELCOME, status(10_400), TRIP]
    assert [(e.at_s, e.sent) for e in entries] == [(0, True), (0.1, False), (0.5, False), (1.0, False)]
    assert tape.damaged == {"bad_crc": 2}
    assert "trigger=short" in summary(entries[3])
    assert "sum_counts" not in summary(entries[2])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "line 1: not JSON"),
        ("[]\n", "line 1: no object"),
        ('{"a": 1}\n', 'line 1: no "tankbench": 1'),
        ('{"tankbench": 1}\n{"t": 1}\n', "line 2: a frame without its 'sent'"),
        ('{"tankbench": 1}\n{"t": 1, "se', "line 2: not JSON"),
    ],
)
def test_what_is_no_recording_is_named_by_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "tape").write_text(text)
    with pytest.raises(BenchError, match=said):
        list(Tape(tmp_path / "tape"))


def test_a_recording_of_other_messages_can_be_read_and_not_played(tmp_path: Path) -> None:
    tape_of(tmp_path / "tape")
    text = (tmp_path / "tape").read_text().replace(messages.DIGEST.hex(), "00" * 8, 1)
    (tmp_path / "tape").write_text(text)
    tape = Tape(tmp_path / "tape")
    assert [entry.message for entry in tape] == ["HELLO", "WELCOME", "STATUS", "TRIP"]
    with pytest.raises(MismatchError, match="play it with that version"):
        Player(tape)


def test_a_player_answers_as_the_board_did_and_does_nothing_it_is_told(tmp_path: Path) -> None:
    player = Player(tape_of(tmp_path / "tape"))
    reader = FrameReader()

    def said(data: bytes) -> list[tuple[int, records.Record]]:
        return [(frame.seq, frame.record) for frame in reader.feed(data)]

    assert said(player.receive(pack(records.Ping(token=4), 1), 0.0) + player.tick(5.0)) == []  # silent before HELLO
    assert said(player.receive(pack(records.Hello(messages.DIGEST, 5), 7), 10.0)) == [(7, WELCOME)]
    assert said(player.tick(10.0))[0][1] == status(10_400)
    assert said(player.receive(pack(records.Ping(token=4), 8), 10.25)) == [(8, records.Pong(4, 10, 650))]
    (_, nak), = said(player.receive(pack(records.Disarm(), 9), 10.3))  # fmt: skip
    assert nak == records.Nak(request=messages.DISARM.id, reason=messages.NAK_REASONS.index("state"))
    assert said(player.tick(10.4)) == []
    assert not player.over
    assert [record for _, record in said(player.tick(10.6))] == [TRIP]
    assert player.over


# -- the drill ---------------------------------------------------------------------------------------------------------


def test_the_drill_knows_every_trigger() -> None:
    assert {step.trigger for step in STEPS} == set(messages.TRIGGERS) - {"none"}


@pytest.mark.parametrize("step", STEPS, ids=[f"{s.trigger}-{s.subject}" for s in STEPS])
def test_a_step_names_what_there_is(step: Step) -> None:
    assert {step.subject.format(n=n) for n in (1, 2)} <= set(messages.SUBJECTS)
    assert step.kind in ("TRIP", "FAULT")
    if step.fault:
        name, value = step.fault
        assert name in FAULTS
        takes = FAULTS[name].value
        if takes is not None and value:
            takes.parse(name, value.format(n=1))
    possible = step.do or step.tighten or step.by_limit
    assert possible or step.why_not, "an installer is told what to do, or why nothing can be done"
    assert not step.do or step.mend


def test_limits_that_are_brought_to_the_circuit_are_within_what_the_pico_takes() -> None:
    limits = runpy.run_path(str(ROOT / "mcu" / "limits.py"))
    loaded = config.load(ROOT / "docs" / "example.toml")
    from tankwarden.logic.pico_config import circuit_record

    usual = circuit_record(loaded.circuits[0])
    for ohm in (usual.resistance_mohm, limits["MIN_RESISTANCE_MOHM"], limits["MAX_RESISTANCE_MOHM"]):
        for step in STEPS:
            for change in (step.tighten, step.by_limit):
                if change is None:
                    continue
                row = change(usual._replace(resistance_mohm=ohm))
                assert limits["MIN_RESISTANCE_MOHM"] <= row.resistance_mohm <= limits["MAX_RESISTANCE_MOHM"]
                assert 0 < row.no_rise_m_degf <= limits["MAX_NO_RISE_M_DEGF"]
                assert 0 < row.no_rise_wh <= usual.no_rise_wh
                assert 0 < row.current_limit_ma <= usual.current_limit_ma
                assert row.short_tolerance_permille <= limits["MAX_SHORT_TOLERANCE_PERMILLE"]
                assert row.short_min_ma < row.current_limit_ma


def step_of(trigger: str) -> Step:
    return next(step for step in STEPS if step.trigger == trigger)


def test_differences_are_told_by_what_differs() -> None:
    cause = {"event_id": 1, "boot_id": 2, "at_uptime_s": 3, "at_uptime_ms_part": 4, "circuit": 1}
    right = records.Trip(
        **cause, trigger=messages.TRIGGERS.index("over_current"), subject=messages.SUBJECTS.index("current_1"),
        value=12_000, limit=11_000,
    )  # fmt: skip
    step = step_of("over_current")
    assert list(differences(step, 1, right)) == []
    assert list(differences(step, 2, right)) == [
        "told TRIP over_current current_1 instead of TRIP over_current current_2"
    ]
    assert list(differences(step, 1, right._replace(circuit=2))) == ["told of circuit 2 instead of 1"]
    assert list(differences(step, 1, right._replace(value=10_000))) == ["10000 is not over the limit 11000"]
    fault = records.Fault(*right)
    assert list(differences(step, 1, fault)) == [
        "told FAULT over_current current_1 instead of TRIP over_current current_1"
    ]


def test_a_trip_too_many_comes_of_itself() -> None:
    step = step_of("too_many_trips")
    outcomes = [Outcome(step, 0, SKIPPED, "why"), Outcome(step_of("short"), 1, PASSED, "")]
    assert with_too_many(outcomes, None) == outcomes
    told = records.Fault(9, 2, 3, 4, 1, messages.TRIGGERS.index("too_many_trips"), 12, 4, 3)
    assert [o.verdict for o in with_too_many(outcomes, told)] == [PASSED, PASSED]
    assert json.dumps(with_too_many(outcomes, told)[0].note)


def test_an_entry_of_messages_unknown_here_is_shown_by_its_fields() -> None:
    assert summary(Entry(0.0, False, 1, "NEWS", {"a": 1, "b": 0})) == "a=1"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_must_not_be_broken_off_is_done_before_the_interrupt_counts(number: signal.Signals) -> None:
    before, done = signal.getsignal(number), []

    def do(error: Exception | None = None) -> None:
        with unbroken():
            signal.raise_signal(number)
            done.append("to its end")
            if error is not None:
                raise error

    with pytest.raises(KeyboardInterrupt):
        do()
    assert done == ["to its end"]
    assert signal.getsignal(number) is before
    with pytest.raises(ValueError, match="its own"):
        do(ValueError("its own error is told first"))
    assert signal.getsignal(number) is before
    with unbroken():
        done.append("undisturbed")
