"""What flashing comes to, from what is to be and what lies on the board. Pure.

The board has two folders, a and b. One holds the program that runs; the new one is put into the other, whose program,
the one before, makes place for it. What both programs have alike is copied on the board and not sent.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from tankwarden.flashing.errors import NoRoomError
from tankwarden.flashing.program import LOADER, MANIFEST, Program

SLOTS = ("a", "b")
FOLDER_BLOCKS = 2  # of littlefs: a pair of blocks for each folder's list of names
SPARE_BLOCKS = 16  # for the journal's files to be made anew, crash.txt, and the file system's own moves
UNCHANGED, NEW, CHANGED, REMOVED = "unchanged", "new", "changed", "removed"


@dataclass(frozen=True)
class Files:
    """What lies on the board. paths: from / on → (bytes, SHA-256 in hex; "" of what is no code).

    slot: what the file of that name says.
    """

    paths: Mapping[str, tuple[int, str]]
    slot: str
    block_bytes: int
    free_blocks: int

    def below(self, folder: str) -> dict[str, tuple[int, str]]:
        """The same of a folder, by names in it."""
        return {path[len(folder) + 1 :]: found for path, found in self.paths.items() if path.startswith(folder + "/")}


@dataclass(frozen=True)
class Row:
    """Of the table that people see. n_bytes: as it is to be; of a removed one, as it was."""

    name: str
    what: str
    n_bytes: int


@dataclass(frozen=True)
class Plan:
    """current, target: folders; current is None on a board with no program in one. Names are those on the chip."""

    current: str | None
    target: str
    rows: tuple[Row, ...]
    drop: tuple[str, ...]  # of the target folder, before anything is written
    keep: tuple[str, ...]  # there already, as they are to be
    copy: tuple[tuple[str, str], ...]  # (path on the board, name)
    send: tuple[str, ...]
    loader: tuple[str, ...]  # of LOADER, those that differ
    leftovers: tuple[str, ...]  # paths of a program that was copied to the root by hand; in the order of their removal
    on_trial: bool  # the target's program was to be tried, and was not kept yet

    @property
    def pending(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.loader) or any(row.what != UNCHANGED for row in self.rows)


def make(program: Program, files: Files) -> Plan:
    """Compare. NoRoomError, saying how much lacks, if the new program does not fit beside the running one."""
    current = running(files)
    target = SLOTS[current == SLOTS[0]]
    had = hashes(files, current)
    beside = {name: digest for name, (_, digest) in files.below(f"/{target}").items() if name != MANIFEST}
    keep = [name for name, digest in program.hashes.items() if beside.get(name) == digest]
    missing = [name for name in program.files if name not in keep]
    source = f"/{current}/" if current else "/"
    copy = [(source + name, name) for name in missing if had.get(name) == program.hashes[name]]
    copied = {name for _, name in copy}
    plan = Plan(
        current, target, _rows(program, files, current, had),
        drop=tuple(name for name in beside if name not in keep),
        keep=tuple(keep), copy=tuple(copy), send=tuple(name for name in missing if name not in copied),
        loader=tuple(name for name in LOADER if not _has_loader(program, files, name)),
        leftovers=_leftovers(files), on_trial=files.slot.partition(" ")[2].isdigit(),
    )  # fmt: skip
    _check_room(program, plan, files)
    return plan


def running(files: Files) -> str | None:
    """The folder with the program to rely on; None: there is none, or it lies in the root.

    As mcu/loader/boot.py picks it, but a program on trial that was not kept counts less than the one before it.
    """
    slot, _, state = files.slot.partition(" ")
    chosen = slot if slot in SLOTS else SLOTS[0]
    other = SLOTS[chosen == SLOTS[0]]
    order = (other, chosen) if state.isdigit() else (chosen, other)
    return next((name for name in order if f"/{name}/{MANIFEST}" in files.paths), None)


def hashes(files: Files, current: str | None) -> dict[str, str]:
    """Name → SHA-256 of the program in that folder; of None, of one that was copied to the root by hand."""
    if current is not None:
        return {name: digest for name, (_, digest) in files.below(f"/{current}").items() if name != MANIFEST}
    return {path[1:]: files.paths[path][1] for path in _leftovers(files) if path in files.paths}


def _rows(program: Program, files: Files, current: str | None, had: Mapping[str, str]) -> tuple[Row, ...]:
    rows = []
    for name, data in program.files.items():
        what = UNCHANGED if had.get(name) == program.hashes[name] else CHANGED if name in had else NEW
        rows.append(Row(name, what, len(data)))
    folder = f"/{current}/" if current else "/"
    rows += [Row(name, REMOVED, files.paths[folder + name][0]) for name in had if name not in program.files]
    for name in LOADER:
        what = UNCHANGED if _has_loader(program, files, name) else CHANGED if f"/{name}" in files.paths else NEW
        rows.append(Row("/" + name, what, len(program.loader[name])))
    return tuple(sorted(rows, key=lambda row: row.name))


def _has_loader(program: Program, files: Files, name: str) -> bool:
    return files.paths.get(f"/{name}", (0, ""))[1] == hashlib.sha256(program.loader[name]).hexdigest()


def _leftovers(files: Files) -> tuple[str, ...]:
    code = [path for path, (_, digest) in files.paths.items() if digest and path[1:] not in LOADER]
    tanklink = [path for path in code if path.startswith("/tanklink/")]
    flat = [path for path in code if path.count("/") == 1]
    return (*flat, *tanklink, *(("/tanklink",) if tanklink else ()))


def _check_room(program: Program, plan: Plan, files: Files) -> None:
    def blocks(n_bytes: int) -> int:
        return -(-n_bytes // files.block_bytes) or 1

    written = [len(program.files[name]) for name in program.files if name not in plan.keep]
    written += [len(program.manifest), *(len(program.loader[name]) for name in plan.loader), 1]
    needed = sum(map(blocks, written)) + 2 * FOLDER_BLOCKS + SPARE_BLOCKS
    there = files.below(f"/{plan.target}")
    free = files.free_blocks + sum(blocks(there[name][0]) for name in plan.drop)
    if free < needed:
        kib = (needed - free) * files.block_bytes // 1024
        raise NoRoomError(
            f"the board's flash lacks {kib} KiB for a second program beside the one that runs "
            f"({free * files.block_bytes // 1024} KiB are free): remove what is not Tankwarden's from it, with "
            "mpremote (mpremote ls, mpremote rm); nothing was written"
        )
