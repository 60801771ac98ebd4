"""Hold tanklink against vectors.json: prints what differs, then the number of entries. Runs under either interpreter.

Arguments: the folder of tanklink, the path of vectors.json. Of the chip's own table, which has no names of fields and
does not know what a Pico says, every frame is made, and those are read that a host sends; config.py comes linked there.
"""
# ruff: noqa: UP031, B905  (MicroPython's f-strings and zip know less)

import binascii
import json
import sys

sys.path.insert(0, sys.argv[1])

from tanklink import frames, messages

HEARD = {message.sender for message in messages.BY_ID.values()}
OUT = bytearray(frames.MAX_FRAME)


def unplain(value):
    return binascii.unhexlify(value["hex"]) if isinstance(value, dict) else value


def read(data, sender):
    reader = frames.ByteReader(sender)
    got = None
    for byte in data:
        if reader.push(byte):
            got = (reader.message.name, reader.seq, list(reader.values))
    return got, reader.counts


def check_frame(entry):
    message = getattr(messages, entry["message"])
    values = [unplain(value) for value in entry["values"]]
    text = entry.get("frame") or entry["also"]
    if "frame" in entry:
        n = frames.encode_into(message, entry["seq"], values, OUT)
        made = binascii.hexlify(OUT[:n]).decode()
        if made != text:
            return "made " + made
    if message.id not in messages.BY_ID:
        return None
    got, counts = read(binascii.unhexlify(text), message.sender)
    if got != (message.name, entry["seq"], values) or counts != [1, 0, 0, 0, 0, 0, 0]:
        return "read %r %r" % (got, counts)
    for value, sent in zip(got[2], values):
        if isinstance(value, bool) != isinstance(sent, bool):
            return "read %r for %r" % (value, sent)
    return None


def check_refused(entry):
    if entry["sender"] not in HEARD:
        return None
    got, counts = read(binascii.unhexlify(entry["refused"]), entry["sender"])
    wanted = [int(reason == entry["reason"]) for reason in frames.REASONS]
    return None if got is None and counts == wanted else "read %r %r" % (got, counts)


def check_config(entry):
    if not hasattr(messages, "TABLE"):
        return None
    from tanklink.config import Config

    config = Config()
    taken = [config.set_circuit(values) for values in entry["circuits"]]
    taken += [config.set_point(values) for values in entry["points"]]
    taken += [config.set_feeder(values) for values in entry["feeders"]]
    got = (all(taken), config.complete(), binascii.hexlify(config.crc()).decode())
    if got != (True, entry["complete"], entry["crc"]):
        return "is %r" % (got,)
    for channel, counts, value in entry["scaled"]:
        if config.scale(channel, counts) != value:
            return "scales %d to %d, not %d" % (counts, config.scale(channel, counts), value)
    return None


def check(entry):
    if "digest" in entry:
        made = binascii.hexlify(messages.DIGEST).decode()
        return None if made == entry["digest"] else "is now %s: run make_vectors.py" % made
    if "message" in entry:
        return check_frame(entry)
    return check_refused(entry) if "refused" in entry else check_config(entry)


count = 0
with open(sys.argv[2]) as file:
    for line in file:
        if line[0] == "{":
            entry = json.loads(line.rstrip(",\n"))
            problem = check(entry)
            count += 1
            if problem:
                print("%s: %s" % (entry["name"], problem))
print("%d entries" % count)
