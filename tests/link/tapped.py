"""A rig with a tap in its cable."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rig import Rig
from tap import Tap


class TappedRig(Rig):
    """Its simulated Pico and host are started. power_cuts_ns: the instants at which the Pico lost power."""

    def __init__(self, folder: Path, seed: int, noise: Callable[[], bytes] | None = None, **options: Any) -> None:
        super().__init__(folder, seed=seed, **options)
        self.power_cuts_ns: list[int] = []
        self.behind = folder / "behind"
        self.near, self.tty = self.tty, self.behind
        self.start_sim()
        self.tty = self.near
        self.tap = Tap(self.behind, self.tty, noise)
        self.start_host()

    def cut_power(self, off_s: float) -> None:
        self.power_cuts_ns.append(self.fault("power-cut", off_s))

    def close(self) -> None:
        self.tap.close()
        super().close()
