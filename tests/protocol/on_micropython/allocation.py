"""Read and write every message with the heap locked, as the Pico's loop must. Prints "allocates nothing", or raises.

Arguments: the folder of tanklink, the path of vectors.json (for frames that must be refused).
"""
# ruff: noqa: UP031  (MicroPython's f-strings know less)

import binascii
import gc
import json
import sys

import micropython

sys.path.insert(0, sys.argv[1])

from tanklink import frames, messages
from tanklink.config import Config

OUT = bytearray(frames.MAX_FRAME)


def stream(host_lists, path):
    """One frame of each message to the Pico, then everything that it must refuse."""
    data = b""
    for message, values in host_lists:
        n = frames.encode_into(message, 65535, values, OUT)
        data += bytes(OUT[:n])
    with open(path) as file:
        for line in file:
            if '"refused"' in line:
                data += binascii.unhexlify(json.loads(line.rstrip(",\n"))["refused"])
    return data


def greatest(message):
    """The values that take the most bytes."""
    values = message.new()
    for i in range(message.count):
        if message.kinds[i] == 0:
            values[i] = message.bounds[2 * i + 1]
    return values


def push_all():
    for byte in data:
        reader.push(byte)


def write_all():
    for pair in pico_lists:
        frames.encode_into(pair[0], 65535, pair[1], OUT)


def configure():
    config.set_circuit(circuit)
    config.set_point(first)
    config.set_point(second)
    config.complete()


def scale_all():
    for channel in range(messages.N_CHANNELS):
        for counts in range(0, 4096, 15):
            config.scale(channel, counts)


def locked(function):
    """Call it with the heap locked: whatever allocates raises MemoryError. No arguments: passing them on allocates."""
    function()
    gc.collect()
    before = gc.mem_alloc()
    micropython.heap_lock()
    try:
        function()
    finally:
        micropython.heap_unlock()
    if gc.mem_alloc() > before:
        raise MemoryError("%d bytes more" % (gc.mem_alloc() - before))


host_lists = [(m, greatest(m)) for m in messages.TABLE if m.sender == messages.HOST]
pico_lists = [(m, greatest(m)) for m in messages.TABLE if m.sender == messages.PICO]
data = stream(host_lists, sys.argv[2])
reader = frames.ByteReader()
config = Config()
circuit = messages.CONFIG_CIRCUIT.new()
circuit[0], circuit[1] = 1, True
first, second = [0, 0, 0, -10_000_000], [0, 1, 4095, 10_000_000]

locked(push_all)
if reader.counts[0] != 2 * len(host_lists) or 0 in reader.counts:
    raise ValueError("not every reason was met: %r" % reader.counts)
locked(write_all)
locked(configure)
locked(scale_all)
try:
    locked(lambda: bytes(100))
except MemoryError:
    print("allocates nothing")
