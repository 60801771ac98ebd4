"""MicroPython only: this file, earlier on sys.path than the built-in `time`, is the chip's `time`.

CPython's `time` is built in and cannot be shadowed by a file, which is well; chip_time.install() adds the chip's part.
"""

from chip_time import *  # noqa: F403  a file that stands for another one
