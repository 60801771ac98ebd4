"""dimming.py and lights.py keep the same words: a constant that both have is the same in both."""

import ast
from pathlib import Path

MCU = Path(__file__).resolve().parents[2] / "mcu"


def constants(name: str) -> dict[str, int]:
    """Every NAME = const(number) of a file."""
    found = {}
    for node in ast.parse((MCU / name).read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("const("):
            assert isinstance(node.value, ast.Call)
            found[ast.unparse(node.targets[0])] = int(ast.literal_eval(node.value.args[0]))
    return found


def test_words_that_both_know_are_the_same() -> None:
    one, other = constants("dimming.py"), constants("lights.py")
    shared = one.keys() & other.keys()
    assert {"_WORDS", "_CAP", "_N", "_ORIGIN_S", "_LAST", "_HELD", "_UNTIL_MS", "_BIAS_S"} <= shared
    assert {name: one[name] for name in shared} == {name: other[name] for name in shared}


def test_no_two_words_share_a_place() -> None:
    known = constants("dimming.py")
    not_words = {"_WORDS", "_BIAS_S", "_FAR_S", "_N_LIGHTS", "_PLAN_BYTES", "_TICKS_PER_S"}
    places = [value for name, value in known.items() if name not in not_words]
    assert sorted(places) == list(range(known["_WORDS"]))
