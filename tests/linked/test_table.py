"""The compact table of messages is the full one, as far as the chip sees it: the same bytes, the same digest."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from tanklink import messages
from tanklink.schema import BLOB, FLAG, HOST, INT, TEXT, Message
from tanklink.wire import MAX_FRAME, encode_into
from tankwarden.flashing import table


@pytest.fixture(scope="module")
def compact() -> Any:
    names: dict[str, Any] = {}
    exec(table.source(), names)
    return SimpleNamespace(**names)


_MAKE: dict[int, Callable[[int], Any]] = {INT: int, FLAG: bool, TEXT: lambda n: "x" * n, BLOB: bytes}


def at_their_ends(message: Message) -> list[list[Any]]:
    """Value lists with every field at its low and at its high end."""
    ends = []
    for end in range(2):
        values: list[Any] = []
        for i, kind in enumerate(message.kinds):
            bound = message.bounds[2 * i + end]
            values.append(_MAKE[kind](bound))
        ends.append(values)
    return ends


def test_digest(compact: Any) -> None:
    assert compact.DIGEST == messages.DIGEST


@pytest.mark.parametrize("message", messages.TABLE, ids=lambda message: message.name)
def test_a_message_is_the_same_on_the_wire(compact: Any, message: Message) -> None:
    small = getattr(compact, message.name)
    assert (small.id, small.kind) == (message.id, message.kind)
    assert (small.count, small.kinds) == (message.count, message.kinds)
    assert small.new() == message.new()
    for values in at_their_ends(message):
        frames = bytearray(MAX_FRAME), bytearray(MAX_FRAME)
        try:
            wanted = encode_into(message, 7, values, frames[0])
        except ValueError as error:
            with pytest.raises(type(error)):
                encode_into(small, 7, values, frames[1])
            continue
        assert encode_into(small, 7, values, frames[1]) == wanted
        assert frames[0] == frames[1]


def test_what_is_heard_has_its_bounds_and_nothing_else_is_known(compact: Any) -> None:
    heard = [message for message in messages.TABLE if message.sender == HOST]
    assert list(compact.BY_ID) == [message.id for message in heard]
    for message in heard:
        assert compact.BY_ID[message.id].bounds == tuple(message.bounds)
        assert compact.BY_ID[message.id].sender == HOST


def test_numbers_that_the_program_takes_from_it(compact: Any) -> None:
    for name in ("N_CIRCUITS", "N_CHANNELS", "MAX_POINTS", "TRACE_PARTS", "MAX_SAMPLES"):
        assert getattr(compact, name) == getattr(messages, name)
