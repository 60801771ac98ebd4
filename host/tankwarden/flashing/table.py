"""The message table as the chip holds it: ids, kinds and bounds as constants, no field name, no document, no hashing.

The full table (protocol/tanklink) stays the only source: this writes a module from it that offers the chip's program
the same names, and the digest that both sides compare as a literal. docs/decisions/0013 tells why.
"""

from collections import Counter
from collections.abc import Mapping

from tanklink import messages, schema
from tanklink.schema import BLOB, HOST, INT, TEXT, Message

_HEAD = '''
from tanklink.schema import BLOB, FLAG, HOST, INT, TEXT


class Message:
    """One row of the table. bounds: low and high of each field in turn; None: lows are 0 and nobody checks.

    sender: of those in BY_ID, for which alone anybody asks. name: for an error, whose lines say which it was.
    """

    sender, name = HOST, "message"

    def __init__(self, id, kind, kinds, bounds):
        self.id, self.kind, self.count, self.kinds, self.bounds = id, kind, len(kinds), kinds, bounds

    def new(self):
        """A value list that the message accepts: to be filled and encoded again and again."""
        return [self._default(i) for i in range(self.count)]

    def _default(self, i):
        kind, low = self.kinds[i], self.bounds[2 * i] if self.bounds else 0
        if kind == INT:
            return low if low > 0 else 0
        if kind == FLAG:
            return False
        return " " * low if kind == TEXT else bytes(low)
'''


def source() -> str:
    """The module tanklink.messages for the chip, as Python."""
    lines = [_HEAD]
    lines += [f"{name} = {value!r}" for name, value in sorted(vars(messages).items()) if _is_plain(name, value)]
    shared = _shared_kinds()
    lines += [f"{name} = {kinds!r}" for kinds, name in shared.items()]
    lines += [f"{message.name} = {_row(message, shared)}" for message in messages.TABLE]
    heard = ", ".join(f"{m.id}: {m.name}" for m in messages.TABLE if m.sender == HOST)
    lines += [f"BY_ID = {{{heard}}}", f"DIGEST = {messages.DIGEST!r}"]
    return "\n".join(lines) + "\n"


def _is_plain(name: str, value: object) -> bool:
    """Numbers and words, those that it has from schema.py among them; not the tuples of names."""
    return name.isupper() and type(value) in (int, str)


def _shared_kinds() -> dict[bytes, str]:
    """The kinds that several messages have, and what to call them."""
    counts = Counter(bytes(message.kinds) for message in messages.TABLE)
    return {kinds: f"kinds_{i}" for i, kinds in enumerate(kinds for kinds, n in counts.items() if n > 1)}


def _row(message: Message, shared: Mapping[bytes, str]) -> str:
    kinds = bytes(message.kinds)
    return f"Message({message.id}, {message.kind!r}, {shared.get(kinds, repr(kinds))}, {_bounds(message)!r})"


def _bounds(message: Message) -> tuple[int, ...] | None:
    """Only what is received is checked against them; of what is sent they say how the value list begins."""
    bounds = tuple(message.bounds)
    if message.sender == HOST or any(kind in (TEXT, BLOB) for kind in message.kinds):
        return bounds
    lows = [low for kind, low, high in _triples(message) if kind == INT and not low <= 0 <= high]
    return bounds if lows else None


def _triples(message: Message) -> list[tuple[int, int, int]]:
    bounds = message.bounds
    return [(kind, bounds[2 * i], bounds[2 * i + 1]) for i, kind in enumerate(message.kinds)]


assert schema.SMALL_MAX < 1 << 30
