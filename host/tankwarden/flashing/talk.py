"""A word with the program that runs on the Pico: who is it, how does it stand, and would it leave the REPL free.

HELLO, WELCOME and MAINTENANCE keep their layout for ever, so this also speaks with a program of another version.
"""

import os
import time
from collections.abc import Callable, Sequence

import serial

from tanklink import messages, records
from tanklink.frames import FrameReader, pack
from tanklink.records import Record
from tankwarden.drivers.pico.advice import nak_text
from tankwarden.drivers.pico.ports import open_port
from tankwarden.drivers.pico.session import nak_reason
from tankwarden.flashing.errors import BoardRefusedError, LostBoardError

TRIES_S = (0.1, 0.2, 0.4, 0.8)
SEQUENCE_S = 1.5  # the circuits of an armed board open one contact after the other when the session changes
_SEQ_MODULO = 1 << 16
Sleep = Callable[[float], None]


def hello(path: str, tries_s: Sequence[float] = TRIES_S) -> records.Welcome | None:
    """Open a session, which ends the one before, and every lease with it. None if no program answers. PortError."""
    port = open_port(path)
    try:
        return _hello(port, path, tries_s)
    finally:
        port.close()


def ask_for_maintenance(
    path: str, tries_s: Sequence[float] = TRIES_S, sleep: Sleep = time.sleep
) -> records.Welcome | None:
    """Have the program drop every output and reset, leaving the REPL free at the next start; who it was.

    None if no program answers. BoardRefusedError if it refuses; PortError.
    """
    port = open_port(path)
    try:
        welcome = _hello(port, path, tries_s)
        if welcome is None:
            return None
        if messages.BOARD_STATES[welcome.state] == "armed":
            sleep(SEQUENCE_S)
        reply = _ask(port, path, records.Maintenance(), (records.Ack, records.Nak), tries_s)
        if isinstance(reply, records.Nak):
            raise BoardRefusedError(f"{path}: the Pico refuses to stop its program: {nak_text(nak_reason(reply))}")
        return welcome
    finally:
        port.close()


def _hello(port: serial.Serial, path: str, tries_s: Sequence[float]) -> records.Welcome | None:
    session = int.from_bytes(os.urandom(4)) >> 2
    reply = _ask(port, path, records.Hello(digest=messages.DIGEST, session=session), (records.Welcome,), tries_s)
    return reply if isinstance(reply, records.Welcome) else None


def _ask(
    port: serial.Serial, path: str, request: Record, expected: tuple[type, ...], tries_s: Sequence[float]
) -> Record | None:
    reader = FrameReader()
    seq = int.from_bytes(os.urandom(2)) % _SEQ_MODULO
    for wait_s in tries_s:
        try:
            port.write(pack(request, seq))
            end = time.monotonic() + wait_s
            while (left_s := end - time.monotonic()) > 0:
                port.timeout = min(left_s, 0.05)
                for frame in reader.feed(port.read(max(1, port.in_waiting))):
                    if frame.seq == seq and isinstance(frame.record, expected):
                        return frame.record
        except OSError as error:  # SerialException is one
            raise LostBoardError(f"{path} went away ({error}): see to its cable, and run the command again") from error
    return None
