"""What the Pico says and when: replies and their replay, rates, slices, silence, STATUS, HEALTH, events."""

from journal import MAX_EVENTS
from link import KEPT_REPLIES
from virtual_rig import DAY_14_S, Rig

from tanklink.messages import BUDGET, HEALTH, LEASE_OVER, MAX_SAMPLES, NAK_REASONS, STATUS


def scenario_a_repeated_request_is_not_done_twice():
    """The same seq and id in a session gets the kept reply."""
    rig = Rig()
    rig.hello()
    first = rig.accepted("CONFIG_CHECK")
    again = rig.ask("CONFIG_CHECK", seq=first.seq)
    assert again.nonce == first.nonce
    assert rig.accepted("CONFIG_CHECK").nonce != first.nonce


def scenario_arm_answered_again_when_its_reply_was_lost():
    rig = Rig()
    rig.hello()
    rig.configure()
    check = rig.accepted("CONFIG_CHECK")
    answer = rig.ask("ARM", check.nonce, 77, check.config_crc)
    assert rig.ask("ARM", check.nonce, 77, check.config_crc, seq=answer.seq).name == "ACK"
    assert rig.refused("ARM", check.nonce, 77, check.config_crc) == "state"


def scenario_the_oldest_reply_makes_room():
    rig = Rig()
    rig.hello()
    first = rig.accepted("CONFIG_CHECK")
    for _ in range(KEPT_REPLIES - 1):
        rig.accepted("DISARM")
    assert rig.ask("CONFIG_CHECK", seq=first.seq).nonce == first.nonce
    for _ in range(KEPT_REPLIES):
        rig.accepted("DISARM")
    assert rig.ask("CONFIG_CHECK", seq=first.seq).nonce != first.nonce


def scenario_hello_and_ping_are_about_now():
    rig = Rig()
    seq = rig.hello().seq
    rig.run(700)
    again = rig.ask("HELLO", rig.heard[0].digest, rig.session, seq=seq)
    assert (again.uptime_s, again.uptime_ms_part) >= (0, 700)
    seq = rig.ask("PING", 3).seq
    rig.run(500)
    again = rig.ask("PING", 3, seq=seq)
    assert (again.uptime_s, again.uptime_ms_part) >= (1, 200)


def scenario_no_reply_of_the_last_session_is_replayed():
    rig = Rig()
    rig.hello()
    first = rig.accepted("CONFIG_CHECK")
    rig.session += 1
    rig.hello()
    assert rig.ask("CONFIG_CHECK", seq=first.seq).nonce != first.nonce


def scenario_a_hundred_messages_a_second():
    """The excess is refused, at most ten times a second, and counted; the next second is as good as new."""
    rig = Rig()
    rig.hello()
    rig.alive = False
    rig.run(2000)
    rig.replies.clear()
    for i in range(30):  # 300 in 0.9 s
        for _ in range(10):
            rig.send("PING", i)
        rig.run(30)
    answered = [said.name for said in rig.replies]
    refused = [said for said in rig.replies if said.name == "NAK"]
    assert answered.count("PONG") == 100
    assert len(refused) == 10
    assert rig.program.link.dropped == 0
    assert NAK_REASONS[refused[0].reason] == "rate"
    assert rig.program.commands.bad_rate == 200
    rig.run(1000)
    assert rig.ask("PING", 1).name == "PONG"


def scenario_a_request_refused_for_its_rate_may_be_repeated():
    rig = Rig()
    rig.hello()
    rig.alive = False
    rig.run(2000)
    for _ in range(10):
        for _ in range(10):
            rig.send("PING", 1)
        rig.run(20)
    said = rig.ask("CONFIG_CHECK")
    assert said.name == "NAK"
    rig.run(1000)
    assert rig.ask("CONFIG_CHECK", seq=said.seq).name == "CONFIG_STATE"


