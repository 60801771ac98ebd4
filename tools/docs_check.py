"""Do the documents still tell the truth? Paths, commands and links named there must exist.

Checked in README.md and docs/**/*.md: relative links and the pictures they show; in backquotes, paths (from the top or
from one of PLACES), file names, and names of the code; `tankwarden …` and `tankbench …` subcommands and
their options. And in every tracked text file: no registry's host and no path of a developer's machine.
"""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
QUOTED = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"^(?:[\w.\-]+/)*[\w\-]+\.(?:py|md|toml|json|js|css|svg|tpl)$|^(?:[\w.\-]+/)+[\w.\-]*$")
NAME = re.compile(r"^(?:[A-Za-z]\w*\.)*([A-Za-z_]\w*)(?:\(.*\))?$")
# Where a path that is given in short may begin: `flows/control.py` is host/tankwarden/flows/control.py.
PLACES = ("", "host/tankwarden/", "mcu/", "protocol/tanklink/", "bench/tankbench/", "docs/")
COMMAND = re.compile(r"(?:^|[ /])(tankwarden|tankbench) ([a-z][a-z\-]+)([^|;&#\n]*)", re.M)
WAY = re.compile(r"^ {4}([a-z][a-z\-]*)\s", re.M)
FORBIDDEN = re.compile(
    r"registry\.npmjs|registry\.yarnpkg|pypi\.org/simple|pypi\.python\.org|files\.pythonhosted|proxy\.golang"
    r"|deb\.debian\.org|/home/(?!pi\b)\w|/root/|/Users/\w|" + re.escape(str(ROOT)) + r"\b"
)


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def check_links(path: Path, text: str) -> list[str]:
    """Relative links and quoted paths that lead nowhere."""
    found = [
        f"link to {target}, which does not exist"
        for target in LINK.findall(text)
        if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists()
    ]
    for quoted in QUOTED.findall(text):
        if PATH.match(quoted) and "*" not in quoted:
            if not _exists(quoted):
                found.append(f"`{quoted}` does not exist")
        elif _looks_like_a_name(quoted) and not _is_named(quoted):
            found.append(f"`{quoted}` is no name in the code")
    return found


def _looks_like_a_name(quoted: str) -> bool:
    return bool(NAME.match(quoted)) and any(sign in quoted for sign in "_.(")


def _is_named(quoted: str) -> bool:
    """The last part is a word of the code; a suffix such as `_degf` is the end of one."""
    match = NAME.match(quoted)
    assert match is not None
    name = match.group(1)
    return name in source_words() or (name.startswith("_") and any(word.endswith(name) for word in source_words()))


def _exists(quoted: str) -> bool:
    if any((ROOT / place / quoted).exists() for place in PLACES):
        return True
    return "/" not in quoted and any(name.rpartition("/")[2] == quoted for name in tracked())


@cache
def tracked() -> tuple[str, ...]:
    """Every file that git tracks or would."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    return tuple(
        filter(None, subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n"))
    )


@cache
def source_words() -> frozenset[str]:
    """Every word of the product's code and settings."""
    sources = [
        ROOT / name
        for name in tracked()
        if name.endswith((".py", ".toml", ".js", ".tpl")) and not name.startswith("tests/")
    ]
    text = "\n".join(path.read_text(errors="replace") for path in sources if path.is_file())
    return frozenset(re.findall(r"\w+", text))


def check_commands(text: str, usage: dict[str, set[str]]) -> list[str]:
    """Subcommands and long options that the command line does not have."""
    found = []
    for program, command, rest in COMMAND.findall(
        "\n".join(QUOTED.findall(text) + re.findall(r"^    (.+)$", text, re.M))
    ):
        key = f"{program} {command}"
        if key not in usage:
            found.append(f"`{key}` is not a command")
            continue
        found += [f"`{key}` has no option {o}" for o in re.findall(r"--[a-z][a-z\-]+", rest) if o not in usage[key]]
    return found


def command_options() -> dict[str, set[str]]:
    """{"tankwarden run": {"--http", …}, …} from the programs' own help."""
    usage: dict[str, set[str]] = {}
    for program in ("tankwarden", "tankbench"):
        script = Path(sys.executable).parent / program
        top = _help(script)
        for command in re.findall(r"^ {4}([a-z][a-z\-]+)\s", top, re.M):
            said = _help(script, command)
            ways = WAY.findall(said.partition("\nways:\n")[2])  # of a command that has commands of its own
            said += "".join(_help(script, command, way) for way in ways)
            usage[f"{program} {command}"] = set(re.findall(r"--[a-z][a-z\-]+", said))
    return usage


def _help(script: Path, *command: str) -> str:
    if not script.exists():
        return ""
    return subprocess.run([script, *command, "--help"], capture_output=True, text=True, check=True).stdout


def check_tree() -> list[str]:
    """Tracked files that name a registry's host or a path of somebody's machine."""
    found = []
    for name in tracked():
        path = ROOT / name
        if path == Path(__file__).resolve() or not path.is_file():
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if match := FORBIDDEN.search(line):
                found.append(f"{name}:{number}: names {match.group()}")
    return found


def main() -> int:
    usage = command_options()
    found = check_tree()
    for path in documents():
        text = path.read_text()
        found += [f"{path.relative_to(ROOT)}: {what}" for what in check_links(path, text) + check_commands(text, usage)]
    print("\n".join(found) if found else "documents: every path, link and command named exists")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
