"""The simulated Pico's firmware, under MicroPython: DISK HOST_DIR NAME VERSION. Ends in the real REPL (start with -i).

A littlefs in a file with the chip's blocks is mounted at /, then boot.py and main.py run as the chip runs them. What
the chip has besides is a `machine` and an `rp2` of a few lines. HOST_DIR holds what outlives a reset and not a power
cut (scratch), who holds the button (button), and after how many operations of flash power fails (budget).
"""

import os
import sys

import vfs

DISK, HOST, NAME, VERSION = sys.argv[1:5]
BLOCK, BLOCKS = 4096, 352  # 1408 KiB, as MicroPython's RPI_PICO board has
RESET, POWER_CUT = "reset", "cut"
PWRON_RESET, WDT_RESET = 1, 3


class Flash:
    """littlefs's block device, in a file. The operation at which power fails is done by half."""

    def __init__(self):
        self._file = open(DISK, "r+b")  # noqa: SIM115
        self._done = 0
        self._blocks = os.stat(DISK)[6] // BLOCK
        try:
            with open(HOST + "/budget") as file:
                self._budget = int(file.read())
        except OSError:
            self._budget = None

    def readblocks(self, block, buf, offset=0):
        self._file.seek(block * BLOCK + offset)
        self._file.readinto(buf)

    def writeblocks(self, block, buf, offset=0):
        self._change(block * BLOCK + offset, buf)

    def ioctl(self, op, argument):
        if op == 4:
            return self._blocks
        if op == 5:
            return BLOCK
        if op == 6:
            self._change(argument * BLOCK, b"\xff" * BLOCK)
        return 0

    def hand_on(self):
        """What is left of the budget is the next start's."""
        if self._budget is not None:
            with open("/host/budget", "w") as file:
                file.write(str(self._budget - self._done))

    def _change(self, at, data):
        self._done += 1
        fails = self._budget is not None and self._done > self._budget
        self._file.seek(at)
        self._file.write(memoryview(data)[: len(data) // 2] if fails else data)
        self._file.flush()
        if fails:
            _end(POWER_CUT)


class _Mem32:
    """The watchdog's scratch registers."""

    def __getitem__(self, address):
        try:
            with open("/host/scratch") as file:
                return int(file.read())
        except OSError:
            return 0

    def __setitem__(self, address, value):
        with open("/host/scratch", "w") as file:
            file.write(str(value))


class _Pin:
    OUT = 1

    def __init__(self, *args, **kwargs):
        pass


class _WDT:
    def __init__(self, timeout):
        pass

    def feed(self):
        pass


class _Module:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


def _reset():
    _disk.hand_on()
    _end(RESET)


def _end(why):
    """At once: after sys.exit the interpreter would show its prompt."""
    with open("/host/end" if _mounted else HOST + "/end", "w") as file:
        file.write(why)
    os.system("kill -9 $PPID")


def _cause():
    try:
        os.stat("/host/scratch")
        return WDT_RESET
    except OSError:
        return PWRON_RESET


def _button():
    try:
        os.stat("/host/button")
        return 1
    except OSError:
        return 0


def _run(name):
    """As the chip's pyexec does: both files in one namespace, an exception is printed and ends only that file."""
    try:
        with open(name) as file:
            source = file.read()
    except OSError:
        return True
    try:
        exec(compile(source, name, "exec"), globals())
        return True
    except Exception as error:
        sys.print_exception(error)
        return False


_mounted = False
_disk = Flash()
vfs.mount(vfs.VfsPosix(HOST), "/host")
try:
    _fs = vfs.VfsLfs2(_disk, progsize=256)
except OSError:
    vfs.VfsLfs2.mkfs(_disk, progsize=256)
    _fs = vfs.VfsLfs2(_disk, progsize=256)
try:
    vfs.umount("/")
except OSError:
    pass
vfs.mount(_fs, "/")
_mounted = True
os.chdir("/")
sys.path[:] = ["", ".frozen", "/lib"]
sys.modules["machine"] = _Module(
    Pin=_Pin, WDT=_WDT, mem32=_Mem32(), reset=_reset, reset_cause=_cause, unique_id=lambda: b"flashkit",
    PWRON_RESET=PWRON_RESET, WDT_RESET=WDT_RESET,
)  # fmt: skip
sys.modules["rp2"] = _Module(bootsel_button=_button)
if NAME != "micropython" or VERSION:
    _own = sys.implementation
    _version = tuple([int(part) for part in VERSION.split(".")]) if VERSION else _own[1]

    class _Implementation:
        name, version, _mpy = NAME, _version, _own._mpy

        def __getitem__(self, index):
            return (self.name, self.version)[index]

    sys.modules["sys"] = _Module(
        implementation=_Implementation(), path=sys.path, modules=sys.modules, platform="simulated",
        print_exception=sys.print_exception, stdin=sys.stdin, stdout=sys.stdout, exit=sys.exit,
    )  # fmt: skip
if _run("boot.py"):
    _run("main.py")
