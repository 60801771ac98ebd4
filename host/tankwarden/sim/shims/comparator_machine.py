"""PIO1's first state machine as the firmware's registers show it, running the comparator program.

Over the Comparator of pio_comparator.py this adds what the CPU and DMA can see or do: FIFO, address register, executed
jumps. As pio_machine.py it knows one program only and refuses any other.
"""

import pio_comparator
import simwire

FIFO_DEPTH = 4
FJOIN_RX = 1 << 31
_STATUS_EMPTY = 1  # STATUS_SEL 0 and STATUS_N 1: all ones while the FIFO is empty
_SHIFT = 7  # `out null,7` and `out x,5` see 12 bits


class ComparatorMachine:
    """State machine 4 of the simulated board."""

    def __init__(self, board):
        self._board = board
        self.model = pio_comparator.Comparator()
        self._offset = 0
        self._ceiling = 0
        self._active = False
        self._stray = [0] * FIFO_DEPTH  # words that it does not take, since it is not watching
        self._waiting = 0
        self.shiftctrl = 0
        self.execctrl = 0

    def load(self, words, offset, execctrl, shiftctrl, set_gpio):
        """Take a program. NotImplementedError if it is not the one the model stands for, or wired otherwise."""
        ceiling = pio_comparator.ceiling(words)
        if not ceiling or execctrl >> 12 & 31 != pio_comparator.WRAP_TOP:
            raise NotImplementedError(
                "on PIO1 the simulator knows the comparator program only; if mcu/comparator.py changed it, change "
                "pio_comparator.py: %r" % [hex(w) for w in words]
            )
        if set_gpio != simwire.FED_GPIOS[0]:
            raise NotImplementedError("the comparator of the simulated board pulls GP6 and GP7, not GP%r" % set_gpio)
        if not shiftctrl & 1 << 19:
            raise NotImplementedError("the comparator program shifts out to the right, or it takes the wrong bits")
        self._stop()
        self._waiting = 0
        self._offset, self._ceiling = offset, ceiling
        self.execctrl, self.shiftctrl = execctrl, shiftctrl
        for gpio in simwire.FED_GPIOS:
            self._board.set_function(gpio, simwire.FUNCTION_PIO1)

    @property
    def active(self):
        """Whether it runs."""
        return self._active

    @active.setter
    def active(self, on):
        if not on:
            self._stop()
        elif not self._active:
            if not self._ceiling:
                raise NotImplementedError("machine 4 has no program")
            if self.execctrl & 31 != _STATUS_EMPTY:
                raise NotImplementedError(
                    "without STATUS_N = 1 in EXECCTRL the comparator would wait for ever, silently"
                )
            self._active = True
            self._act(simwire.COMPARATOR_START, self._ceiling)
            self._take_what_waits()

    def address(self):
        """SMx_ADDR. While it watches the true one moves among the instructions before OVER_AT."""
        self._board.refresh()
        state = self.model.state
        if state == pio_comparator.WATCHING:
            return self._offset + pio_comparator.WAIT
        if state == pio_comparator.OVER:
            return self._offset + pio_comparator.OVER_AT
        return self._offset + (pio_comparator.STARVED_AT if state == pio_comparator.STARVED else pio_comparator.START)

    def put(self, word):
        """TXF, written by the CPU. A machine that does not watch leaves the word in the FIFO; a full FIFO drops it."""
        self._board.refresh_samples()
        counts = word & 0xFFF
        if self._dead():
            return
        if self.model.watches:
            self._act(simwire.COMPARATOR_SAMPLE, counts)
        else:
            self._keep(counts)

    def feed(self, t, counts):
        """TXF, written by DMA: samples came up to t, the highest of these counts."""
        if self._dead():
            return
        if self.model.watches:
            self.model.sample(t, counts)
            self._pull(t)
        else:
            while self._active and self._waiting < FIFO_DEPTH:
                self._keep(counts)

    def silence(self, t):
        """No sample came until t."""
        if self.model.watches and not self._dead():
            self._pull(self.model.silence(t))

    def believe(self, t, truth):
        """What the sim process has seen it do."""
        if truth & 3:
            self.model.believe(truth)
            self._pull(t)

    def execute(self, instruction):
        """SMx_INSTR: a jump to the start of the program, which lets the lines go."""
        if not self._active:
            raise NotImplementedError("machine 4 is not active")
        if instruction != self._offset + pio_comparator.START:
            raise NotImplementedError("executing 0x%04x: only a jump to the comparator's start" % instruction)
        self._act(simwire.COMPARATOR_RELEASE, 0)
        self._take_what_waits()

    def set_shiftctrl(self, value):
        """SMx_SHIFTCTRL. Changing FJOIN_RX empties the FIFO."""
        self._board.refresh_samples()
        if (value ^ self.shiftctrl) & FJOIN_RX:
            self._waiting = 0
        self.shiftctrl = value

    def _dead(self):
        return self._board.words[simwire.W_FAULTS] & simwire.FAULT_COMPARATOR

    def _keep(self, counts):
        if self._waiting < FIFO_DEPTH:
            self._stray[self._waiting] = counts
            self._waiting += 1

    def _take_what_waits(self):
        words = self._waiting
        self._waiting = 0
        for i in range(words):
            self.put(self._stray[i])

    def _stop(self):
        if self._active:
            self._active = False
            self._act(simwire.COMPARATOR_STOP, 0)

    def _act(self, action, counts):
        board = self._board
        board.refresh_samples()  # those from before meet the machine as it was
        board.emit(simwire.COMPARATOR, action, counts)
        t = board.backend.now_us()
        self.model.apply(t, action, counts)
        self._pull(t)

    def _pull(self, t):
        bank = self._board.bank
        if bank.pulls != self.model.pulls:
            bank.pull(t, self.model.pulls)
