"""An assembler for the part of MicroPython's PIO language that the firmware uses.

`asm_pio(...)` returns what the chip's does: [array of words, -1, -1, -1, EXECCTRL, SHIFTCTRL, out_init, set_init,
sideset_init]; the -1 become the program's offset in each PIO block (three, as on an RP2350). Encodings: RP2040
datasheet 3.4.2 to 3.4.10. A name that is not here is unknown to the program, and the simulation says so with a
NameError at import.
"""

from array import array

MAX_WORDS = 32
_JMP, _IN, _OUT, _PUSH, _PULL, _MOV, _SET = 0x0000, 0x4000, 0x6000, 0x8000, 0x8080, 0xA000, 0xE000
_BLOCK = 0x20
_EXEC = 8  # one name, two codes: 7 for out, 4 for mov


class PIOASMError(Exception):
    """The program cannot be assembled."""


_CONSTANTS = {
    "pins": 0, "x": 1, "y": 2, "null": 3, "pindirs": 4, "pc": 5, "status": 5, "isr": 6, "osr": 7, "exec": _EXEC,
    "not_x": 1, "x_dec": 2, "not_y": 3, "y_dec": 4, "x_not_y": 5, "pin": 6, "not_osre": 7,
    "noblock": 0x01, "block": 0x21, "iffull": 0x40, "ifempty": 0x40,
}  # fmt: skip


def _invert(source):
    return source | 0x08


def _reverse(source):
    return source | 0x10


class _Instruction:
    def __init__(self, word, label):
        self.word, self.label, self.side_value, self.delay_cycles = word, label, None, 0


class Assembler:
    """Collects the instructions that the program function calls; the words come from finish()."""

    def __init__(self, sideset_count):
        self._sideset_count = sideset_count
        self._instructions = []
        self._labels = {}
        self._wrap_target = 0
        self._wrap = None

    def names(self):
        """What the program function sees as globals."""
        names = dict(_CONSTANTS)
        names.update({"invert": _invert, "reverse": _reverse, "in_": self.in_, "set": self.set})
        for name in ("jmp", "out", "push", "pull", "mov", "nop", "label", "wrap", "wrap_target"):
            names[name] = getattr(self, name)
        return names

    def _add(self, word, label=None):
        self._instructions.append(_Instruction(word, label))
        return self

    # -- what follows an instruction -------------------------------------------------------------------------------

    def side(self, value):
        """The side-set pins during this instruction."""
        if not self._sideset_count:
            raise PIOASMError("no sideset")
        if not 0 <= value < 1 << self._sideset_count:
            raise PIOASMError("sideset too large")
        self._instructions[-1].side_value = value
        return self

    def delay(self, cycles):
        """Idle cycles after this instruction."""
        self._instructions[-1].delay_cycles = cycles
        return self

    def __getitem__(self, cycles):
        return self.delay(cycles)

    # -- directives ------------------------------------------------------------------------------------------------

    def label(self, name):
        if name in self._labels:
            raise PIOASMError("duplicate label %s" % name)
        self._labels[name] = len(self._instructions)

    def wrap_target(self):
        self._wrap_target = len(self._instructions)

    def wrap(self):
        self._wrap = len(self._instructions) - 1

    # -- instructions ----------------------------------------------------------------------------------------------

    def jmp(self, condition, label=None):
        if label is None:
            condition, label = 0, condition
        return self._add(_JMP | condition << 5, label)

    def in_(self, source, bits):
        return self._add(_IN | source << 5 | _bit_count(bits))

    def out(self, destination, bits):
        return self._add(_OUT | (7 if destination == _EXEC else destination) << 5 | _bit_count(bits))

    def push(self, value=0, value2=0):
        return self._add(_PUSH | _fifo_bits(value | value2))

    def pull(self, value=0, value2=0):
        return self._add(_PULL | _fifo_bits(value | value2))

    def mov(self, destination, source):
        return self._add(_MOV | (4 if destination == _EXEC else destination) << 5 | source)

    def set(self, destination, value):
        return self._add(_SET | destination << 5 | value)

    def nop(self):
        return self.mov(_CONSTANTS["y"], _CONSTANTS["y"])

    # -- result ----------------------------------------------------------------------------------------------------

    def finish(self):
        """(array of words, EXECCTRL bits)."""
        optional = self._sideset_count > 0 and any([i.side_value is None for i in self._instructions])
        bits = self._sideset_count + optional  # taken from the delay field
        words = array("H", [self._encode(i, optional, bits) for i in self._instructions])
        if not 0 < len(words) <= MAX_WORDS:
            raise PIOASMError("%d instructions: 1 to %d fit" % (len(words), MAX_WORDS))
        wrap = len(words) - 1 if self._wrap is None else self._wrap
        return words, optional << 30 | wrap << 12 | self._wrap_target << 7

    def _encode(self, instruction, optional, bits):
        word = instruction.word
        if instruction.label is not None:
            if instruction.label not in self._labels:
                raise PIOASMError("unknown label %s" % instruction.label)
            word |= self._labels[instruction.label]
        if not 0 <= instruction.delay_cycles < 1 << 5 - bits:
            raise PIOASMError("delay too large")
        if instruction.side_value is not None:
            word |= instruction.side_value << 13 - bits | optional << 12
        return word | instruction.delay_cycles << 8


def _count(init):
    if init is None:
        return 0
    return 1 if isinstance(init, int) else len(init)


def _bit_count(bits):
    if not 0 < bits <= 32:
        raise PIOASMError("invalid bit count %d" % bits)
    return bits & 31  # 32 is written as 0


def _fifo_bits(value):
    if not value & 1:
        value |= _BLOCK  # to block is the default
    return value & 0x60


def asm_pio(
    *,
    out_init=None,
    set_init=None,
    sideset_init=None,
    side_pindir=False,
    in_shiftdir=0,
    out_shiftdir=0,
    autopush=False,
    autopull=False,
    push_thresh=32,
    pull_thresh=32,
    fifo_join=0,
):
    """Decorator: the function's body becomes a program."""
    sideset_count = _count(sideset_init)
    shiftctrl = (
        fifo_join << 30
        | (pull_thresh & 31) << 25
        | (push_thresh & 31) << 20
        | out_shiftdir << 19
        | in_shiftdir << 18
        | autopull << 17
        | autopush << 16
    )

    def assemble(function):
        assembler = Assembler(sideset_count)
        _run_with(function, assembler.names())
        words, execctrl = assembler.finish()
        return [words, -1, -1, -1, execctrl | side_pindir << 29, shiftctrl, out_init, set_init, sideset_init]

    return assemble


def _run_with(function, names):
    """Call function while its module's globals are exactly `names`, as the chip does."""
    module = function.__globals__
    saved = dict(module)
    module.clear()
    module.update(names)
    try:
        function()
    finally:
        module.clear()
        module.update(saved)
