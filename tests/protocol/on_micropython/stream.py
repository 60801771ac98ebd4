"""Read a stream of bytes with ByteReader: prints each message accepted, then the counts. Runs under either interpreter.

Arguments: the folder of tanklink, the path of the bytes, the sender whose messages are accepted.
"""

import sys

sys.path.insert(0, sys.argv[1])

from tanklink.frames import ByteReader

reader = ByteReader(sys.argv[3])
with open(sys.argv[2], "rb") as file:
    for byte in file.read():
        if reader.push(byte):
            values = [bytes(value) if isinstance(value, bytearray) else value for value in reader.values]
            print(reader.message.name, reader.seq, values)
print(reader.counts)
