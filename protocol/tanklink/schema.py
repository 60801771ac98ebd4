"""What a message is: field kinds, Message, the index and the digest of the table.

Pure: no I/O, no clock. Runs unchanged under CPython and MicroPython. Everything about the wire derives from
the table in messages.py by the means in this file: range checks, documentation, type stub and digest.
"""

from tanklink.errors import FieldRangeError, SchemaError

SMALL_MAX = (1 << 30) - 1  # beyond it the chip boxes an integer, and allocates
HOST, PICO = "host", "pico"  # who sends
STATE, GRANT, COMMAND, REPLY, EVENT = "state", "grant", "command", "reply", "event"

INT, FLAG, TEXT, BLOB = 0, 1, 2, 3  # Field.kind, also the order in which a decoder tests


class Field:
    """One field: its name (with the unit), kind, bounds and one line of doc.

    low, high: for INT the bounds of the value, for TEXT and BLOB of the length in bytes.
    names: for an enumeration the tuple of its names, value 0 first; else None.
    """

    def __init__(self, name, kind, low, high, doc="", names=None):
        self.name, self.kind, self.low, self.high = name, kind, low, high
        self.names, self.doc = names, doc

    def accepts(self, value):
        """Whether value may travel in this field. Allocates nothing."""
        kind = self.kind
        if kind == INT:
            return type(value) is int and self.low <= value <= self.high
        if kind == FLAG:
            return value is True or value is False
        if kind == TEXT:
            # Under MicroPython len(str) counts characters: texts on the wire are ASCII, so the two agree.
            return type(value) is str and self.low <= len(value) <= self.high
        return type(value) in (bytes, bytearray) and self.low <= len(value) <= self.high

    def default(self):
        """A value that the field accepts: what a fresh value list holds."""
        if self.kind == INT:
            return 0 if self.low <= 0 <= self.high else self.low
        if self.kind == FLAG:
            return False
        return " " * self.low if self.kind == TEXT else bytes(self.low)

    def signature(self):
        """What the digest covers: everything that changes bytes or their meaning, not the doc."""
        names = "|".join(self.names) if self.names else ""
        return "%s:%d:%d:%d:%s" % (self.name, self.kind, self.low, self.high, names)


def uint(name, high=SMALL_MAX, doc=""):
    """An unsigned small integer."""
    return Field(name, INT, 0, high, doc)


def sint(name, low=-SMALL_MAX, high=SMALL_MAX, doc=""):
    """A signed small integer."""
    return Field(name, INT, low, high, doc)


def enum(name, names, doc=""):
    """An enumeration: an index into names."""
    return Field(name, INT, 0, len(names) - 1, doc, names)


def flag(name, doc=""):
    """A boolean."""
    return Field(name, FLAG, 0, 1, doc)


def text(name, high, doc=""):
    """A short ASCII string of at most `high` bytes."""
    return Field(name, TEXT, 0, high, doc)


def blob(name, low, high=None, doc=""):
    """Bytes: exactly `low`, or `low` to `high`."""
    return Field(name, BLOB, low, low if high is None else high, doc)


class Message:
    """One row of the table. `fields` is a tuple of Field; values travel as a list in that order."""

    def __init__(self, id, name, sender, kind, doc, *fields):
        self.id, self.name, self.sender, self.kind = id, name, sender, kind
        self.doc, self.fields = doc, fields
        self.count = len(fields)
        self.index = {f.name: i for i, f in enumerate(fields)}
        if len(self.index) != self.count:
            raise SchemaError("%s: a field name occurs twice" % name)

    def new(self):
        """A value list that the message accepts: to be filled and encoded again and again."""
        return [f.default() for f in self.fields]

    def check(self, values):
        """Raise FieldRangeError, naming message, field and bounds, if values may not travel."""
        if len(values) != self.count:
            raise FieldRangeError("%s takes %d values, not %d" % (self.name, self.count, len(values)))
        for field, value in zip(self.fields, values):
            if not field.accepts(value):
                what = "0 or 1" if field.kind == FLAG else "%d to %d" % (field.low, field.high)
                unit = "" if field.kind in (INT, FLAG) else " bytes"
                raise FieldRangeError("%s.%s: %r is not %s%s" % (self.name, field.name, value, what, unit))

    def signature(self):
        return "%d %s %s %s(%s)" % (
            self.id, self.name, self.sender, self.kind, ",".join([f.signature() for f in self.fields])
        )  # fmt: skip


def build_index(table):
    """Map id → Message. SchemaError for an id or a name that is used twice, or an id out of 1-127."""
    index = {}
    names = set()
    for message in table:
        if not 1 <= message.id <= 127:  # one byte of msgpack
            raise SchemaError("%s: id %d is not 1 to 127" % (message.name, message.id))
        if message.id in index:
            raise SchemaError("id %d is both %s and %s" % (message.id, index[message.id].name, message.name))
        if message.name in names:
            raise SchemaError("%s is declared twice" % message.name)
        index[message.id] = message
        names.add(message.name)
    return index


def digest(table):
    """The schema's identity: the first 8 bytes of the SHA-256 of its canonical text, rows ordered by id."""
    import hashlib

    rows = sorted([(m.id, m.signature()) for m in table])
    return hashlib.sha256("\n".join([row[1] for row in rows]).encode()).digest()[:8]
