"""Inquiries: behind every command, never in the way of one, and never too many."""

from talk import Talk

from tanklink import messages, records
from tanklink.records import Record
from tankwarden.drivers.pico.exchange import INQUIRY_PACE_S, INQUIRY_TIMEOUT_S, Exchange
from tankwarden.drivers.pico.fake import FakePico

PING, PONG = records.Ping(token=1), records.Pong(1, 5, 0)
ASK = records.ReadTrace(trip_id=3, part=0)


class Asked:
    """An exchange, and what came of what was asked."""

    def __init__(self) -> None:
        self.exchange = Exchange(0)
        self.answers: list[tuple[str, Record | None]] = []

    def inquire(self, name: str) -> None:
        self.exchange.inquire(ASK, lambda reply, _now: self.answers.append((name, reply)))

    def command(self, name: str) -> None:
        self.exchange.command(PING, lambda reply, _now: self.answers.append((name, reply)))

    def sent(self, now: float) -> list[tuple[int, type]]:
        self.exchange.tick(now)
        return [(seq, type(record)) for seq, record in self.exchange.take()]


def test_an_inquiry_waits_for_every_command() -> None:
    asked = Asked()
    asked.inquire("inquiry")
    asked.command("first")
    asked.command("second")
    assert asked.sent(0.0) == [(1, records.Ping)]
    asked.exchange.reply(1, PONG, 0.001)
    assert asked.sent(0.1) == [(2, records.Ping)]
    assert asked.exchange.reply(2, PONG, 0.101)
    assert asked.sent(0.102) == [(3, records.ReadTrace)]


def test_a_command_that_comes_does_not_wait_for_an_inquiry_that_flies() -> None:
    asked = Asked()
    asked.inquire("inquiry")
    assert asked.sent(0.0) == [(1, records.ReadTrace)]
    asked.command("command")
    assert asked.sent(0.001) == [(2, records.Ping)]
    assert not asked.exchange.reply(1, records.Trace(3, 0, 128, 500, b""), 0.002), "too late: it is asked again"
    asked.exchange.reply(2, PONG, 0.003)
    assert asked.answers == [("command", PONG)]
    assert asked.sent(INQUIRY_PACE_S) == [(3, records.ReadTrace)]


def test_inquiries_are_paced_and_patient() -> None:
    asked = Asked()
    asked.inquire("first")
    asked.inquire("second")
    assert asked.sent(0.0) == [(1, records.ReadTrace)]
    asked.exchange.reply(1, PONG, 0.01)
    assert asked.exchange.deadline() == INQUIRY_PACE_S
    assert asked.sent(INQUIRY_PACE_S - 0.001) == []
    assert asked.sent(INQUIRY_PACE_S) == [(2, records.ReadTrace)]
    assert asked.sent(INQUIRY_PACE_S + INQUIRY_TIMEOUT_S - 0.001) == []
    assert asked.sent(INQUIRY_PACE_S + INQUIRY_TIMEOUT_S) == [(2, records.ReadTrace)], "the same seq again"


def test_an_exchange_that_is_cleared_asks_nothing_more() -> None:
    asked = Asked()
    asked.inquire("inquiry")
    asked.exchange.clear()
    assert asked.exchange.idle
    assert asked.sent(1.0) == []


# -- in a session ----------------------------------------------------------------------------------------------------


def test_a_pico_that_does_not_answer_inquiries_delays_no_command() -> None:
    talk = Talk().armed()
    talk.pico.mute = {records.ReadTrace}
    answers: list[Record | None] = []
    talk.session.inquire(ASK, answers.append, talk.now)
    talk.run(0.1)
    replies: list[Record | None] = []
    asked_at = talk.now
    talk.session.command(records.ResetTrip(trip_id=9), replies.append, talk.now)
    talk.until(lambda: bool(replies), within_s=0.05)
    assert talk.now - asked_at <= 0.03
    assert answers == []
    talk.until(lambda: bool(answers))
    assert answers == [None], "four tries, as any other"


def test_an_inquiry_ends_with_its_session_and_is_not_begun_without_one() -> None:
    talk = Talk()
    answers: list[Record | None] = []
    talk.session.inquire(ASK, answers.append, talk.now)
    assert answers == [None], "not yet ready"
    talk.armed()
    talk.session.inquire(ASK, answers.append, talk.now)
    talk.session.closed()
    assert answers == [None, None]


def test_the_refusal_of_an_inquiry_that_came_too_late_is_not_taken_for_a_refused_lease() -> None:
    talk = Talk().armed()
    nak = records.Nak(request=messages.READ_TRACE.id, reason=messages.NAK_REASONS.index("no_trace"))
    talk.session.received(60_000, nak, talk.now)
    assert talk.session.refusals == {}


def test_reading_a_waveform_keeps_every_lease_and_stays_below_the_rate() -> None:
    """All sixteen parts at once: the leases go on twice a second, and the Pico never hears 100 messages in one."""
    pico = FakePico(50.0)
    pico.keep_trace(3, {})
    talk = Talk(pico).armed()
    answers: list[Record | None] = []
    for part in range(messages.TRACE_PARTS):
        talk.session.inquire(records.ReadTrace(trip_id=3, part=part), answers.append, talk.now)
    talk.sent.clear()
    while len(answers) < messages.TRACE_PARTS:
        assert talk.session.lease(1, talk.now, 600)
        talk.run(0.5)
        assert pico.leased(1, talk.now)
    assert [reply.part for reply in answers if isinstance(reply, records.Trace)] == list(range(messages.TRACE_PARTS))
    assert max(sum(at <= one < at + 1.0 for one in talk.sent) for at in talk.sent) <= 20
