"""tools/protocol_doc: what it derives is fresh in the tree, staleness is noticed, and stubs match their modules."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tanklink import messages

ROOT = Path(__file__).parent.parent.parent
FILES = ("docs/protocol.md", "protocol/tanklink/records.pyi", "protocol/tanklink/messages.pyi")


def tool(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "tools" / "protocol_doc"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_what_is_generated_is_fresh() -> None:
    result = tool("--check")
    assert result.returncode == 0, result.stderr


def test_what_is_stale_or_missing_is_named(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    assert tool("--check", "--root", str(tmp_path)).returncode == 0
    with (tmp_path / FILES[0]).open("a") as file:
        file.write("edited by hand\n")
    (tmp_path / FILES[1]).unlink()
    result = tool("--check", "--root", str(tmp_path))
    assert result.returncode == 1
    assert [line.split()[0] for line in result.stderr.splitlines()] == list(FILES[:2])
    assert tool("--root", str(tmp_path)).returncode == 0
    assert (tmp_path / FILES[1]).read_bytes() == (ROOT / FILES[1]).read_bytes()


def test_the_document_tells_of_every_message_and_field() -> None:
    text = (ROOT / FILES[0]).read_text()
    for message in messages.TABLE:
        assert f"### {message.id} {message.name}\n" in text
        assert all(f"| {name} |" in text for name in message.names)


@pytest.mark.slow
def test_the_stubs_say_what_the_modules_have() -> None:
    command = [sys.executable, "-m", "mypy.stubtest", "tanklink", "--concise", "--mypy-config-file", "pyproject.toml"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)
    assert result.returncode == 0, result.stdout
