"""PIO0's four state machines as the firmware's registers show them, each running the relay program.

Over the RelayModel this adds what the CPU can see or do: FIFO, address register, executed jumps. It knows one program
only and refuses any other, so that the model and the firmware cannot drift apart unnoticed.
"""

import pio_relay
import simwire

FIFO_DEPTH = 4
FJOIN_RX = 1 << 31


class RelayMachine:
    """State machine `index` of PIO0 on the simulated board."""

    def __init__(self, board, index):
        self._board = board
        self._index = index
        self._offset = 0
        self._stray = [0] * FIFO_DEPTH  # words that a latched machine does not take
        self.active = False
        self._waiting = 0
        self.shiftctrl = 0

    def load(self, words, offset, shiftctrl, sideset_gpio, jmp_gpio):
        """Take a program. NotImplementedError if it is not the one the model stands for, or wired otherwise."""
        if tuple(words) != pio_relay.PROGRAM:
            raise NotImplementedError(
                "the simulator knows the relay program only; if mcu/interlock.py changed it, change pio_relay.py: %r"
                % [hex(w) for w in words]
            )
        if sideset_gpio != simwire.RELAY_GPIOS[self._index] or jmp_gpio != simwire.FED_GPIOS[self._index // 2]:
            raise NotImplementedError(
                "machine %d drives GP%d under fault line GP%d on the simulated board"
                % (self._index, simwire.RELAY_GPIOS[self._index], simwire.FED_GPIOS[self._index // 2])
            )
        if not shiftctrl & 1 << 19:
            raise NotImplementedError("the relay program shifts out to the right, or `out x,22` takes the wrong end")
        self.active = False
        self._waiting = 0
        self.shiftctrl = shiftctrl
        self._offset = offset
        self._board.emit(simwire.DROP, self._index, 0)  # it will start at `trip`
        self._board.set_function(sideset_gpio, simwire.FUNCTION_PIO0)

    def address(self):
        """SMx_ADDR. While the pin is high the true one moves through the four instructions of the loop."""
        board = self._board
        board.refresh()
        state = board.bank.relays[self._index].state
        if not self.active:
            return self._offset
        if state == pio_relay.LATCHED:
            return self._offset + pio_relay.LATCH
        return self._offset + (pio_relay.ARM if state == pio_relay.WAITING else pio_relay.LIVE)

    def put(self, word):
        """TXF. A latched machine leaves the word in the FIFO; a full FIFO drops it."""
        board = self._board
        board.refresh()
        if self.active and not board.bank.relays[self._index].latched:
            board.emit(simwire.PERMIT, self._index, word & pio_relay.PERMIT_MASK)
            return
        if self._waiting < FIFO_DEPTH:
            self._stray[self._waiting] = word & pio_relay.PERMIT_MASK
            self._waiting += 1

    def execute(self, instruction):
        """SMx_INSTR: a plain jump into the relay program."""
        if not self.active:
            raise NotImplementedError("machine %d is not active" % self._index)
        target = (instruction & 31) - self._offset
        if instruction & ~31 == 0 and target == pio_relay.ARM:
            self._board.emit(simwire.REARM, self._index, 0)
            words = self._waiting
            self._waiting = 0
            for i in range(words):  # permits left in the FIFO take effect now, as on the chip
                self.put(self._stray[i])
        elif instruction & ~31 == 0 and target == pio_relay.TRIP:
            self._board.emit(simwire.DROP, self._index, 0)
        else:
            raise NotImplementedError("executing 0x%04x: only jumps to `arm` and `trip`" % instruction)

    def set_shiftctrl(self, value):
        """SMx_SHIFTCTRL. Changing FJOIN_RX empties the FIFO."""
        if (value ^ self.shiftctrl) & FJOIN_RX:
            self._waiting = 0
        self.shiftctrl = value
