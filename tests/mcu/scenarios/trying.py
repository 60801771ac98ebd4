"""A program that was just flashed is on trial until it has shown itself: when it is kept, and when it is not."""

import os

import identity
import selftest
import trial
from memory_disk import Disk
from virtual_rig import Rig

from tanklink.messages import DIGEST, NOTICES


class Trial:
    """In the place of the one that looks at flash."""

    rolled_back = False

    def __init__(self):
        self.pending = True
        self.kept = 0

    def keep(self):
        self.kept += 1
        self.pending = False


def tried(**board):
    rig = Rig(**board)
    rig.program.trial = Trial()
    return rig


def scenario_it_is_kept_once_a_host_has_shaken_hands():
    rig = tried()
    rig.run(90_000)
    assert rig.program.trial.kept == 0, "running on shows nothing: it must be possible to talk to it"
    rig.hello()
    rig.run(50)
    assert rig.program.trial.kept == 1
    rig.run(50)
    assert rig.program.trial.kept == 1


def scenario_a_host_that_speaks_another_protocol_is_none():
    rig = tried()
    rig.hello(bytes([DIGEST[0] ^ 1]) + DIGEST[1:])
    rig.run(200)
    assert rig.program.trial.kept == 0


def scenario_flash_is_not_written_while_a_circuit_is_closed():
    rig = Rig().armed()
    rig.closed(1)
    rig.program.trial = Trial()
    rig.run(300)
    assert rig.program.trial.kept == 0
    rig.run(5000)  # its lease runs out
    assert rig.pins() == (0, 0, 0, 0)
    assert rig.program.trial.kept == 1


def scenario_one_whose_self_test_failed_is_not_kept():
    def stick(ram):
        ram[7] |= 8
        ram[8] |= 8

    selftest.stand = stick
    try:
        rig = tried()
    finally:
        selftest.stand = None
    rig.hello()
    rig.run(300)
    assert rig.program.trial.kept == 0


def boot_with_slot(text, **board):
    """A board whose file `slot` says so before it starts; and what the file says then."""
    here = os.getcwd()
    os.chdir("/tmp")
    try:
        with open("slot", "w") as file:
            file.write(text)
        rig = Rig(**board)
        with open("slot") as file:
            return rig, file.read()
    finally:
        os.remove("slot")
        os.chdir(here)


def told(rig):
    rig.hello()
    rig.run(150)
    return [NOTICES[notice.notice] for notice in rig.events() if notice.name == "NOTICE"]


def scenario_the_program_before_says_once_that_it_runs_again():
    disk = Disk()
    rig, slot = boot_with_slot("a back", disk=disk)
    assert slot == "a ok", "it stands in the journal now"
    assert told(rig) == ["rolled_back"]
    rig.acknowledge()
    rig, slot = boot_with_slot(slot, disk=disk, boot_id=78)
    assert told(rig) == []


def scenario_what_never_came_to_flash_is_told_again():
    disk = Disk()
    disk.fails = True
    assert boot_with_slot("a back", disk=disk)[1] == "a back"


def scenario_the_file_says_whether_it_is_on_trial_and_is_replaced_whole():
    here = os.getcwd()
    os.chdir("/tmp")
    try:
        for text, pending in (("a ok", False), ("b 3", True), ("b 0", True), ("a back", False), ("", False)):
            with open("slot", "w") as file:
                file.write(text)
            assert trial.Trial().pending == pending, text
            assert trial.Trial().rolled_back == (text == "a back")
        with open("slot", "w") as file:
            file.write("b 2")
        on_trial = trial.Trial()
        on_trial.keep()
        assert not on_trial.pending
        with open("slot") as file:
            assert file.read() == "b ok"
        os.remove("slot")
        assert not trial.Trial().pending, "copied by hand: there are no slots"
    finally:
        os.chdir(here)


def scenario_the_programs_hash_covers_tanklink():
    names = identity.program_files(identity.program_folder())
    assert "main.py" in names
    assert "tanklink/messages.py" in names
    assert names == sorted(names)
    with open(identity.path_of(identity.program_folder(), "tanklink/messages.py")) as file:
        assert "THE table of messages" in file.read(40)
    assert len(identity.fingerprint(identity.program_folder())) == 8
