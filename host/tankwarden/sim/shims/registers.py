"""`machine.mem32` and `mem8` of the simulated board: the registers that the firmware uses, and no others.

Addresses and bits are the RP2040's (datasheet 2.3.1.7 SIO, 2.19.6 IO_BANK0, 2.5.7 DMA, 3.7 PIO, 4.5.3 PWM, 4.7.6
watchdog, 4.9.6 ADC).
An unknown address raises: on the chip it would be a bus fault, or worse, something else's register.
"""

import chip_dma
import chip_edges
import simboard
import simwire

PIO0, PIO1 = 0x50200000, 0x50300000
ALIASES = 0x3000
XOR_ALIAS, SET_ALIAS = 0x1000, 0x2000  # writes there flip or set the bits that are 1; those at 0x3000 clear them
ADC = 0x4004C000
PWM = 0x40050000
DMA, DMA_STRIDE, DMA_CHANNELS_END = 0x50000000, 0x40, 0x50000300
DMA_TRIGGER, DMA_ABORT = 0x50000430, 0x50000444
TXF0 = PIO0 + 0x10
SM0 = PIO0 + 0xC8
SM_STRIDE = 0x18
EXECCTRL, SHIFTCTRL, ADDR, INSTR = 0x04, 0x08, 0x0C, 0x10  # in a machine's block

GPIO_IN = 0xD0000004
SCRATCH0 = 0x4005800C


class Mem32:
    """Word access."""

    def __getitem__(self, address):
        board = simboard.board()
        if PIO0 <= address < PIO0 + 0x1000:
            return _read_pio(board, address)
        if address == GPIO_IN:
            return board.levels()
        if DMA <= address < DMA_CHANNELS_END and not address & 3:
            channel = board.dma.channels[(address - DMA) // DMA_STRIDE]
            return board.dma.get(channel, chip_dma.ALIASES[(address & DMA_STRIDE - 1) >> 2])
        if address == PIO1 + SM0 - PIO0 + ADDR:
            return board.comparator.address()
        if ADC <= address < ADC + 0x1000:
            value = board.adc.read(address - ADC)
            if value >= 0:
                return value
        if PWM <= address < PWM + 0x1000:
            value = board.pwm.read(address - PWM)
            if value >= 0:
                return value
        if SCRATCH0 <= address < SCRATCH0 + 4 * simwire.N_SCRATCH and not address & 3:
            return board.scratch[(address - SCRATCH0) >> 2] & 0xFFFFFFFF
        raise _unknown("read", address)

    def __setitem__(self, address, value):
        board = simboard.board()
        if PIO0 <= address < PIO0 + 0x2000:
            done = _write_pio(board, address, value)
        elif PIO1 <= address < PIO1 + 0x4000:
            done = _write_pio1(board.comparator, address & ~ALIASES, address & ALIASES, value)
        elif ADC <= address < ADC + 0x4000:
            done = _write_adc(board.adc, address & ~ALIASES, address & ALIASES, value)
        elif DMA <= address <= DMA_ABORT and not address & 3:
            done = _write_dma(board.dma, address, value)
        elif SCRATCH0 <= address < SCRATCH0 + 4 * simwire.N_SCRATCH and not address & 3:
            board.set_scratch((address - SCRATCH0) >> 2, value)
            done = True
        elif chip_edges.INTR0 <= address < chip_edges.INTR_END and not address & 3:
            board.refresh()
            done = board.edges.clear(address, value)
        else:
            done = False
        if not done:
            raise _unknown("write", address)


class Mem8:
    """Byte access: the bus reads a byte of any register, but a byte that is written fills the whole word (2.1.4)."""

    def __getitem__(self, address):
        board = simboard.board()
        if chip_edges.INTR0 <= address < chip_edges.INTR_END:
            board.refresh()
            return board.edges.read_byte(address)
        raise _unknown("read", address)


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
        return True
    flip = address & XOR_ALIAS
    offset = address - flip - SM0
    if 0 <= offset < 4 * SM_STRIDE:
        machine = board.machines[offset // SM_STRIDE]
        register = offset % SM_STRIDE
        if register == INSTR and not flip:
            machine.execute(value)
            return True
        if register == SHIFTCTRL:
            machine.set_shiftctrl(machine.shiftctrl ^ value if flip else value)
            return True
    return False


def _write_pio1(machine, address, alias, value):
    register = address - (PIO1 + SM0 - PIO0)
    if address == PIO1 + TXF0 - PIO0 and not alias:
        machine.put(value)
    elif register == INSTR and not alias:
        machine.execute(value)
    elif register == SHIFTCTRL:
        machine.set_shiftctrl(_aliased(alias, machine.shiftctrl, value))
    elif register == EXECCTRL:
        machine.execctrl = _aliased(alias, machine.execctrl, value)
    else:
        return False
    return True


def _write_adc(adc, address, alias, value):
    if alias:
        old = adc.read(address - ADC)
        if old < 0:
            return False
        value = _aliased(alias, old, value)
    return adc.write(address - ADC, value)


def _write_dma(dma, address, value):
    if address < DMA_CHANNELS_END:
        place = (address & DMA_STRIDE - 1) >> 2
        dma.set(dma.channels[(address - DMA) // DMA_STRIDE], chip_dma.ALIASES[place], value, place & 3 == 3)
        return True
    if address != DMA_TRIGGER and address != DMA_ABORT:
        return False
    for channel in dma.channels:
        if value >> channel.number & 1:
            if address == DMA_TRIGGER:
                dma.start(channel)
            else:
                dma.abort(channel)
    return True


def _aliased(alias, old, value):
    """What a register holds after a write to one of its aliases."""
    if not alias:
        return value
    if alias == XOR_ALIAS:
        return old ^ value
    return old | value if alias == SET_ALIAS else old & ~value
