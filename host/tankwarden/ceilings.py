"""The Pico's hard ceilings as the host knows them: read from mcu/limits.py, which is the only place of them."""

import runpy
from functools import cache

from tankwarden.resources import mcu_dir


@cache
def ceilings() -> dict[str, int]:
    """name → value of mcu/limits.py, e.g. ceilings()["MAX_LEASE_MS"]. Raises FileNotFoundError as mcu_dir."""
    names = runpy.run_path(str(mcu_dir() / "limits.py"))
    return {name: value for name, value in names.items() if name.isupper() and type(value) is int}
