"""What a message is: field kinds, Message, the index and the digest of the table.

Pure: no I/O, no clock. Runs unchanged under CPython and MicroPython. Everything about the wire derives from the
table in messages.py by the means in this file: range checks, documentation, type stub and digest. What only
the documentation needs is not kept under MicroPython: memory is short there.
"""

from array import array
from collections import namedtuple

from tanklink._compat import MICROPYTHON
from tanklink.errors import FieldRangeError, SchemaError

SMALL_MAX = (1 << 30) - 1  # beyond it the chip boxes an integer, and allocates
HOST, PICO = "host", "pico"  # who sends
STATE, GRANT, COMMAND, REPLY, EVENT = "state", "grant", "command", "reply", "event"

INT, FLAG, TEXT, BLOB = 0, 1, 2, 3  # Field.kind; msgpack.py knows these numbers


# One field: its name (with the unit), kind, bounds, one line of doc, and for an enumeration the tuple of its names, value
# 0 first, else None. low, high: for INT the bounds of the value, for TEXT and BLOB of the length in bytes.
Field = namedtuple("Field", ("name", "kind", "low", "high", "doc", "names"))


def uint(name, high=SMALL_MAX, doc=""):
    """An unsigned small integer."""
    return Field(name, INT, 0, high, doc, None)


def sint(name, low=-SMALL_MAX, high=SMALL_MAX, doc=""):
    """A signed small integer."""
    return Field(name, INT, low, high, doc, None)


def enum(name, names, doc=""):
    """An enumeration: an index into names."""
    return Field(name, INT, 0, len(names) - 1, doc, names)


def flag(name, doc=""):
    """A boolean."""
    return Field(name, FLAG, 0, 1, doc, None)


def text(name, high, doc=""):
    """A short ASCII string of at most `high` bytes."""
    return Field(name, TEXT, 0, high, doc, None)


def blob(name, low, high=None, doc=""):
    """Bytes: exactly `low`, or `low` to `high`."""
    return Field(name, BLOB, low, low if high is None else high, doc, None)


class Message:
    """One row of the table; values travel as a list in the order of its fields.

    kinds: a byte per field. bounds: low and high of each in turn. On CPython also `fields` (tuple of Field) and `doc`.
    """

    def __init__(self, id, name, sender, kind, doc, *fields):
        self.id, self.name, self.sender, self.kind = id, name, sender, kind
        self.count = len(fields)
        self.kinds = bytes([f.kind for f in fields])
        self.bounds = array("i", [bound for f in fields for bound in (f.low, f.high)])
        self._names = ",".join([f.name for f in fields])  # one string: a dict would cost ten times its memory
        self.mark = self._mark(fields)
        if not MICROPYTHON:
            self.doc, self.fields = doc, fields
            if len(self.index) != self.count:  # a table that was ever loaded by CPython is free of it
                raise SchemaError("%s: a field name occurs twice" % name)

    @property
    def names(self):
        """The names of the fields. A new list each time: for start-up, not for the loop."""
        return self._names.split(",") if self._names else []

    @property
    def index(self):
        """Map name → place in the list of values. A new dict each time: for start-up, not for the loop."""
        return {name: i for i, name in enumerate(self.names)}

    def new(self):
        """A value list that the message accepts: to be filled and encoded again and again."""
        return [self._default(i) for i in range(self.count)]

    def _default(self, i):
        kind, low, high = self.kinds[i], self.bounds[2 * i], self.bounds[2 * i + 1]
        if kind == INT:
            return 0 if low <= 0 <= high else low
        if kind == FLAG:
            return False
        return " " * low if kind == TEXT else bytes(low)

    def check(self, values):
        """Raise FieldRangeError, naming message, field and bounds, if values may not travel."""
        if len(values) != self.count:
            raise FieldRangeError("%s takes %d values, not %d" % (self.name, self.count, len(values)))
        for i in range(self.count):
            if not accepts(self.kinds[i], self.bounds[2 * i], self.bounds[2 * i + 1], values[i]):
                self._refuse(i, values[i])

    def _refuse(self, i, value):
        kind, low, high = self.kinds[i], self.bounds[2 * i], self.bounds[2 * i + 1]
        what = (
            "an integer from %d to %d" % (low, high),
            "True or False",
            "ASCII text of %d to %d characters" % (low, high),
            "%d to %d bytes" % (low, high),
        )[kind]
        raise FieldRangeError("%s.%s: %r is not %s" % (self.name, self.names[i], value, what))

    def _mark(self, fields):
        """What the digest covers: everything that changes bytes or their meaning, not the doc.

        In few large pieces: text made field by field cost the chip a quarter of a second.
        """
        import hashlib

        head = "%d %s %s %s %d(%s)" % (self.id, self.name, self.sender, self.kind, self.count, self._names)
        names = ",".join(["|".join(f.names) if f.names else "" for f in fields])
        mark = hashlib.sha256(head.encode())
        mark.update(self.kinds)
        mark.update(self.bounds)  # 4 bytes each, little-endian as every machine that runs this
        mark.update(names.encode())
        return mark.digest()[:8]


def accepts(kind, low, high, value):
    """Whether value may travel in a field of this kind and bounds."""
    if kind == INT:
        return type(value) is int and low <= value <= high
    if kind == FLAG:
        return value is True or value is False
    if kind == TEXT:
        return type(value) is str and low <= len(value) <= high and all(ord(c) < 128 for c in value)
    return type(value) in (bytes, bytearray) and low <= len(value) <= high


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
    """The schema's identity: the first 8 bytes of the SHA-256 of the rows' own hashes, ordered by id."""
    import hashlib

    rows = sorted([(m.id, m.mark) for m in table])
    return hashlib.sha256(b"".join([row[1] for row in rows])).digest()[:8]
