"""The errors of the link: one tree, and every leaf a ValueError, since MicroPython allows but one built-in base."""


class LinkError(ValueError):
    """Anything that tanklink refuses."""


class SchemaError(LinkError):
    """The message table contradicts itself: found at import, never at run time."""


class FieldRangeError(LinkError):
    """A value that its field cannot carry: names the message, the field and the bounds."""


class FrameLengthError(LinkError):
    """A body over MAX_BODY bytes, or a buffer too small for any frame: nothing is written."""
