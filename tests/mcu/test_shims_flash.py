"""The simulated chip's raw flash: NOR, in the files of the board's folder or in memory."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import backend_virtual
import flash
import pytest
import rp2
import simwire

SHIMS = Path(flash.__file__).parent
BLOCK, PAGE = flash.BLOCK_BYTES, flash.PAGE_BYTES


@pytest.fixture(params=["memory", "folder"])
def chip(request: pytest.FixtureRequest, world: backend_virtual.VirtualBackend, tmp_path: Path) -> Iterator[rp2.Flash]:
    """With two blocks, erased."""
    folder = flash.FolderStore(str(tmp_path))
    if request.param == "memory":
        world.flash = flash.MemoryStore(2)
    else:
        for name in ("a", "b"):
            (tmp_path / name).write_bytes(b"\xff" * BLOCK)
        (tmp_path / "short").write_bytes(b"no block")
        world.flash = folder
    chip = rp2.Flash()
    assert chip.ioctl(4, 0) == 2
    assert chip.ioctl(5, 0) == BLOCK
    yield chip
    folder.close()


def read(chip: rp2.Flash, block: int, at: int, n: int) -> bytes:
    buf = bytearray(n)
    chip.readblocks(block, buf, at)
    return bytes(buf)


def test_a_program_clears_bits_and_an_erase_sets_them(chip: rp2.Flash) -> None:
    chip.writeblocks(1, b"\xf0" * PAGE, PAGE)
    chip.writeblocks(1, b"\x3c" * PAGE, PAGE)
    assert read(chip, 1, PAGE - 1, 3) == b"\xff\x30\x30"
    assert read(chip, 0, 0, BLOCK) == b"\xff" * BLOCK
    assert chip.ioctl(6, 1) == 0
    assert read(chip, 1, 0, BLOCK) == b"\xff" * BLOCK


def test_a_flash_that_is_dead_takes_nothing_and_says_nothing(
    chip: rp2.Flash, world: backend_virtual.VirtualBackend
) -> None:
    chip.writeblocks(0, b"\xa5" * PAGE, 0)
    world.set_fault(simwire.FAULT_FLASH, True)
    chip.writeblocks(0, b"\x00" * PAGE, 0)
    assert chip.ioctl(6, 0) == 0
    chip.writeblocks(0, b"\x00" * PAGE)
    assert read(chip, 0, 0, PAGE) == b"\xa5" * PAGE
    with pytest.raises(ValueError, match="no whole page"):
        chip.writeblocks(0, b"\x00", 0)
    world.set_fault(simwire.FAULT_FLASH, False)
    chip.writeblocks(0, b"\x00" * PAGE, 0)
    assert read(chip, 0, 0, PAGE) == b"\x00" * PAGE


def test_without_an_offset_the_block_is_erased_before(chip: rp2.Flash) -> None:
    chip.writeblocks(0, b"\x00" * PAGE, 2 * PAGE)
    chip.writeblocks(0, b"\xaa" * BLOCK)
    assert read(chip, 0, 0, BLOCK) == b"\xaa" * BLOCK


@pytest.mark.parametrize(("n", "at"), [(64, 0), (PAGE, 64), (2 * PAGE, BLOCK - PAGE)])
def test_what_is_no_whole_page_is_refused(chip: rp2.Flash, n: int, at: int) -> None:
    with pytest.raises(ValueError, match="no whole page"):
        chip.writeblocks(0, bytes(n), at)


def test_a_file_that_was_made_anew_is_another_block(world: backend_virtual.VirtualBackend, tmp_path: Path) -> None:
    world.flash = folder = flash.FolderStore(str(tmp_path))
    chip = rp2.Flash()
    for count in (1, 2):
        path = tmp_path / "file"
        path.unlink(missing_ok=True)
        path.write_bytes(bytes([count]) * BLOCK)
        assert chip.ioctl(4, 0) == count
        assert read(chip, count - 1, 0, 1) == bytes([count])
    folder.close()


def test_folder_under_micropython(micropython: str, tmp_path: Path) -> None:
    """The same calls there, where `open` and `os.stat` are others."""
    (tmp_path / "a").write_bytes(b"\xff" * BLOCK)
    script = (
        f"import sys; sys.path[0:0] = [{str(SHIMS)!r}]\n"
        "import flash\n"
        "store = flash.FolderStore('.')\n"
        "assert store.count() == 1\n"
        "store.program(0, 256, b'\\xf0' * 256)\n"
        "store.program(0, 256, b'\\x3c' * 256)\n"
        "buf = bytearray(2); store.read(0, 255, buf); print(buf)\n"
        "store.erase(0); store.read(0, 255, buf); print(buf)\n"
    )
    done = subprocess.run([micropython, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "bytearray(b'\\xff0')\nbytearray(b'\\xff\\xff')\n"
