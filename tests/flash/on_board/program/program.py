"""In the place of the real program's: it says who it is, and leaves for maintenance; it has no circuits.

Everything else of its folder, and tanklink, is the real one. STATE: the board's state that it reports.
"""

import select
import sys
from time import sleep_ms

import board
import identity
import limits
import machine
from trial import Trial

from tanklink.frames import MAX_FRAME, ByteReader, encode_into
from tanklink.messages import ACK, DIGEST, HELLO, MAINTENANCE, WELCOME

STATE = 2


class Program:
    def __init__(self):
        self.who = identity.read()
        self.longest_ms = limits.MAX_LEASE_MS  # so that a program with another ceiling is another program
        self._trial = Trial()
        self._reader = ByteReader()
        self._frame = bytearray(MAX_FRAME)
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)

    def step(self, _now_us):
        while self._poll.poll(0):
            byte = sys.stdin.buffer.read(1)
            if byte and self._reader.push(byte[0]):
                self._take(self._reader.message, self._reader.seq, self._reader.values)

    def _take(self, message, seq, values):
        who = self.who
        if message is HELLO:
            self._send(WELCOME, seq, [
                DIGEST, who.firmware, who.board_id, who.boot_id, who.reset_cause, STATE, 7 if STATE > 3 else 0, 1, 0,
                who.version,
            ])  # fmt: skip
            if self._trial.pending and STATE != 5 and values[0] == DIGEST:
                self._trial.keep()
        elif message is MAINTENANCE:
            self._send(ACK, seq, [MAINTENANCE.id])
            identity.leave_note(board.NOTE_FREE_REPL)
            machine.reset()

    def _send(self, message, seq, values):
        n = encode_into(message, seq, values, self._frame)
        sys.stdout.buffer.write(self._frame[:n])

    def wait(self, _began_us):
        sleep_ms(2)

    def crash(self):
        pass
