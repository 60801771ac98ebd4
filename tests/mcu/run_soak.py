"""Runs a soak of tests/mcu/soaks: NAME COUNT [SEED]. Under either interpreter; a soak ends with one line of figures.

micropython -X heapsize=320wK tests/mcu/run_soak.py flood 10000000
"""

import sys

import run_scenarios  # which also finds the firmware, the shims and the virtual rig

sys.path.insert(0, run_scenarios.HERE + "/soaks")


def main(name, count, seed=1):
    """Run it; its figures are `key=value` words on the last line."""
    run_scenarios.collect_every(16384)
    soak = __import__(name).soak
    run_scenarios.collect_every(-1)
    figures = soak(count, seed)
    print(" ".join(f"{key}={figures[key]}" for key in sorted(figures)))


if __name__ == "__main__":
    main(sys.argv[1], *[int(argument) for argument in sys.argv[2:]])
