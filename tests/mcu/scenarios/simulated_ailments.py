"""What goes wrong in the simulated chip's memory and files does so when it is asked for, and only then."""

import builtins
import os

import ailing
import selftest
import simboard
import simwire
from backend_virtual import VirtualBackend

from tanklink.config import Config

CONTENT = bytes(range(200))


def ailing_board(use, folder="ailing-test"):
    """A board with power on which ailments are installed, while use(backend) is called; then all is as before."""
    backend = VirtualBackend()
    simboard.use(backend)
    before = builtins.open, Config.__init__, selftest.stand
    ailing.install(folder)
    try:
        use(backend)
    finally:
        builtins.open, Config.__init__, selftest.stand = before


def scenario_memory_sticks_while_it_is_asked_to():
    def use(backend):
        for there in (False, True, False):
            backend.set_fault(simwire.FAULT_MEMORY, there)
            ram = bytearray(4096)
            selftest.stand(ram)
            assert any(ram) == there

    ailing_board(use)


def scenario_a_bit_falls_over_in_every_configuration_that_is_held():
    def use(_backend):
        configs = [Config(), Config()]
        configs[1].circuits[1][3] = 11_000
        simboard.board().flip_a_bit()
        assert [config.circuits[1][3] for config in configs] == [64, 11_000 ^ 64]
        assert configs[0].circuits[2][3] == 0

    ailing_board(use)


def scenario_a_glitch_comes_once_and_again_only_when_it_is_set_anew():
    def use(backend):
        config = Config()
        board = simboard.board()
        for there, held in ((True, 64), (True, 64), (False, 64), (True, 0)):
            backend.set_fault(simwire.FAULT_BIT_FLIP, there)
            began_us = backend.clock_us
            board.suffer()
            assert config.circuits[1][3] == held
            assert backend.clock_us == began_us
        backend.set_fault(simwire.FAULT_BUS_STALL, True)
        board.suffer()
        assert backend.clock_us - began_us == simwire.BUS_STALL_US
        board.suffer()
        assert backend.clock_us - began_us == simwire.BUS_STALL_US

    ailing_board(use)


def scenario_program_files_read_otherwise_and_no_others():
    with open("ailing-test.py", "wb") as file:
        file.write(CONTENT)
    with open("other-test.py", "wb") as file:
        file.write(CONTENT)

    def use(backend):
        assert contents() == [CONTENT, CONTENT]
        backend.set_fault(simwire.FAULT_PROGRAM, True)
        damaged, other = contents()
        assert other == CONTENT
        assert damaged != CONTENT
        assert len(damaged) == len(CONTENT)
        backend.set_fault(simwire.FAULT_PROGRAM, False)
        assert contents() == [CONTENT, CONTENT]

    try:
        ailing_board(use)
    finally:
        os.remove("ailing-test.py")
        os.remove("other-test.py")


def contents():
    """Of both files, as the program reads its own: piece by piece into a buffer."""
    return [read("ailing-test.py"), read("other-test.py")]


def read(path):
    chunk, whole = bytearray(64), b""
    file = open(path, "rb")  # noqa: SIM115  as mcu/integrity.py does
    n = file.readinto(chunk)
    while n:
        whole += chunk[:n]
        n = file.readinto(chunk)
    file.close()
    return whole
