"""Which names become short on the chip, and that nothing but names differs."""

import ast

from tankwarden.flashing.link import linked_sources
from tankwarden.flashing.names import APART
from tankwarden.flashing.shorten import shorten


def shortened(text: str, beside: str = "", keep: tuple[str, ...] = ()) -> str:
    """The text of a program of one file."""
    tree = ast.parse(text)
    shorten([tree], [ast.parse(beside)], keep)
    return ast.unparse(tree)


def test_private_data_that_only_its_class_asks_for_is_short_and_each_class_begins_anew() -> None:
    text = shortened(
        "class A:\n    def put(self): self._clock = self._n = 1\nclass B:\n    def put(self): self._journal = 2\n"
    )
    assert "self._0 = self._1 = 1" in text
    assert "self._0 = 2" in text


def test_a_class_and_the_one_it_is_built_upon_share_their_names() -> None:
    text = shortened(
        "class A:\n    def __init__(self): self._a = 1\nclass B(A):\n    def __init__(self): self._b = self._a\n"
    )
    assert "self._0 = 1" in text
    assert "self._1 = self._0" in text


def test_methods_public_names_and_what_others_ask_for_stay() -> None:
    source = (
        "class A:\n    def _step(self):\n        self._step()\n        self.n = self._kept\n        self._seen = 1\n"
    )
    source += "def look(a):\n    return a._kept\n"
    assert shortened(source, "import p\np.a._seen", ()) == ast.unparse(ast.parse(source.replace("a", "_0", 0))).replace(
        "look(a)", "look(_0)"
    ).replace("return a.", "return _0.")
    assert "self._seen" in shortened(source, keep=("_seen",))


def test_parameters_are_short_unless_they_may_be_called_by_name() -> None:
    text = shortened("def f(first, second, third=3):\n    return [first for n in second], third\n")
    assert text == "def f(_0, _1, third=3):\n    return ([_0 for n in _1], third)"
    assert "def f(first)" in shortened("def f(first): pass\ndef g(): f(first=1)")
    assert "def f(_1)" in shortened("_0 = 1\ndef f(first): return _0 + first")
    assert "def f(first)" in shortened("def f(first): return lambda first: first")


def test_the_program_keeps_every_line_and_every_name_of_a_function() -> None:
    long, short = linked_sources(short=False), linked_sources()
    assert long.keys() == short.keys()
    for name, text in long.items():
        assert shape(text) == shape(short[name])
        if name.removesuffix(".py") in (*APART, "board"):
            assert text == short[name]
    assert sum(map(len, short.values())) < 0.98 * sum(map(len, long.values()))


def shape(text: str) -> list[tuple[type, int, str]]:
    """Kind and line of every node, and the names of functions and classes."""
    return [
        (type(node), getattr(node, "lineno", 0), node.name if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else "")
        for node in ast.walk(ast.parse(text))
    ]
