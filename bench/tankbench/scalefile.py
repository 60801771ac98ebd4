"""Writes a [[scale]] into a TOML file: into the host's configuration, or into a file of scales alone.

The rest of the file, comments included, stays as it is; the file is replaced in one step, and only by one that the
host would accept.
"""

import os
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from tankbench.errors import BenchError
from tankbench.scaling import Points
from tankwarden import config as host_config
from tankwarden.errors import ConfigError


def write_scale(path: Path, channel: str, points: Points, note: str) -> bool:
    """Put the scale there, in place of the channel's old one. Whether the file was there before. BenchError."""
    existed = path.exists()
    document = _read(path) if existed else tomlkit.document()
    tables = document.get("scale")
    if tables is None:
        tables = document["scale"] = tomlkit.aot()
    if not isinstance(tables, tomlkit.items.AoT):
        raise BenchError(f"{path}: [scale] is no list of tables: write [[scale]]")
    old = next((table for table in tables if table.get("channel") == channel), None)
    table: Any = old if old is not None else tomlkit.table()
    table["channel"] = channel
    table["points"] = [list(point) for point in points]
    table["points"].comment(note)
    if old is None:
        tables.append(table)
    text = tomlkit.dumps(document)
    if "site" in document:
        try:
            host_config.parse(text, str(path))
        except ConfigError as error:
            raise BenchError(f"the scale does not fit, nothing was written: {error}") from error
    _replace(path, text)
    return existed


def _read(path: Path) -> Any:
    try:
        return tomlkit.parse(path.read_text("utf-8"))
    except OSError as error:
        raise BenchError(f"{path} cannot be read ({error.strerror}): name another file with --out") from error
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise BenchError(f"{path} is not TOML ({error}): name another file with --out") from error


def _replace(path: Path, text: str) -> None:
    new = path.with_name(path.name + ".new")
    try:
        with new.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            new.chmod(path.stat().st_mode & 0o777)
        new.replace(path)
    except OSError as error:
        raise BenchError(f"{path} cannot be written ({error.strerror}): name another file with --out") from error
