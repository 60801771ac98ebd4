"""What the compiled program reads of the chip's registers by itself: which reads, and that nothing else changes."""

import re

from tankwarden.flashing.compile import MARCH, compile_source, sources_for
from tankwarden.flashing.link import linked_sources
from tankwarden.flashing.registers import direct

HEAD = "import micropython\nfrom machine import mem32\nfrom time import ticks_us\n_AT = 3489660932\n"
READER = """
@micropython.viper
def _look(self) -> int:
    now = int(ticks_us())
    pins = int(mem32[_AT]) & int(mem32[self.at])
    mem32[_AT] = now
    return pins
"""


def test_registers_and_ticks_become_loads_in_machine_code() -> None:
    found = direct({"a.py": HEAD + READER})["a.py"].splitlines()
    assert found[7] == "    now = int((ptr32(268521482 << int(2))[0] & 1073741823))"
    assert 268521482 << 2 == 0x40054028, "TIMERAWL"
    assert found[8] == "    pins = int(ptr32(872415233 << int(2))[0]) & int(ptr32(int(self.at))[0])"
    assert 872415233 << 2 == 3489660932
    assert found[9] == "    mem32[_AT] = now", "what is written, stays as it is"


def test_an_address_may_have_its_name_in_another_file() -> None:
    files = {"a.py": HEAD, "b.py": "from a import _AT" + READER}
    assert "ptr32(872415233 << int(2))[0]" in direct(files)["b.py"]


def test_other_functions_stay_as_they_are() -> None:
    text = HEAD + READER.replace("viper", "native")
    assert direct({"a.py": text}) == {"a.py": text}


def test_every_address_is_a_small_integer_and_every_line_keeps_its_number() -> None:
    linked = linked_sources()
    made = sources_for(MARCH, linked)
    assert {name: text.count("\n") for name, text in made.items()} == {
        name: text.count("\n") for name, text in linked.items()
    }
    loads = re.findall(r"ptr32\((\d+) << int\(2\)\)", "".join(made.values()))
    assert loads, "of the hard timer"
    assert all(int(word) < 1 << 30 for word in loads)


def test_the_compiler_takes_it_and_other_processors_have_no_such_memory() -> None:
    text = direct({"a.py": HEAD + READER.replace("    mem32[_AT] = now\n", "")})["a.py"]
    assert compile_source("a.py", text)
    linked = linked_sources()
    assert sources_for("x64", linked) == linked
