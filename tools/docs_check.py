"""Do the documents still tell the truth? Paths, commands and links named there must exist.

Checked in README.md and docs/**/*.md: relative links and the pictures they show; `path/with/slash.ext` in backquotes;
`tankwarden …` and `tankbench …` subcommands and their options; and in every tracked text file: no registry's host
and no path of a developer's machine.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
QUOTED = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"^(?:host|mcu|protocol|bench|tests|tools|docs|\.ci)/[\w./\-]+$")
COMMAND = re.compile(r"(?:^|[ /])(tankwarden|tankbench) ([a-z][a-z\-]+)([^|;&#\n]*)", re.M)
FORBIDDEN = re.compile(r"registry\.npmjs|pypi\.org/simple|files\.pythonhosted|deb\.debian\.org|/work/main|\.\./shared")


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def check_links(path: Path, text: str) -> list[str]:
    """Relative links and quoted paths that lead nowhere."""
    found = [
        f"link to {target}, which does not exist"
        for target in LINK.findall(text)
        if "://" not in target and not target.startswith("mailto:") and not (path.parent / target).exists()
    ]
    found += [
        f"`{quoted}` does not exist"
        for quoted in QUOTED.findall(text)
        if PATH.match(quoted) and "*" not in quoted and not (ROOT / quoted).exists()
    ]
    return found


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
            usage[f"{program} {command}"] = set(re.findall(r"--[a-z][a-z\-]+", _help(script, command)))
    return usage


def _help(script: Path, *command: str) -> str:
    if not script.exists():
        return ""
    return subprocess.run([script, *command, "--help"], capture_output=True, text=True, check=True).stdout


def check_tree() -> list[str]:
    """Tracked files that name a registry's host or a path of somebody's machine."""
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    found = []
    for name in filter(None, names):
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
