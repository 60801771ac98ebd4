"""The door to the codec: what users of either interpreter import.

Under MicroPython: encode_into and ByteReader. On CPython also FrameReader, Frame and pack, over the msgpack and cobs
packages.
"""
# ruff: noqa: F401  (imported to be offered)

from tanklink._compat import MICROPYTHON
from tanklink.wire import MAX_BODY, MAX_FRAME, MAX_SEQ, REASONS, ByteReader, encode_into

if not MICROPYTHON:
    from tanklink.fast import Frame, FrameReader, pack
