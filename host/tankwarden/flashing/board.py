"""A Pico whose REPL is free, by mpremote: what it is, what lies on it, and writing to it.

Each question is one short piece of MicroPython that prints one literal. Whatever mpremote raises becomes one of ours.
"""

import ast
import contextlib
import io
import struct
from binascii import b2a_base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from tankwarden.flashing.errors import BoardRefusedError, LostBoardError, NotOursError
from tankwarden.flashing.plan import Files

WANTED = (1, 26)
NEW = ".new"
CHUNK = 768  # bytes in one piece of code
LEAVE_S = 5.0
REPLY_S = 20.0  # to hash a file takes less, to erase flash, too
ENTER_S = 1.0
# mpy-cross's -march by the number that sys.implementation._mpy holds above bit 10 (py/persistentcode.h)
ARCHS = (
    "",
    "x86",
    "x64",
    "armv6",
    "armv6m",
    "armv7m",
    "armv7em",
    "armv7emsp",
    "armv7emdp",
    "xtensa",
    "xtensawin",
    "rv32imc",
)

_WHO = """
import sys
_i=sys.implementation
print((_i.name,tuple(_i[1][:2]),getattr(_i,'_mpy',0),sys.platform))
"""
_TOOLS = """
import gc,hashlib,os,sys
from binascii import a2b_base64 as _d
gc.collect()
def _hash(p):
 b=bytearray(512);v=memoryview(b);h=hashlib.sha256()
 with open(p,'rb') as f:
  while 1:
   n=f.readinto(b)
   if not n:return h.digest().hex()
   h.update(v[:n])
def _is(p):
 try:os.stat(p);return 1
 except OSError:return 0
def _show(d):
 for e in os.ilistdir(d or '/'):
  p=d+'/'+e[0]
  if e[1]==0x4000:_show(p)
  else:print((p,os.stat(p)[6],_hash(p) if p[-3:]=='.py' or p[-4:]=='.mpy' else ''))
def _copy(p,q):
 b=bytearray(512);v=memoryview(b)
 with open(p,'rb') as f:
  with open(q,'wb') as g:
   while 1:
    n=f.readinto(b)
    if not n:return
    g.write(v[:n])
"""
_LEAVE = """
try:
 sys.path.insert(0,%r)
 import board,bootloop
 bootloop.leave_note(board.NOTE_MAINTENANCE)
except Exception:pass
import machine
print('bye')
machine.reset()
"""


@dataclass(frozen=True)
class Firmware:
    """The MicroPython on the board. mpy: version and sub-version of the .mpy files it loads; march: as of mpy-cross."""

    name: str
    version: tuple[int, ...]
    mpy: tuple[int, int]
    march: str


