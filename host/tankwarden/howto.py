"""What a person is told to type: the command line of this very copy of the program."""

import shlex
import shutil
import sys
from pathlib import Path

from tankwarden import places


def reset_command(data: Path) -> str:
    """What to type to reset a trip, with {id} for its number."""
    folder = "" if data == places.default_data() else f" --data {shlex.quote(str(data.resolve()))}"
    program, folder = (part.replace("{", "{{").replace("}", "}}") for part in (_program(), folder))
    return f"{program} reset-trip {{id}}{folder}"


def _program() -> str:
    """How this copy is called from any terminal: by its name only if that is found, and is this copy."""
    script = Path(sys.executable).with_name("tankwarden")
    found = shutil.which("tankwarden")
    # An activated virtual environment is on this process's path, and not on that of another terminal.
    only_here = sys.prefix != sys.base_prefix and found is not None and Path(found).parent == script.parent
    if found is not None and not only_here and (not script.exists() or script.samefile(found)):
        return "tankwarden"
    return shlex.quote(str(script)) if script.exists() else f"{shlex.quote(sys.executable)} -m tankwarden"