def scenario_refusals_are_counted():
    rig = Rig()
    rig.hello()
    for _ in range(3):
        assert rig.refused("RESET_TRIP", 1) == "state"
    rig.port.feed(b"\x00\x05garbage\x00")
    rig.run(1200)
    health = rig.last("HEALTH")
    assert health.bad_state == 3
    assert health.bad_cobs + health.bad_crc + health.bad_length == 1
    assert health.frames_ok >= 4


def scenario_silence_a_second_after_the_host():
    rig = Rig()
    rig.hello()
    rig.run(400)
    rig.alive = False
    rig.run(1200)
    before = rig.said["STATUS"]
    rig.port.writes = 0
    rig.run(3000)
    assert rig.said["STATUS"] == before
    assert rig.port.writes == 0
    rig.send("PING", 1)
    rig.run(300)
    assert rig.said["STATUS"] >= before + 2


def scenario_never_more_than_a_packet_at_a_time():
    rig = Rig().armed()
    rig.run(1500)
    assert 0 < rig.port.longest_write <= 64
    rig.port.feed(bytes(300))  # delimiters: no frames
    waiting = rig.port.waiting()
    rig.program.step(__import__("time").ticks_us())
    assert waiting - rig.port.waiting() == 64


def scenario_a_host_that_reads_slowly():
    """STATUS is dropped and counted, the pass never blocks, and the sums hold what they can."""
    rig = Rig().armed()
    rig.run(100)
    rig.port.room = 0
    for _ in range(10):
        rig.run(100)
    assert rig.program.link.dropped >= 8
    assert rig.program.sums.values[STATUS.index["n"]] == MAX_SAMPLES
    rig.port.room = None
    rig.run(150)
    status = rig.last("STATUS")
    assert status.n <= MAX_SAMPLES
    rig.run(1000)
    assert rig.last("HEALTH").tx_dropped >= 8


def scenario_status_at_ten_hertz():
    for uptime_s in (10, DAY_14_S):
        rig = Rig()
        rig.live_to(uptime_s)
        rig.hello()
        rig.run(200)
        before = rig.said["STATUS"]
        rig.run(2000)
        assert 19 <= rig.said["STATUS"] - before <= 21
        status = rig.last("STATUS")
        assert (status.n, status.period_ms) == (20, 100)
        assert status.uptime_s >= uptime_s
        assert status.fault_lines == 3


def scenario_status_carries_the_sums():
    rig = Rig()
    rig.hello()
    rig.show(1, amps=5, volts=160)
    rig.run(300)
    status = rig.last("STATUS")
    current, voltage = 372 + 5 * 264, round(160 * 4095 / 500)
    n = status.n
    assert (status.current_1_sum_counts, status.voltage_1_sum_counts) == (n * current, n * voltage)
    assert (status.current_1_min_counts, status.current_1_max_counts) == (current, current)
    assert status.vi_1_hi * 4096 + status.vi_1_lo == n * current * voltage
    rig.show(1, amps=6)
    rig.run(400)
    assert rig.last("STATUS").current_1_min_counts == 372 + 6 * 264


def scenario_least_and_greatest_sample():
    rig = Rig()
    rig.hello()
    rig.run(200)
    began = rig.said["STATUS"]
    rig.run_until(lambda: rig.said["STATUS"] > began)
    rig.show(1, amps=1)
    rig.run(20)
    rig.show(1, amps=3)
    rig.run(20)
    rig.show(1, amps=2)
    rig.run_until(lambda: rig.said["STATUS"] > began + 1)
    status = rig.last("STATUS")
    assert status.current_1_max_counts == 372 + 3 * 264
    assert 372 <= status.current_1_min_counts <= 372 + 264  # of means, one of which the step may fall into


def scenario_periods_lose_no_millisecond():
    rig = Rig()
    rig.hello()
    rig.run(500)
    first = rig.last("STATUS")
    total = 0
    for _ in range(20):
        said = rig.said["STATUS"]
        rig.run_until(lambda said=said: rig.said["STATUS"] > said)
        total += rig.last("STATUS").period_ms
    last = rig.last("STATUS")
    uptime_ms = 1000 * (last.uptime_s - first.uptime_s) + last.uptime_ms_part - first.uptime_ms_part
    assert total == uptime_ms


