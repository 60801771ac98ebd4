"""main.py of a chip that is being measured: the real one's loop, with a pin that is high during each pass.

The real main.py lies beside it under another name, and starts by itself only where nobody is at the REPL.
"""

import gc

import maintenance

_at_repl, maintenance.active = maintenance.active, True
import real_main  # noqa: E402  (it would run the program at once)

COLLECT_EVERY = 0  # passes between two forced collections, each with something to collect; 0 = none is forced
PROBE_PIN = 25  # the lamp: free on every board
GARBAGE_BYTES = 64

maintenance.active = _at_repl
real_main.collect_every(real_main._STARTING_BYTES)

from machine import Pin  # noqa: E402
from program import Program  # noqa: E402

_probe = Pin(PROBE_PIN, Pin.OUT, value=0)
_step = Program.step
_passes = 0


def _shown_step(self, now_us):
    _probe.value(1)
    _step(self, now_us)
    if COLLECT_EVERY:
        _collect_now_and_then()
    _probe.value(0)


def _collect_now_and_then():
    global _passes
    _passes += 1
    bytearray(GARBAGE_BYTES)
    if _passes % COLLECT_EVERY == 0:
        gc.collect()


Program.step = _shown_step
if not maintenance.active:
    real_main.run()
