"""The table's own rules: what it refuses, what its digest covers, and what a row says of its fields."""

from typing import Any

import pytest

from tanklink import messages, schema
from tanklink.errors import FieldRangeError, LinkError, SchemaError
from tanklink.schema import HOST, PICO, STATE, Message, blob, build_index, digest, enum, flag, sint, text, uint


def row(
    number: int = 7, name: str = "ROW", sender: str = HOST, kind: str = STATE, doc: str = "doc", *fields: Any
) -> Message:
    return Message(number, name, sender, kind, doc, *(fields or (uint("a"), uint("b", 5))))


EVERY_KIND = Message(
    1, "KINDS", HOST, STATE, "", sint("n", -5, 5), flag("f"), text("t", 3), blob("b", 2), blob("v", 1, 4),
    enum("e", ("zero", "one")), sint("far", 3, 9),
)  # fmt: skip


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ((row(), row(7, "OTHER")), "id 7 is both ROW and OTHER"),
        ((row(), row(8)), "ROW is declared twice"),
        ((row(0),), "ROW: id 0 is not 1 to 127"),
        ((row(128),), "ROW: id 128 is not 1 to 127"),
    ],
)
def test_a_table_that_contradicts_itself_is_refused(table: tuple[Message, ...], what: str) -> None:
    with pytest.raises(SchemaError, match=what):
        build_index(table)


def test_a_field_name_that_occurs_twice_is_refused() -> None:
    with pytest.raises(SchemaError, match="ROW: a field name occurs twice"):
        row(7, "ROW", HOST, STATE, "", uint("a"), uint("a"))


@pytest.mark.parametrize(
    "changed",
    [
        row(8),
        row(name="OTHER"),
        row(sender=PICO),
        row(kind=schema.COMMAND),
        row(7, "ROW", HOST, STATE, "", uint("c"), uint("b", 5)),
        row(7, "ROW", HOST, STATE, "", uint("a"), uint("b", 6)),
        row(7, "ROW", HOST, STATE, "", uint("b", 5), uint("a")),
        row(7, "ROW", HOST, STATE, "", uint("a"), sint("b", -1, 5)),
        row(7, "ROW", HOST, STATE, "", uint("a")),
        row(7, "ROW", HOST, STATE, "", uint("a"), enum("b", tuple("123456"))),
    ],
)
def test_the_digest_covers_all_that_changes_bytes_or_their_meaning(changed: Message) -> None:
    assert digest((changed,)) != digest((row(),))


def test_the_digest_covers_neither_docs_nor_the_order_of_rows() -> None:
    other = row(9, "OTHER")
    assert digest((row(doc="another"), other)) == digest((other, row()))
    assert len(digest((row(),))) == 8


def test_an_enumeration_s_names_are_in_the_digest() -> None:
    def one(*names: str) -> bytes:
        return digest((row(7, "ROW", HOST, STATE, "", enum("a", names)),))

    assert one("x", "y") != one("y", "x")


def test_every_message_accepts_its_own_new_list() -> None:
    for message in (*messages.TABLE, EVERY_KIND):
        message.check(message.new())


def test_a_row_knows_the_places_of_its_fields() -> None:
    assert EVERY_KIND.names == ["n", "f", "t", "b", "v", "e", "far"]
    assert EVERY_KIND.index["v"] == 4
    assert messages.CONFIG_CHECK.names == []
    assert messages.CONFIG_CHECK.index == {}


GOOD: list[Any] = [0, True, "abc", b"xy", b"z", 1, 3]


@pytest.mark.parametrize(
    ("place", "value", "complaint"),
    [
        (0, -6, "KINDS.n: -6 is not an integer from -5 to 5"),
        (0, 6, "KINDS.n: 6 is not an integer from -5 to 5"),
        (0, True, "KINDS.n: True is not an integer"),
        (0, 1.0, "KINDS.n: 1.0 is not an integer"),
        (0, None, "KINDS.n: None is not an integer"),
        (1, 1, "KINDS.f: 1 is not True or False"),
        (2, "abcd", "KINDS.t: 'abcd' is not ASCII text of 0 to 3 characters"),
        (2, "é", "KINDS.t: 'é' is not ASCII text"),
        (2, b"abc", "KINDS.t: b'abc' is not ASCII text"),
        (3, b"x", "KINDS.b: b'x' is not 2 to 2 bytes"),
        (3, "xy", "KINDS.b: 'xy' is not 2 to 2 bytes"),
        (4, b"", "KINDS.v: b'' is not 1 to 4 bytes"),
        (4, b"12345", "KINDS.v: b'12345' is not 1 to 4 bytes"),
        (5, 2, "KINDS.e: 2 is not an integer from 0 to 1"),
        (6, 0, "KINDS.far: 0 is not an integer from 3 to 9"),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(place: int, value: Any, complaint: str) -> None:
    EVERY_KIND.check(GOOD)
    with pytest.raises(FieldRangeError) as caught:
        EVERY_KIND.check([*GOOD[:place], value, *GOOD[place + 1 :]])
    assert complaint in str(caught.value)
    assert isinstance(caught.value, LinkError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("values", [GOOD[:-1], [*GOOD, 0], []])
def test_a_wrong_number_of_values_is_refused(values: list[Any]) -> None:
    with pytest.raises(FieldRangeError, match="KINDS takes 7 values, not"):
        EVERY_KIND.check(values)


def test_no_bound_lies_where_the_chip_boxes_integers() -> None:
    for message in messages.TABLE:
        assert all(-(1 << 30) < bound < 1 << 30 for bound in message.bounds)
