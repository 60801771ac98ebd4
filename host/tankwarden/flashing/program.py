"""A whole program as it is to lie on the Pico: files, their hash as the board reckons it, manifest, ceilings."""

import hashlib
import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tankwarden.flashing.compile import MARCH, compile_program
from tankwarden.resources import mcu_dir, protocol_dir

MANIFEST = "manifest"
LOADER = ("boot.py", "main.py")  # at the root of the board's file system, as source, in the order they are replaced
LIMIT = "limit"
_END = "end\n"  # the mark that mcu/loader/boot.py looks for


@dataclass(frozen=True)
class Program:
    """files: name on the chip → content. loader: the two files at the root. limits: ceiling → value, as text."""

    version: str
    files: Mapping[str, bytes]
    loader: Mapping[str, bytes]
    limits: Mapping[str, str]

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Name → SHA-256 in hex."""
        return {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}

    @cached_property
    def firmware(self) -> bytes:
        """The 8 bytes of WELCOME, as mcu/identity.py reckons them."""
        digest = hashlib.sha256()
        for name in sorted(self.files):
            digest.update(name.encode() + b"\0" + self.files[name])
        return digest.digest()[:8]

    @cached_property
    def manifest(self) -> bytes:
        """What is written last into the program's folder: its hash, its ceilings, and the hash of every file."""
        lines = [f"tankwarden {self.version}", f"program {self.firmware.hex()}"]
        lines += [f"{LIMIT} {name} {value}" for name, value in self.limits.items()]
        lines += [f"{self.hashes[name]} {len(self.files[name])} {name}" for name in sorted(self.files)]
        return ("\n".join(lines) + "\n" + _END).encode()


def build(version: str, mcu: Path | None = None, protocol: Path | None = None, march: str = MARCH) -> Program:
    """Compile it. CompileError."""
    mcu, protocol = mcu or mcu_dir(), protocol or protocol_dir()
    loader = {name: (mcu / "loader" / name).read_bytes() for name in LOADER}
    return Program(version, compile_program(mcu, protocol, march), loader, ceilings(mcu / "limits.py"))


def ceilings(path: Path) -> dict[str, str]:
    """Every constant of a limits.py, its value in one word."""
    found = runpy.run_path(str(path))
    return {name: repr(value).replace(" ", "") for name, value in found.items() if name.isupper()}


def ceilings_of(manifest: bytes) -> dict[str, str]:
    """Those that a manifest tells of."""
    words = [line.split() for line in manifest.decode(errors="replace").splitlines()]
    return {word[1]: word[2] for word in words if len(word) == 3 and word[0] == LIMIT}
