"""What the session offers to who only looks, and who holds a port: for tools beside the host."""

import fcntl
import os
from pathlib import Path

from talk import Talk, told_of

from tanklink import records
from tanklink.records import Record
from tankwarden.drivers.pico.configuration import LOOK_ONLY
from tankwarden.drivers.pico.holder import holder
from tankwarden.drivers.pico.session import Phase


def looking() -> Talk:
    talk = Talk(config=LOOK_ONLY)
    talk.run(1.0)
    return talk


def test_who_looks_leaves_the_board_what_it_holds() -> None:
    talk = looking()
    before = talk.pico.config.crc()
    talk.session.permit_arming(talk.now + 60)
    talk.run(3.0)
    assert talk.session.phase is Phase.READY
    assert talk.session.status is not None
    told = {type(record).__name__ for record in talk.pico.told}
    assert told == {"Hello", "ConfigCheck", "Ping"}
    assert talk.pico.config.crc() == before
    assert not talk.session.lease(1, talk.now, 1000)


def test_a_ping_that_was_asked_for_has_its_pong() -> None:
    talk = looking()
    answers: list[Record | None] = []
    talk.session.command(records.Ping(token=77), answers.append, talk.now)
    talk.run(0.2)
    assert [type(answer).__name__ for answer in answers] == ["Pong"]
    assert isinstance(answers[0], records.Pong)
    assert answers[0].token == 77


def test_a_grant_goes_once_and_only_while_there_is_a_session() -> None:
    talk = looking()
    talk.session.grant(records.EventAck(event_id=5), talk.now)
    talk.run(0.2)
    assert told_of(talk.pico, records.EventAck) == [records.EventAck(event_id=5)]
    talk.session.closed()
    talk.session.grant(records.EventAck(event_id=6), talk.now)
    assert talk.session.take() == []


# -- who holds a port ------------------------------------------------------------------------------------------------


def test_the_process_with_the_lock_is_named(tmp_path: Path) -> None:
    file = tmp_path / "port"
    file.touch()
    assert holder(str(file)) is None
    with file.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        found = holder(str(file))
    assert found is not None
    assert found.endswith(f"(process {os.getpid()})")
    assert holder(str(tmp_path / "none")) is None


def test_a_lock_of_a_process_that_cannot_be_seen_is_told_by_its_number_or_not_at_all(tmp_path: Path) -> None:
    file, locks = tmp_path / "port", tmp_path / "locks"
    file.touch()
    line = "1: FLOCK  ADVISORY  WRITE {pid} fd:01:{inode} 0 EOF\n"
    locks.write_text("garbage\n" + line.format(pid=4242, inode=file.stat().st_ino))
    assert holder(str(file), locks=locks, proc=tmp_path) == "process 4242"
    locks.write_text(line.format(pid=0, inode=file.stat().st_ino))  # of another container
    assert holder(str(file), locks=locks, proc=tmp_path) is None
    locks.write_text(line.format(pid=4242, inode=1))
    assert holder(str(file), locks=locks, proc=tmp_path) is None
    assert holder(str(file), locks=tmp_path / "none") is None
