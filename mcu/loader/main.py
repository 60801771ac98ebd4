"""At the root of the Pico's file system: runs the program that boot.py has picked, and notes a start on trial.

boot.py's names are known here: the chip runs both files in one namespace. mpremote's soft reset runs only that one.
"""

import machine

_, _state = read_slot()  # noqa: F821
if _slot and _state not in ("ok", "0"):  # noqa: F821
    write_slot(_slot, str(int(_state) - 1))  # noqa: F821
try:
    if _slot:  # noqa: F821
        import main  # noqa: F401  (returns if the program cannot start, or is not to)
except Exception as error:
    sys.print_exception(error)  # noqa: F821
if _slot and _state != "ok":  # noqa: F821
    if not getattr(sys.modules.get("maintenance"), "active", False) and roll_back():  # noqa: F821
        try:
            import board
            import bootloop

            bootloop.leave_note(board.NOTE_MAINTENANCE)
        except Exception as error:  # then the other program takes this reset for one by the watchdog, and trips
            sys.print_exception(error)  # noqa: F821
        machine.reset()
