"""`machine.mem32` of the simulated board: the registers that the firmware uses, and no others.

Addresses and bits are the RP2040's (datasheet 2.3.1.7 SIO, 3.7 PIO, 4.7.6 watchdog). An unknown address raises: on the
chip it would be a bus fault, or worse, something else's register.
"""

import simboard
import simwire

PIO0 = 0x50200000
XOR_ALIAS = 0x1000  # writes here flip the bits that are 1
TXF0 = PIO0 + 0x10
SM0 = PIO0 + 0xC8
SM_STRIDE = 0x18
SHIFTCTRL, ADDR, INSTR = 0x08, 0x0C, 0x10  # in a machine's block

GPIO_IN = 0xD0000004
SCRATCH0 = 0x4005800C


class Mem32:
    """Word access."""

    def __getitem__(self, address):
        if PIO0 <= address < PIO0 + 0x1000:
            return _read_pio(simboard.board(), address)
        if address == GPIO_IN:
            return simboard.board().levels()
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


def _unknown(what, address):
    return NotImplementedError("cannot %s 0x%08x: no such register on the simulated board" % (what, address))


def _read_pio(board, address):
    offset = address - SM0
    if 0 <= offset < 4 * SM_STRIDE and offset % SM_STRIDE == ADDR:
        return board.machines[offset // SM_STRIDE].address()
    raise _unknown("read", address)


def _write_pio(board, address, value):
    if TXF0 <= address < TXF0 + 16 and not address & 3:
        board.machines[(address - TXF0) >> 2].put(value)
        return
    flip = address & XOR_ALIAS
    offset = address - flip - SM0
    if 0 <= offset < 4 * SM_STRIDE:
        machine = board.machines[offset // SM_STRIDE]
        register = offset % SM_STRIDE
        if register == INSTR and not flip:
            machine.execute(value)
            return
        if register == SHIFTCTRL:
            machine.set_shiftctrl(machine.shiftctrl ^ value if flip else value)
            return
    raise _unknown("write", address)
