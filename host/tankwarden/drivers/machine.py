"""This computer: what its operating system tells of processor, memory, disk and temperature, and what a Raspberry Pi's
firmware tells of throttling."""

from pathlib import Path

import psutil

from tankwarden.logic.health import Machine

# Of the Raspberry Pi's kernel, in hexadecimal; the folder's name differs from model to model.
_THROTTLED = "devices/platform/*/*firmware*/get_throttled"
_SENSORS = (
    "cpu_thermal",
    "soc_thermal",
    "coretemp",
    "k10temp",
)  # the first that there is; a Raspberry Pi's comes first
_MB = 1e6


class ThisMachine:
    """folder: its disk is looked at. sys: where the kernel's tree is. read() blocks for some ms."""

    def __init__(self, folder: Path, sys: Path = Path("/sys")) -> None:
        self._folder, self._sys = folder, sys
        self._process = psutil.Process()
        self._cpu = self._times()

    def read(self) -> Machine:
        """What cannot be read is None."""
        disk = psutil.disk_usage(str(self._folder)) if self._folder.exists() else None
        return Machine(
            cpu_percent=self._cpu_percent(),
            memory_percent=psutil.virtual_memory().percent,
            process_mb=self._process.memory_info().rss / _MB,
            disk_percent=None if disk is None else disk.percent,
            disk_free_mb=None if disk is None else disk.free / _MB,
            soc_degf=_soc_degf(),
            throttled=self._throttled(),
        )

    def _times(self) -> tuple[float, float]:
        """Busy and all s of every core since it started. (psutil's own percent is one for a whole process: whoever else
        asked would change what this is the mean of.)"""
        times = psutil.cpu_times()
        idle = times.idle + getattr(times, "iowait", 0.0)
        guests = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)  # in user and nice already
        return sum(times) - idle - guests, sum(times) - guests

    def _cpu_percent(self) -> float | None:
        before, self._cpu = self._cpu, self._times()
        busy, whole = (now - then for now, then in zip(self._cpu, before, strict=True))
        return None if whole <= 0 else min(100.0, max(0.0, 100 * busy / whole))

    def _throttled(self) -> int | None:
        for path in self._sys.glob(_THROTTLED):
            try:
                return int(path.read_text(), 16)
            except (OSError, ValueError):  # the firmware does not answer: nobody knows
                continue
        return None


def _soc_degf() -> float | None:
    sensors = getattr(psutil, "sensors_temperatures", None)
    if sensors is None:
        return None
    found = sensors(fahrenheit=True)
    for name in _SENSORS:
        if found.get(name):
            return float(found[name][0].current)
    return None
