"""`machine.mem32` and `mem16` of the simulated board: the registers that the firmware uses, and no others.

Addresses and bits are the RP2040's (datasheet 2.3.1.7 SIO, 3.7 PIO, 4.7.6 watchdog). An unknown address raises: on the
chip it would be a bus fault, or worse, something else's register.
"""

import simboard
import simwire

PIO0 = 0x50200000
XOR_ALIAS = 0x1000  # writes here flip the bits that are 1
FSTAT = PIO0 + 0x04
TXF0 = PIO0 + 0x10
RXF0 = PIO0 + 0x20
SM0 = PIO0 + 0xC8
SM_STRIDE = 0x18
SHIFTCTRL, ADDR, INSTR = 0x08, 0x0C, 0x10  # in a machine's block
FJOIN_RX = 1 << 31

GPIO_IN = 0xD0000004
WATCHDOG_REASON = 0x40058008
SCRATCH0 = 0x4005800C
REASON_TIMER, REASON_FORCE = 1, 2


class Mem32:
    """Word access."""

    def __getitem__(self, address):
        if PIO0 <= address < PIO0 + 0x1000:
            return _read_pio(simboard.board(), address)
        if address == GPIO_IN:
            return simboard.board().levels()
        if address == WATCHDOG_REASON:
            return _reason(simboard.board())
        if SCRATCH0 <= address < SCRATCH0 + 4 * simwire.N_SCRATCH and not address & 3:
            return simboard.board().scratch[(address - SCRATCH0) >> 2] & 0xFFFFFFFF
        raise _unknown("read", address)

    def __setitem__(self, address, value):
        if PIO0 <= address < PIO0 + 0x2000:
            _write_pio(simboard.board(), address, value)
        elif SCRATCH0 <= address < SCRATCH0 + 4 * simwire.N_SCRATCH and not address & 3:
            simboard.board().set_scratch((address - SCRATCH0) >> 2, value)
        else:
            raise _unknown("write", address)


class Mem16:
    """Half-word access: reading half of a FIFO takes the whole word off it."""

    def __getitem__(self, address):
        word = address & ~3
        if RXF0 <= word < RXF0 + 16:
            value = simboard.board().machines[(word - RXF0) >> 2].take()
            return (value >> 16 if address & 2 else value) & 0xFFFF
        raise _unknown("read 16 bits of", address)


def _unknown(what, address):
    return NotImplementedError("cannot %s 0x%08x: no such register on the simulated board" % (what, address))


def _reason(board):
    cause = board.words[simwire.W_RESET_CAUSE]
    if cause == simwire.CAUSE_POWER_ON:
        return 0
    return REASON_TIMER if cause == simwire.CAUSE_WATCHDOG else REASON_FORCE


def _read_pio(board, address):
    if address == FSTAT:
        return _fstat(board)
    if address >= SM0:
        machine = board.machines[(address - SM0) // SM_STRIDE]
        register = (address - SM0) % SM_STRIDE
        if register == ADDR:
            return machine.address()
        if register == SHIFTCTRL:
            return machine.shiftctrl
    raise _unknown("read", address)


def _write_pio(board, address, value):
    if TXF0 <= address < TXF0 + 16 and not address & 3:
        board.machines[(address - TXF0) >> 2].put(value)
        return
    flip = bool(address & XOR_ALIAS)
    if address >= SM0:
        offset = (address & ~XOR_ALIAS) - SM0
        register = offset % SM_STRIDE
        if register == INSTR and not flip and offset < 4 * SM_STRIDE:
            board.machines[offset // SM_STRIDE].execute(value)
            return
        if register == SHIFTCTRL and offset < 4 * SM_STRIDE:
            machine = board.machines[offset // SM_STRIDE]
            machine.set_shiftctrl(machine.shiftctrl ^ value if flip else value)
            return
    raise _unknown("write", address)


def _fstat(board):
    """RXEMPTY and TXEMPTY, TXFULL of the four machines; a machine that runs takes its words at once."""
    value = 0x0F000000  # TXEMPTY
    for i in range(4):
        machine = board.machines[i]
        if not machine.pushed:
            value |= 0x100 << i
        if machine.waiting_words:
            value &= ~(0x1000000 << i)
        if machine.waiting_words == 4:
            value |= 0x10000 << i
    return value
