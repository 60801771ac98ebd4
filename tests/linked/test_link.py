"""What the linker changes and what it must not, on sources of a few lines, and on the program's own."""

import ast

import pytest

from tankwarden.flashing.link import Linker, linked_sources
from tankwarden.flashing.names import APART, BUILTINS, LINKED, LinkError

# What rp2.asm_pio knows within its programs, and what every module of the chip has.
WORDS = {"block", "isr", "jmp", "label", "mov", "noblock", "not_x", "null", "out", "pindirs", "pull", "push", "status",
         "wrap", "wrap_target", "x", "x_dec", "y_dec", "__file__"}  # fmt: skip
PROGRAM = "from build import build\nclass Program:\n    pass\n"


def linked(build: str, **texts: str) -> str:
    """The linked text of a program of these modules."""
    files = Linker({"build": "from program import Program\n" + build, "program": "class Program:\n    pass\n",
                    "board": "PINS = (2, 3)\nFIRST = 2\n", "main": "from build import build\nbuild()\n",
                    **texts}).run(short=False)  # fmt: skip
    return "".join(text for name, text in files.items() if name.startswith(LINKED))


def test_constants_become_numbers() -> None:
    text = linked(
        "import limits\nfrom limits import MOST as M\n_TWICE = 2 * limits.MOST\n"
        "def build(): return limits.MOST, M, _TWICE",
        limits="MOST = 5\n",
    )
    assert "return (5, 5, 10)" in text
    assert "MOST" not in text
    assert "_TWICE" not in text


def test_integers_that_the_chip_boxes_stay_globals_made_once() -> None:
    text = linked("_REGISTER = 0x40000000\ndef build(): return _REGISTER")
    assert "_REGISTER = 1073741824" in text
    assert "return _REGISTER" in text


def test_a_local_name_is_not_taken_for_the_constant_of_that_name() -> None:
    text = linked("N = 3\ndef build(N): return N\ndef also(): return [N for N in (1, 2)], build(N)\nalso()")
    assert "return N" in text
    assert "[N for N in (1, 2)], build(3)" in text


def test_globals_that_may_be_bound_anew_stay() -> None:
    text = linked("stand = None\ndef build(): return stand")
    assert "return stand" in text


def test_names_that_two_modules_have_are_told_apart() -> None:
    text = linked(
        "import other\ndef _help(): return 1\ndef build(): return _help(), other.use()",
        other="def _help(): return 2\ndef use(): return _help()",
    )
    names: dict[str, object] = {}
    exec(text.partition("\n\n")[2] or text, names)
    assert names["build"]() == (1, 2)  # type: ignore[operator]


def test_what_nothing_refers_to_is_left_out() -> None:
    assert "unused" not in linked("def unused(): pass\ndef build(): pass")


def test_an_assignment_of_two_makes_no_tuple() -> None:
    assert "    a, b = b, a\n" in linked("def build(a, b):\n    a, b = b, a\n    return a")


def test_a_test_of_the_interpreter_is_decided() -> None:
    text = linked(
        'import sys\nMICROPYTHON = sys.implementation.name == "micropython"\n'
        "if MICROPYTHON:\n    def build(): return 1\nelse:\n    def build(): return 2\n"
    )
    assert "return 1" in text
    assert "return 2" not in text


def test_a_field_that_is_looked_up_while_the_program_runs_is_refused() -> None:
    with pytest.raises(LinkError, match=r"table\.index is asked while the program runs"):
        linked("def build(table): return table.index['digest']")


def test_a_module_with_more_than_constants_is_no_value() -> None:
    with pytest.raises(LinkError, match=r"build\.py, line 3: other has more than constants"):
        linked("import other\ndef build(): return print(other)", other="def f(): pass")


def test_a_module_of_constants_is_one_with_what_is_asked_of_it() -> None:
    text = linked("import board\ndef build(): return use(board)\ndef use(b): return b.PINS")
    assert "class board:\n    PINS = (2, 3)\n" in text


def test_files_that_start_the_program_do_so_by_its_new_names() -> None:
    files = linked_sources()
    assert set(files) >= {f"{name}.py" for name in APART} | {f"{LINKED}.py", "board.py"}
    assert "from program import build" in files["main.py"]
    assert "import board" not in files["boot.py"]  # the pins come first: no file is looked for before
    assert files["boot.py"].index("Pin(") < files["boot.py"].index("import bootloop")


def test_no_file_has_so_many_globals_that_the_chip_searches_long() -> None:
    for name, text in linked_sources().items():
        body = ast.parse(text).body
        defined = {node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
        defined |= {n.id for s in body for n in ast.walk(s) if isinstance(s, ast.Assign)
                    if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}  # fmt: skip
        assert len(defined) <= 100, name


def test_every_name_that_a_file_asks_for_is_there() -> None:
    """Also in the files apart, of which some are read by a second start only."""
    for name, text in linked_sources().items():
        tree = ast.parse(text)
        nodes = list(ast.walk(tree))
        asked = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        there = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        there |= {n.name for n in nodes if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
        there |= {n.arg for n in nodes if isinstance(n, ast.arg)}
        there |= {n.name for n in nodes if isinstance(n, ast.ExceptHandler) and n.name}
        there |= {(alias.asname or alias.name) for n in nodes if isinstance(n, (ast.Import, ast.ImportFrom))
                  for alias in n.names}  # fmt: skip
        assert asked - there - BUILTINS - WORDS == set(), name