class Board:
    """An open raw REPL. Use it in a with statement. Every method may raise LostBoardError and BoardRefusedError."""

    def __init__(self, path: str, enter_s: float = ENTER_S, reply_s: float = REPLY_S) -> None:
        """LostBoardError if no prompt comes within enter_s: the program runs, or something else does.

        reply_s: how long it may say nothing while it works.
        """
        self.path = path
        with _ours(path, "opening the port"):
            self._transport = SerialTransport(path, timeout=reply_s, exclusive=True)
        self._equipped, self._reply_s = False, reply_s
        try:
            with _ours(path, "asking for the prompt"), contextlib.redirect_stdout(io.StringIO()):
                self._transport.enter_raw_repl(soft_reset=False, timeout_overall=enter_s)
        except LostBoardError:
            self.close()
            raise

    def close(self) -> None:
        """Give the port back; the board stays where it is."""
        for close in (self._transport.close, self._transport.serial.close):  # the former gives up if DTR cannot be set
            with contextlib.suppress(OSError):
                close()

    def __enter__(self) -> "Board":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- looking -----------------------------------------------------------------------------------------------------

    def firmware(self) -> Firmware:
        """Ask who it is. NotOursError if the program cannot run on it."""
        name, version, mpy, platform = ast.literal_eval(self._exec(_WHO).decode())
        if name != "micropython":
            raise NotOursError(f"{self.path}: the board runs {name}, not MicroPython: {INSTALL}")
        if tuple(version) < WANTED:
            said = ".".join(map(str, version))
            raise NotOursError(f"{self.path}: the board runs MicroPython {said}, which is too old: {INSTALL}")
        march = ARCHS[mpy >> 10] if mpy >> 10 < len(ARCHS) else f"unknown ({platform})"
        return Firmware(name, tuple(version), (mpy & 0xFF, mpy >> 8 & 3), march)

    def files(self) -> Files:
        """Everything that lies on it, hashed: takes some seconds."""
        disk = self._ask("print(os.statvfs('/'))")
        slot = self._ask("print(open('/slot').read() if _is('/slot') else '')", parse=False)
        return Files(self._show(""), slot.strip(), disk[1], disk[3])

    def hashes(self, folder: str) -> dict[str, str]:
        """Name → SHA-256 of the code in it; "" of what is none."""
        return {path[len(folder) + 1 :]: digest for path, (_, digest) in self._show(folder).items()}

    def _show(self, folder: str) -> dict[str, tuple[int, str]]:
        """Path → (bytes, SHA-256); line by line, so that a slow board is not taken for a dead one."""
        lines = self._run(f"_show({folder!r})").decode().splitlines()
        return {path: (n_bytes, digest) for path, n_bytes, digest in map(ast.literal_eval, lines)}

    def read(self, path: str) -> bytes:
        """A short file, whole."""
        found: bytes = self._ask(f"print(open({path!r},'rb').read())")
        return found

    def button(self) -> bool:
        """Whether BOOTSEL is held down."""
        return bool(self._ask("import rp2;print(rp2.bootsel_button())"))

    # -- writing -----------------------------------------------------------------------------------------------------

    def mkdir(self, path: str) -> None:
        """Make a folder that may be there."""
        self._run(f"if not _is({path!r}):os.mkdir({path!r})")

    def write(self, path: str, data: bytes) -> None:
        """A file, anew."""
        self._run(f"_f=open({path!r},'wb')")
        for at in range(0, len(data), CHUNK):
            text = b2a_base64(data[at : at + CHUNK], newline=False).decode()
            self._run(f"_f.write(_d('{text}'))")
        self._run("_f.close()")

    def replace(self, path: str, data: bytes) -> None:
        """A file, such that a cut of power leaves either the old one or the new."""
        self.write(path + NEW, data)
        self._run(f"os.rename({path + NEW!r},{path!r})")

    def copy(self, source: str, target: str) -> None:
        """On the board."""
        self._run(f"_copy({source!r},{target!r})")

    def remove(self, path: str) -> None:
        """A file or an empty folder that may be gone."""
        self._run(f"if _is({path!r}):os.remove({path!r})")

    def reset(self, folder: str) -> None:
        """Start the board anew, as a reset on purpose; the port goes away. folder: whose board.py can say so."""
        with contextlib.suppress(LostBoardError), _ours(self.path, "starting it anew"):
            self._equip()
            self._transport.exec_raw_no_follow(_LEAVE % folder)
            self._transport.read_until(1, b"bye", timeout=LEAVE_S)
        self.close()

    def _ask(self, code: str, parse: bool = True) -> Any:
        said = self._run(code).decode()
        return ast.literal_eval(said) if parse else said

    def _run(self, code: str) -> bytes:
        self._equip()
        return self._exec(code)

    def _equip(self) -> None:
        """Bring the functions of _TOOLS there, once."""
        if not self._equipped:
            self._exec(_TOOLS)
            self._equipped = True

    def _exec(self, code: str) -> bytes:
        with _ours(self.path, "running on the board"):
            out, error = self._transport.exec_raw(code, timeout=self._reply_s)
            if error:
                raise TransportExecError(out, error.decode(errors="replace"))
            found: bytes = out
            return found


INSTALL = (
    "install MicroPython 1.26 for it (hold BOOTSEL while plugging it in, copy the UF2 file to the drive that appears)"
)


@contextlib.contextmanager
def _ours(path: str, what: str) -> Iterator[None]:
    """mpremote's errors, and what it lets through of pyserial's and struct's, as ours."""
    try:
        yield
    except TransportExecError as error:
        last = str(error).strip().rpartition("\n")[2]
        raise BoardRefusedError(f"{path}: {what} failed on the board: {last}: run the command again") from error
    except (TransportError, struct.error, OSError, ValueError) as error:
        raise LostBoardError(
            f"{path}: {what}: the board does not answer any more ({error}): see to its cable, and run the command again"
        ) from error
