"""A traceback of the chip gets the names of the sources back."""

import ast

from tankwarden.flashing.crash import explained
from tankwarden.flashing.link import linked_sources

FILES = {"program.py": "class Guard:\n\n    def arm(self):\n        if self:\n            self.move('arm')\n"}
CRASH = 'Traceback (most recent call last):\n  File "main.py", line 45, in loop\n'
CRASH += '  File "program.py", line 5, in _2k\nOSError: [Errno 5] EIO'


def test_a_place_gets_its_function_and_its_statement() -> None:
    assert explained(CRASH, FILES).splitlines() == [
        "Traceback (most recent call last):",
        '  File "main.py", line 45, in loop',
        '  File "program.py", line 5, in Guard.arm',
        "    self.move('arm')",
        "OSError: [Errno 5] EIO",
    ]


def test_a_line_that_this_program_does_not_have_stays() -> None:
    beyond = '  File "program.py", line 500, in _2k'
    assert explained(beyond, FILES) == beyond
    assert explained("no traceback at all", FILES) == "no traceback at all"


def test_a_short_name_of_the_program_as_it_is_flashed_leads_to_its_long_one() -> None:
    long, short = linked_sources(short=False), linked_sources()
    name, text = next((n, t) for n, t in short.items() if "def step(" in long[n] and n.startswith("program"))
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    shortened = next(node for node in functions if node.name not in long[name])
    crash = f'  File "{name}", line {shortened.body[0].lineno}, in {shortened.name}'
    told = explained(crash, long).splitlines()
    assert told[0].split(", in ")[1] in {f"{c}{f}" for c, f in names_with_classes(ast.parse(long[name]))}
    assert shortened.name not in told[0]


def names_with_classes(tree: ast.Module) -> set[tuple[str, str]]:
    """Of each function its name, behind that of its class and a point if it has one."""
    found = {("", node.name) for node in tree.body if isinstance(node, ast.FunctionDef)}
    for one in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        found |= {(f"{one.name}.", node.name) for node in one.body if isinstance(node, ast.FunctionDef)}
    return found
