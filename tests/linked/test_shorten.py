"""Which names become short on the chip, and that nothing but names differs."""

import ast

import pytest

from tankwarden.flashing.link import linked_sources
from tankwarden.flashing.names import APART
from tankwarden.flashing.shorten import shorten
from tankwarden.sim.wire import SHIMS_DIR as SHIMS

OF_THE_CHIP = ("machine", "rp2", "micropython", "time", "dma", "flash", "chip_time", "registers")
NOT_OF_ITS_OBJECTS = {"erase", "sleep_us"}  # of the simulated flash, and a function that is imported


def shortened(text: str, beside: str = "", keep: tuple[str, ...] = ()) -> str:
    """The text of a program of one file."""
    tree = ast.parse(text)
    shorten([tree], [ast.parse(beside)], keep)
    return ast.unparse(tree)


def test_what_only_its_class_asks_for_is_short_and_each_class_begins_anew() -> None:
    text = shortened(
        "class A:\n    def put(self): self._clock = self.n = 1\nclass B:\n    def put(self): self._journal = 2\n"
    )
    assert "self._0 = self._1 = 1" in text
    assert "self._0 = 2" in text


def test_a_class_and_the_one_it_is_built_upon_share_their_names() -> None:
    text = shortened(
        "class A:\n    def __init__(self): self._a = 1\nclass B(A):\n    def __init__(self): self._b = self._a\n"
    )
    assert "self._0 = 1" in text
    assert "self._1 = self._0" in text


def test_what_others_ask_for_too_has_one_name_everywhere() -> None:
    text = shortened("class A:\n    def turn(self): self._own = 1\ndef use(a): return a.turn()\n")
    assert text == ("class _0:\n\n    def _0(self):\n        self._1 = 1\n\ndef _1(_0):\n    return _0._0()")


def test_a_class_without_methods_may_be_a_namespace() -> None:
    text = shortened("class Pins:\n    RELAYS = (2, 3)\ndef use(p): return p.RELAYS\n")
    assert text == "class _0:\n    _0 = (2, 3)\n\ndef _1(_0):\n    return _0._0"


def test_whatever_files_beside_it_or_somebody_else_call_by_its_name_stays() -> None:
    source = "class A:\n    def turn(self): self.seen = 1\ndef look(): return a.seen, a.turn()\n"
    assert shortened(source, "from program import A, look\nA().turn()", ("seen",)) == ast.unparse(ast.parse(source))
    assert "a.loads()" in shortened("import json\nclass A:\n    def loads(self): json.loads()\ndef f(): a.loads()")


@pytest.mark.parametrize("name", ["read", "duty_u16", "append", "__init__"])
def test_what_the_chip_has_under_that_name_stays(name: str) -> None:
    assert f"def {name}(self)" in shortened(f"class A:\n    def {name}(self): self.{name}()\n")


def test_names_that_a_class_asks_for_while_it_is_made_stay() -> None:
    text = shortened("most = 3\ndef mark(f): return f\nclass A:\n    @mark\n    def put(self, n=most): pass\n")
    assert "most = 3" in text
    assert "@mark" in text
    assert "n=most" in text


def test_errors_and_what_is_local_somewhere_stay() -> None:
    assert shortened("class LinkError(Exception):\n    pass") == "class LinkError(Exception):\n    pass"
    assert "at = 1" in shortened("at = 1\ndef f(_0):\n    at = 2\n    return at\n")


def test_what_a_file_takes_from_another_is_called_alike_in_both() -> None:
    first, second = ast.parse("def put(): pass"), ast.parse("from program_1 import put\ndef get(): return put()")
    tops = shorten([first, second], [])
    assert tops == {"get": "_0", "put": "_1"}
    assert ast.unparse(second) == "from program_1 import _1\n\ndef _0():\n    return _1()"


def test_parameters_are_short_unless_they_may_be_called_by_name() -> None:
    text = shortened("def f(first, second, third=3):\n    return [first for n in second], third\n")
    assert text == "def _0(_0, _1, third=3):\n    return ([_0 for n in _1], third)"
    assert "def _0(first)" in shortened("def f(first): pass\ndef g(): f(first=1)")
    assert "def _0(_2)" in shortened("n = 1\ndef f(first): return n + f(first)").replace("_1", "_2")
    assert "def _0(first)" in shortened("def f(first): return lambda first: first")


def test_nothing_of_the_program_takes_a_name_that_the_simulated_chip_has() -> None:
    """Whatever machine, rp2 and the other shims offer must be found under its own name."""
    offered = {
        node.name
        for path in sorted(SHIMS.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and path.stem in OF_THE_CHIP and not node.name.startswith("_")
    }
    long, short = (names_of(linked_sources(short=one)) for one in (False, True))
    assert len(offered) > 40
    assert (long - short) & offered <= NOT_OF_ITS_OBJECTS


def test_the_program_keeps_every_line() -> None:
    long, short = linked_sources(short=False), linked_sources()
    assert long.keys() == short.keys()
    for name, text in long.items():
        assert shape(text) == shape(short[name])
        if name.removesuffix(".py") in (*APART, "board"):
            assert text == short[name]
    assert sum(map(len, short.values())) < 0.9 * sum(map(len, long.values()))


def shape(text: str) -> list[tuple[type, int]]:
    """Kind and line of every node."""
    return [(type(node), getattr(node, "lineno", 0)) for node in ast.walk(ast.parse(text))]


def names_of(files: dict[str, str]) -> set[str]:
    """Attributes, methods and whatever else has a name in them."""
    nodes = [node for text in files.values() for node in ast.walk(ast.parse(text))]
    return {n.attr for n in nodes if isinstance(n, ast.Attribute)} | {
        n.name for n in nodes if isinstance(n, (ast.FunctionDef, ast.ClassDef))
    }
