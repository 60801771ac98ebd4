"""The parts of the session: retries and pacing, the Pico's clock, the configuration to be held, the texts."""

import pytest
from talk import CIRCUIT, TABLES, board

from tanklink import messages, records
from tankwarden.drivers.pico.advice import NAK_TEXTS, mismatch_text, newer
from tankwarden.drivers.pico.configuration import board_config
from tankwarden.drivers.pico.exchange import PACE_S, Exchange
from tankwarden.drivers.pico.picoclock import PicoClock

PING = records.Ping(token=1)
PONG = records.Pong(1, 5, 0)


def send_times(exchange: Exchange, start: float, seconds: float) -> list[tuple[int, int]]:
    """(millisecond, seq) of everything sent."""
    times = []
    for ms in range(round(seconds * 1000)):
        exchange.tick(start + ms / 1000)
        times += [(ms, seq) for seq, _ in exchange.take()]
    return times


def test_a_command_is_tried_four_times_with_doubling_timeouts_and_the_same_seq() -> None:
    answers: list[object] = []
    exchange = Exchange(first_seq=99)
    exchange.command(PING, lambda reply, now: answers.append((reply, round(now, 3))))
    assert send_times(exchange, 10.0, 2) == [(0, 100), (50, 100), (150, 100), (350, 100)]
    assert answers == [(None, 10.75)]
    assert exchange.retries == 3
    assert exchange.idle


def test_only_the_reply_with_the_seq_of_the_command_counts() -> None:
    answers: list[object] = []
    exchange = Exchange(first_seq=65_534)
    exchange.command(PING, lambda reply, _now: answers.append(reply))
    exchange.command(PING, lambda reply, _now: answers.append(reply))
    exchange.tick(0.0)
    assert [seq for seq, _ in exchange.take()] == [65_535]
    assert not exchange.reply(65_534, PONG, 0.001)
    assert exchange.reply(65_535, PONG, 0.002)
    assert not exchange.reply(65_535, PONG, 0.003), "a replayed reply answers nothing"
    assert answers == [PONG]
    exchange.tick(PACE_S)
    assert [seq for seq, _ in exchange.take()] == [0], "seq wraps; the next command waited for the pace"


def test_grants_do_not_wait_for_commands() -> None:
    exchange = Exchange(0)
    exchange.command(PING, lambda _reply, _now: None)
    exchange.tick(0.0)
    exchange.grant(records.Lease(1, 5, 0, 9))
    kinds: list[type] = [type(record) for _, record in exchange.take()]
    assert kinds == [records.Ping, records.Lease]


def test_the_deadline_is_when_something_is_due() -> None:
    exchange = Exchange(0)
    assert exchange.deadline() is None
    exchange.command(PING, lambda _reply, _now: None)
    exchange.tick(3.0)
    assert exchange.deadline() == pytest.approx(3.05)
    exchange.command(PING, lambda _reply, _now: None)
    exchange.reply(1, PONG, 3.001)
    assert exchange.deadline() == pytest.approx(3.0 + PACE_S)


# -- the Pico's clock ------------------------------------------------------------------------------------------------


def test_late_frames_never_move_the_estimate_ahead_of_the_truth() -> None:
    clock = PicoClock()  # the truth: uptime = now − 100
    for at, late in ((110.0, 0.0), (110.1, 0.05), (110.2, 0.5), (110.9, 0.001)):
        clock.heard(round((at - 100) * 1000), at + late)
        estimate_ms = clock.estimate_ms(at + late)
        assert estimate_ms is not None, "it has just heard"
        assert estimate_ms <= (at + late - 100) * 1000
    assert clock.estimate_ms(111.0) == 11_000, "the frame that was not late decides"


def test_an_estimate_older_than_the_window_is_none() -> None:
    clock = PicoClock()
    clock.heard(5000, 10.0)
    assert clock.estimate_ms(12.0) == 7000
    assert clock.estimate_ms(12.1) is None


def test_an_uptime_that_goes_back_forgets_everything() -> None:
    clock = PicoClock()
    assert clock.heard(5000, 10.0)
    assert not clock.heard(100, 10.1)
    assert clock.estimate_ms(10.1) is None
    assert clock.heard(200, 10.2)
    assert clock.estimate_ms(10.2) == 200


# -- the configuration -----------------------------------------------------------------------------------------------


def test_every_circuit_and_channel_is_configured_also_those_that_are_not_used() -> None:
    steps = board(CIRCUIT).steps
    assert [s.enabled for s in steps if isinstance(s, records.ConfigCircuit)] == [True, False]
    assert {s.channel for s in steps if isinstance(s, records.ConfigPoint)} == set(range(messages.N_CHANNELS))
    assert board(CIRCUIT).enabled == (1,)
    for step in steps:
        step.MESSAGE.check(step)


def test_the_crc_depends_on_every_value() -> None:
    plain = board(CIRCUIT).crc
    assert board(CIRCUIT._replace(sequence_ms=101)).crc != plain
    assert board_config([CIRCUIT], TABLES | {"reference": ((0, 0), (4095, 3300))}).crc != plain
    assert board(CIRCUIT).crc == plain


@pytest.mark.parametrize("points", [((5, 0), (5, 1)), ((9, 0), (5, 1)), tuple((i, i) for i in range(9))])
def test_points_that_the_pico_would_not_take_are_refused_by_name(points: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValueError, match="scaling of voltage_2: point"):
        board_config([], {"voltage_2": points})


# -- texts -----------------------------------------------------------------------------------------------------------


def test_every_reason_of_a_refusal_has_a_text() -> None:
    assert set(NAK_TEXTS) == set(messages.NAK_REASONS)


def test_the_older_side_is_the_one_to_update() -> None:
    assert newer("0.10.0", "0.9.9")
    assert not newer("0.1.0", "0.1.0")
    assert mismatch_text(b"\1" * 8, b"\2" * 8, "0.2.0", "0.1.0").startswith("flash the Pico: ")
    assert mismatch_text(b"\1" * 8, b"\2" * 8, "0.2.0", "0.3.0").startswith("update Tankwarden: ")
    assert mismatch_text(b"\1" * 8, b"", "0.2.0", "").startswith("flash the Pico: "), "it did not even say"
