"""At the root of the Pico's file system: runs the program that boot.py has picked, and notes a start on trial.

boot.py's names are known here: the chip runs both files in one namespace. mpremote's soft reset runs only that one.
"""

import machine

_, _state = read_slot()
_on_trial = _slot and _state.isdigit()
if _on_trial and _state != "0":
    write_slot(_slot, str(int(_state) - 1))
try:
    if _sound:
        import main  # noqa: F401  (returns if the program cannot start, or is not to)
except Exception as error:
    sys.print_exception(error)
_left_alone = getattr(sys.modules.get("maintenance"), "active", False)
if _on_trial and not _left_alone and roll_back():
    try:
        import board
        import bootloop

        bootloop.leave_note(board.NOTE_MAINTENANCE)
    except Exception as error:  # then the other program takes this reset for one by the watchdog, and trips
        sys.print_exception(error)
    machine.reset()
