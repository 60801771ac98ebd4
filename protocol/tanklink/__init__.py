"""The wire contract between the host and the Pico: one source for CPython and MicroPython, no I/O."""
