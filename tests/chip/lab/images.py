"""Flash images: the firmware from its UF2, and a littlefs with the program in it.

The file system is made here with the geometry that MicroPython's RPI_PICO board mounts, so nothing has to be typed into
a REPL first. The chip is programmed as an installer would: every file of mcu/ and of tanklink but the host's own.
"""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from littlefs import LittleFS

from tankwarden.flashing.compile import MARCH, compile_source, sources_for
from tankwarden.flashing.link import Linker, linked_sources

from .errors import SetupError

FLASH_BYTES = 2 * 1024 * 1024
# MicroPython 1.26, ports/rp2/boards/RPI_PICO: the file system is the last 1408 KiB.
BLOCK_BYTES = 4096
FILES_AT = FLASH_BYTES - 1408 * 1024
XIP_BASE = 0x10000000
# UF2: blocks of 512 bytes; https://github.com/microsoft/uf2
_UF2_BLOCK = 512
_UF2_MAGIC = (0x0A324655, 0x9E5D5157)
_NOT_MAIN_FLASH, _HAS_FAMILY = 0x0001, 0x2000
RP2040_FAMILY = 0xE48BFF56
UNCOMPILED = ("boot.py", "main.py")  # MicroPython runs them by these names
DISK_VERSION = 0x0002_0000
IDLE = {"main.py": b"", "boot.py": b""}  # the program's files are there, and nothing starts
MEASURED = Path(__file__).parent.parent / "on_chip" / "measured.py"


@dataclass(frozen=True)
class Image:
    """What is to be on the chip. extra: file name on the chip → content; it replaces what has the same name.

    asked: by code at the REPL, which calls things by their names: these stay long.
    """

    uf2: Path
    program: bool = True
    extra: Mapping[str, bytes] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()

    def flash(self) -> bytes:
        """The whole flash."""
        files = program_files(self.asked) if self.program else {}
        flash = bytearray(load_uf2(self.uf2))
        flash[FILES_AT:] = file_system({**files, **self.extra})
        return bytes(flash)


def measured_image(uf2: Path, collect_every: int = 0) -> Image:
    """The program with on_chip/measured.py for its main.py. collect_every: passes between two forced collections."""
    source = MEASURED.read_text().replace("COLLECT_EVERY = 0", f"COLLECT_EVERY = {collect_every}")
    extra = {"main.py": source.encode(), "real_main.py": program_files()["main.py"]}
    return Image(uf2, extra=extra)


def idle_image(uf2: Path, *codes: str) -> Image:
    """The program's files, of which none starts, for these codes to be typed into a REPL."""
    return Image(uf2, extra=IDLE, asked=names_in(*codes))


def load_uf2(path: Path) -> bytes:
    """The flash as an RP2040 has it after the file was copied to it. SetupError if it is no such file."""
    data = path.read_bytes()
    flash = bytearray(b"\xff" * FLASH_BYTES)
    blocks = 0
    for at in range(0, len(data) - _UF2_BLOCK + 1, _UF2_BLOCK):
        first, second, flags, address, size, _, _, family = struct.unpack_from("<8I", data, at)
        if (first, second) != _UF2_MAGIC or flags & _NOT_MAIN_FLASH:
            continue
        offset = address - XIP_BASE
        if (flags & _HAS_FAMILY and family != RP2040_FAMILY) or not 0 <= offset <= FILES_AT - size:
            continue
        flash[offset : offset + size] = data[at + 32 : at + 32 + size]
        blocks += 1
    if not blocks:
        raise SetupError(f"{path} is no UF2 image for an RP2040: get MicroPython's for the Raspberry Pi Pico")
    return bytes(flash)


def file_system(files: Mapping[str, bytes]) -> bytes:
    """A littlefs as the chip mounts it."""
    disk = LittleFS(
        block_size=BLOCK_BYTES, block_count=(FLASH_BYTES - FILES_AT) // BLOCK_BYTES, read_size=32, prog_size=256,
        cache_size=256, lookahead_size=32, disk_version=DISK_VERSION,
    )  # fmt: skip
    for name, content in files.items():
        folder = name.rpartition("/")[0]
        if folder:
            disk.makedirs(folder, exist_ok=True)
        with disk.open(name, "wb") as file:
            file.write(content)
    return bytes(disk.context.buffer)


@cache
def program_files(asked: frozenset[str] = frozenset()) -> dict[str, bytes]:
    """Name on the chip → content, of the whole program, linked and compiled as it is flashed."""
    return {
        name if name in UNCOMPILED else name.replace(".py", ".mpy"): (
            text.encode() if name in UNCOMPILED else compile_source(name, text)
        )
        for name, text in sources_for(MARCH, linked_sources(keep=asked)).items()
    }


def names_in(*codes: str) -> frozenset[str]:
    """Whatever has a name in them."""
    return frozenset(name for code in codes for name in re.findall(r"[A-Za-z_]\w*", code))


def taken(*names: str) -> str:
    """Python that takes these (module.name, of the sources) from the program's files, to be typed into a REPL."""
    linker = Linker.of_sources()
    linker.run(short=False)
    lines = []
    for name in names:
        module, _, own = name.rpartition(".")
        if not module:
            lines.append(f"import {own}\n")
            continue
        final = linker.final[module, own]
        assert final == own, f"{name} is {final} in the linked program: names_in() would not keep it"
        lines.append(f"from {linker.homes[final]} import {final}\n")
    return "".join(lines)
