"""Runs scenario files under whatever interpreter runs this: MODULE… ; prints one line for each scenario.

`ok NAME` or `FAIL NAME` with a traceback before it. Scenarios are the functions of a file whose names begin with
`scenario_`; each gets nothing and asserts.
"""

import gc
import sys

HERE = __file__.rpartition("/")[0] or "."
REPO = HERE + "/../.."
sys.path[0:0] = [REPO + "/host/tankwarden/sim/shims", "/tmp/linked", REPO + "/protocol", HERE + "/scenarios"]

import chip_time  # noqa: E402  (found through the line above)

chip_time.install()


def scenarios(module):
    """Names of a module's scenarios, in order."""
    return sorted(name for name in dir(module) if name.startswith("scenario_"))


def run(module_name):
    """Run every scenario of a module."""
    collect_every(16384)  # as main.py: else what lives lies scattered among the compiler's garbage
    module = __import__(module_name)
    collect_every(-1)
    for name in scenarios(module):
        gc.collect()
        try:
            getattr(module, name)()
            print(f"ok {module_name}.{name}")
        except BaseException as error:
            report(error)
            print(f"FAIL {module_name}.{name}")


def collect_every(n_bytes):
    if hasattr(gc, "threshold"):  # CPython has none
        gc.threshold(n_bytes)


def report(error):
    if sys.implementation.name == "micropython":
        sys.print_exception(error, sys.stdout)
    else:
        import traceback

        traceback.print_exception(error, file=sys.stdout)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        run(argument)
