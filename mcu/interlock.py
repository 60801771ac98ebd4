"""The interlock: PIO machines that hold the relay pins, permits that run out, fault lines that drop them.

Each relay pin belongs to one state machine of PIO 0. The processor can only push permits, words that keep the pin high
for a time; the pin falls by itself when the permit ends, when the circuit's fault line falls, or when it is dropped,
and then stays low until it is armed again on purpose. A processor that hangs, crashes or is busy with flash changes
nothing about that. docs/safety.md tells why.

All but the constructor allocates nothing, never blocks and may be called from an interrupt: registers are written
directly (`StateMachine.put` would block for ever on a latched machine).
"""

import machine
import rp2
from limits import PERMIT_US
from machine import Pin, mem32
from micropython import const

from tanklink._compat import micropython

_CIRCUIT_RELAYS = const(2)
_ALL = const(15)

# RP2040 datasheet, 3.7. Addresses are boxed integers on the chip: tables made once, no arithmetic later.
_TXF = (0x50200010, 0x50200014, 0x50200018, 0x5020001C)
_SHIFTCTRL_XOR = (0x502010D0, 0x502010E8, 0x50201100, 0x50201118)
_ADDR = (0x502000D4, 0x502000EC, 0x50200104, 0x5020011C)
_INSTR = (0x502000D8, 0x502000F0, 0x50200108, 0x50200120)
_INSTR_0, _INSTR_1, _INSTR_2, _INSTR_3 = _INSTR
_FJOIN_RX = 0x80000000
_GPIO_IN = 0xD0000004

_LATCH_TO_ARM = const(1)  # `arm` is the instruction after `latch`
_TRIP_TO_LATCH = const(2)


# fmt: off
@rp2.asm_pio(sideset_init=rp2.PIO.OUT_LOW, out_shiftdir=rp2.PIO.SHIFT_RIGHT)
def relay_program():
    label("trip")
    # X counts the permit down, four cycles a step. For a debugger it is left in the FIFO: all ones if it ran out.
    mov(isr, x)            .side(0)  # trip: the pin falls here, whatever came before
    push(noblock)          .side(0)
    label("latch")
    jmp("latch")           .side(0)  # only a jump from outside leads on
    label("arm")
    pull(block)            .side(0)
    out(x, 22)             .side(0)  # caps every permit at 4 × (2^22 − 1) + 1 cycles: 134.2 ms
    jmp(pin, "run")        .side(0)
    jmp("trip")            .side(0)  # armed into a standing fault
    label("run")
    jmp(x_dec, "live")     .side(1)
    jmp("trip")            .side(0)  # the permit ran out
    label("live")
    pull(noblock)          .side(1)  # nothing new: OSR = X
    out(x, 22)             .side(1)
    jmp(pin, "run")        .side(1)  # else wraps round to trip: the fault line is down
# fmt: on


class Interlock:
    """The four relays (0 outside 1, 1 inside 1, 2 outside 2, 3 inside 2) and the two fault lines (circuit 1, 2)."""

    def __init__(self, board):
        """Takes the relay pins from plain outputs over to PIO. They are low before, during and after."""
        for pin in board.RELAY_PINS:
            Pin(pin, Pin.OUT, value=0)
        self._feed = Pin(board.FAULT_FEED_PIN, Pin.OUT, value=1)
        self._lines = [Pin(pin, Pin.IN, Pin.PULL_DOWN) for pin in board.FAULT_PINS]
        self.first_pin = board.RELAY_PINS[0]
        self._first_line = board.FAULT_PINS[0]
        self._mhz = machine.freq() // 1_000_000
        self._machines = [self._start(board, relay) for relay in range(len(board.RELAY_PINS))]
        self._latch = self._latch_address()
        self.trip = self._latch - _TRIP_TO_LATCH  # the opcode of a jump there

    def _start(self, board, relay):
        machine_ = rp2.StateMachine(
            relay,
            relay_program,
            jmp_pin=self._lines[relay // _CIRCUIT_RELAYS],
            sideset_base=Pin(board.RELAY_PINS[relay]),
        )
        machine_.active(1)
        return machine_

    def _latch_address(self):
        """Where the program was loaded, seen on the machines themselves: all must sit in the same latch loop."""
        address = mem32[_ADDR[0]]
        for relay in range(len(_ADDR)):
            if mem32[_ADDR[relay]] != address:
                raise RuntimeError("relay machine %d did not start: it is not in the latch loop" % relay)
        return address

    # -- switching -------------------------------------------------------------------------------------------------

    def arm(self, circuit):
        """Let both relays of circuit 1 or 2 wait for a first permit; old permits are forgotten, pins are low.

        False, and nothing done, if the fault line is down.
        """
        if not self.fault_line(circuit):
            return False
        for relay in range(_CIRCUIT_RELAYS * (circuit - 1), _CIRCUIT_RELAYS * circuit):
            mem32[_SHIFTCTRL_XOR[relay]] = _FJOIN_RX  # joining and parting the FIFOs empties them
            mem32[_SHIFTCTRL_XOR[relay]] = _FJOIN_RX
            mem32[_INSTR[relay]] = self._latch + _LATCH_TO_ARM  # the opcode of `jmp` is its address
        return True

    @micropython.native
    def permit(self, relay, us):
        """Keep an armed relay closed for us from now, at most PERMIT_US; 0 or less drops it now."""
        if us <= 0:
            # Not a permit of 0: a machine that waits for its first permit would answer that with a pulse of 8 ns.
            mem32[_INSTR[relay]] = self.trip
            return
        mem32[_TXF[relay]] = (us if us < PERMIT_US else PERMIT_US) * self._mhz >> 2

    def drop_all(self):
        """Every relay low now, and latched."""
        self.drop(_ALL)

    @micropython.viper
    def drop(self, relays: int):
        """Those whose bits are set low now, and latched: as a permit of 0, in a few microseconds."""
        trip = self.trip
        if relays & 1:
            mem32[_INSTR_0] = trip
        if relays & 2:
            mem32[_INSTR_1] = trip
        if relays & 4:
            mem32[_INSTR_2] = trip
        if relays & 8:
            mem32[_INSTR_3] = trip

    def feed(self, on):
        """Drive the fault lines' feed. Off shows whether a line is short to 3V3; every closed relay drops."""
        self._feed.value(on)

    # -- read-backs ------------------------------------------------------------------------------------------------

    @micropython.native
    def look(self):
        """Both circuits at one glance: bit 0, 1: as latched(1), latched(2), read first; bit 2, 3: as fault_line()."""
        latch = self._latch
        bits = 1 if mem32[_ADDR[0]] <= latch or mem32[_ADDR[1]] <= latch else 0
        if mem32[_ADDR[2]] <= latch or mem32[_ADDR[3]] <= latch:
            bits |= 2
        return bits | (mem32[_GPIO_IN] >> self._first_line & 3) << 2

    def latched(self, circuit):
        """Whether either relay of the circuit sits in its latch loop: permit over, fault line down or dropped."""
        first = _CIRCUIT_RELAYS * (circuit - 1)
        return mem32[_ADDR[first]] <= self._latch or mem32[_ADDR[first + 1]] <= self._latch

    def pins(self):
        """The relay pins as they are: bit per relay."""
        return mem32[_GPIO_IN] >> self.first_pin & 15

    def fault_line(self, circuit):
        """Whether the loop of circuit 1 or 2 is whole."""
        return self._lines[circuit - 1].value() == 1