def scenario_health_once_a_second():
    rig = Rig()
    rig.hello()
    rig.run(3400)
    assert rig.said["HEALTH"] == rig.said["BUDGET"] == 3
    health = rig.last("HEALTH")
    assert 195 <= health.passes <= 201
    for message in (HEALTH, BUDGET):
        for name in message.index:
            assert getattr(rig.last(message.name), name) >= 0
    rig.armed()
    rig.closed(1, 4000)
    rig.run(1200)
    assert 4000 <= rig.last("HEALTH").gap_us_max <= 7000


def scenario_health_and_budget_never_in_one_pass():
    rig = Rig()
    rig.hello()
    sent = []
    own = rig.program.link.own

    def noting(message, values):
        if message.name in ("HEALTH", "BUDGET"):
            sent.append((message.name, rig.backend.clock_us // 1000))
        own(message, values)

    rig.program.link.own = noting
    rig.run(4100)
    assert [name for name, _ in sent] == ["BUDGET", "HEALTH"] * 4, sent
    for i in range(1, len(sent)):
        assert 450 <= sent[i][1] - sent[i - 1][1] <= 550, sent


def scenario_counters_stay_small():
    """A line that is noisy for days must not make an integer of 2^30."""
    rig = Rig()
    rig.hello()
    rig.program.link.reader.counts[2] = (1 << 30) - 1000
    rig.run(2000)
    assert rig.program.link.reader.counts[2] < (1 << 30) - 50_000
    assert rig.last("HEALTH").bad_cobs < 1 << 30


def scenario_events_are_repeated_until_stored():
    """At once, after 1 s, then every 5 s; after EVENT_ACK never again."""
    rig = Rig()
    sent = []
    own = rig.program.link.own

    def noting(message, values):
        if message.name == "BOOT":
            sent.append(rig.backend.clock_us)
        own(message, values)

    rig.program.link.own = noting
    rig.hello()
    began = rig.backend.clock_us
    rig.run(12_500)
    after = [round((at - began) / 1_000_000) for at in sent]
    assert after == [0, 1, 6, 11], after
    assert rig.last("STATUS").events_waiting == 1
    rig.acknowledge()
    rig.run(6000)
    assert len(sent) == 4
    assert rig.last("STATUS").events_waiting == 0


def scenario_a_new_event_does_not_wait_for_the_old_ones():
    rig = Rig().armed()
    for _ in range(2):
        rig.closed(1, 200)
        rig.run(300)
    assert [said.event_id for said in rig.events()] == [1, 2, 3]
    rig.send("EVENT_ACK", 2)
    rig.run(20)
    rig.backend.set_loop(1, False)
    rig.run(50)
    assert rig.events()[-1].name == "TRIP"


def scenario_an_event_dropped_from_the_middle_hides_no_other():
    """The list was full while it was being told: what comes after the gap is told as well."""
    rig = Rig()
    journal, program = rig.program.journal, rig.program
    while journal.count < MAX_EVENTS:
        journal.add(LEASE_OVER, program.clock, 1, 0, 0, journal.count, 0)
    journal.record()
    rig.hello()
    rig.run_until(lambda: len(rig.events()) >= 10)
    journal.add(LEASE_OVER, program.clock, 1, 0, 0, 99, 0)
    rig.run(300)
    waiting = [event[1] for event in journal.events[: journal.count]]
    told = [event.event_id for event in rig.events()]
    assert len(waiting) == MAX_EVENTS
    assert [number for number in waiting if number not in told] == []


def scenario_acknowledging_more_than_was_sent():
    rig = Rig()
    rig.hello()
    rig.run(50)
    rig.send("EVENT_ACK", (1 << 30) - 1)
    rig.run(50)
    assert rig.program.journal.count == 0
    rig.armed()
    rig.backend.set_loop(1, False)
    assert rig.tripped().event_id == 2


def scenario_an_event_does_not_wait_for_circuits_to_open():
    """While circuit 2 is closed, the end of circuit 1's lease goes to flash, and to the host."""
    rig = Rig().armed()
    rig.closed(2, 3000)
    rig.closed(1, 200)
    rig.run(500)
    assert rig.pins() == (0, 0, 1, 1)
    assert rig.program.journal.count == rig.program.journal.durable()
    assert rig.last("LEASE_OVER").circuit == 1


def scenario_an_event_is_sent_only_once_it_is_in_flash():
    """With no room for it but by an erase, the end of circuit 1's lease waits in memory while circuit 2 is closed."""
    rig = Rig().armed()
    rig.program.journal.may_append = lambda: False
    rig.closed(2, 3000)
    rig.closed(1, 200)
    rig.run(500)
    assert rig.program.journal.count > rig.program.journal.durable()
    assert "LEASE_OVER" not in [said.name for said in rig.heard]
    rig.release(2)
    rig.run(200)
    assert rig.last("LEASE_OVER").circuit == 1


def scenario_request_answered_within_the_same_period():
    """A request that comes while the program waits is answered at once, not a pass later."""
    import time

    rig = Rig()
    rig.hello()
    rig.run(1000)
    rig.alive = False
    began = time.ticks_us()
    rig.program.step(began)
    rig.program.step(time.ticks_us())  # STATUS, if one was due, is on its way
    rig.port.take()
    began_us = rig.backend.clock_us
    rig.send("PING", 8)
    rig.program.wait(time.ticks_us())
    rig.listen()
    assert rig.last("PONG").token == 8
    assert rig.backend.clock_us - began_us <= 6000


def flooded(rig):
    """So many messages within a second that the next one is too much."""
    for _ in range(13):
        for _ in range(10):
            rig.send("PING", 1)
        rig.run(20)
    assert rig.program.commands.bad_rate


def scenario_off_is_heard_in_a_flood():
    """The release is counted as too much like the rest, yet carried out; it is never answered."""
    rig = Rig().armed()
    rig.closed(1, 4000)
    rig.closed(2, 4000)
    flooded(rig)
    replies, refused = len(rig.replies), rig.program.commands.bad_rate
    rig.release(1)
    rig.run(150)
    assert rig.pins() == (0, 0, 1, 1)  # this one, not the other
    assert rig.program.commands.bad_rate == refused + 1
    assert len(rig.replies) == replies
    assert rig.program.leases_over == 0


def scenario_a_flood_does_not_let_a_lease_through():
    rig = Rig().armed()
    flooded(rig)
    rig.lease(1, 2000)
    rig.release(2)  # nothing to do
    rig.run(100)
    assert rig.pins() == (0, 0, 0, 0)
    assert rig.state() == "armed"


def scenario_off_by_a_host_with_another_table():
    """Its LEASE may mean anything, and what it can do here is open."""
    rig = Rig().armed()
    rig.closed(1, 4000)
    rig.closed(2, 4000)
    rig.hello(digest=b"elsewise")  # the same session: nothing opens by that
    assert rig.pins() == (1, 1, 1, 1)
    assert rig.refused("LEASE", 1, rig.program.clock.s + 2, 0, rig.arming) == "digest"
    rig.release(1)
    rig.run(150)
    assert rig.pins() == (0, 0, 1, 1)
    assert rig.refused("LEASE", 1, 0, 0, rig.arming) == "digest"  # it is off: now it is a message like any other
    assert rig.refused("LEASE", 0, 0, 0, rig.arming) == "digest"


def scenario_events_without_room_are_counted():
    rig = Rig().armed()
    rig.closed(1, 4000)
    for _ in range(30):
        rig.lease(1, 4000)
        rig.lease(2, 150)
        rig.run(300)
    rig.run(1100)
    lost = rig.program.journal.dropped
    assert lost > 0
    assert rig.last("HEALTH").events_dropped == lost
