"""The board process of `tankwarden sim`: PAGE OUT MCU_DIR PROTOCOL_DIR. Starts the files of mcu/ as the chip would.

The current directory is the board's flash, stdin and stdout are the link, stderr is for what the simulation itself has
to say. Runs under `micropython -X heapsize=240wK` and under CPython.
"""

import sys

_USAGE = "usage: run_board.py PAGE OUT MCU_DIR PROTOCOL_DIR"
_HERE = __file__.rpartition("/")[0] or "."


def main(arguments):
    """Never returns while the board has power."""
    if len(arguments) != 4:
        raise SystemExit(_USAGE)
    page, out, mcu_dir, protocol_dir = arguments
    sys.path[0:0] = [_HERE, mcu_dir, protocol_dir]
    import ailing
    import backend_process
    import chip_time
    import simboard

    chip_time.install()
    simboard.use(backend_process.ProcessBackend(page, out))
    _run_file(mcu_dir + "/boot.py")
    ailing.install(mcu_dir)
    _run_file(mcu_dir + "/main.py")
    _wait_for_power_off()


def _run_file(path):
    """As the chip does: an exception is reported, and the next file runs all the same."""
    with open(path) as f:
        code = compile(f.read(), path, "exec")
    try:
        exec(code, {"__name__": "__main__", "__file__": path})
    except Exception as error:
        _report(error)


def _report(error):
    if sys.implementation.name == "micropython":
        sys.print_exception(error, sys.stderr)
    else:
        import traceback

        traceback.print_exception(error)


def _wait_for_power_off():
    """main.py has ended: the chip would show its REPL. Here nobody types; the end of the link is the end of power."""
    while sys.stdin.buffer.read(1):
        pass


try:
    main(sys.argv[1:])
except Exception as error:  # before the firmware ran: MicroPython itself would report it on stdout, which is the link
    _report(error)
    sys.exit(1)
