"""The shim's PIO assembler, against encodings read in the RP2040 datasheet (section 3.4), not against itself."""

from collections.abc import Callable
from typing import Any

import pio_asm
import pytest
import rp2

# What the assembler's language puts into the function's globals; named here so that linters know them.
LANGUAGE: Any = None
block = ifempty = iffull = invert = isr = noblock = not_osre = null = osr = pc = pin = pindirs = pins = x = y = (
    x_dec
) = LANGUAGE
in_ = jmp = label = mov = nop = out = pull = push = set_ = wrap = wrap_target = exec_ = LANGUAGE


EXECCTRL, SHIFTCTRL = 4, 5  # places in what asm_pio returns, as on MicroPython 1.26.1


def words(function: Callable[[], None], **settings: Any) -> list[int]:
    return list(rp2.asm_pio(**settings)(function)[0])


def _out_x_22() -> None:
    out(x, 22)


def _out_null_7() -> None:
    out(null, 7)


def _out_pins_32() -> None:
    out(pins, 32)


def _pull_block() -> None:
    pull(block)


def _pull_noblock() -> None:
    pull(noblock)


def _pull_plain() -> None:
    pull()


def _pull_ifempty() -> None:
    pull(ifempty)


def _push_noblock() -> None:
    push(noblock)


def _push_plain() -> None:
    push()


def _push_iffull_noblock() -> None:
    push(iffull, noblock)


def _mov_isr_x() -> None:
    mov(isr, x)


def _mov_x_not_null() -> None:
    mov(x, invert(null))


def _in_pins_32() -> None:
    in_(pins, 32)


def _set_pindirs_1() -> None:
    set(pindirs, 1)  # type: ignore[call-overload]  # the assembler's, not Python's


def _nop() -> None:
    nop()


def _nop_delay_31() -> None:
    nop()[31]


def _jmp_self() -> None:
    label("here")
    jmp("here")


def _jmp_x_dec() -> None:
    label("here")
    jmp(x_dec, "here")


def _jmp_pin() -> None:
    label("here")
    jmp(pin, "here")


def _jmp_not_osre() -> None:
    label("here")
    jmp(not_osre, "here")


# bits 15-13 opcode, 12-8 delay/side-set, 7-0 arguments (table 366 and the sections of each instruction)
@pytest.mark.parametrize(
    ("program", "word"),
    [
        (_out_x_22, 0b011_00000_001_10110),  # OUT: destination 001 = X, count 22
        (_out_null_7, 0b011_00000_011_00111),  # 011 = NULL
        (_out_pins_32, 0b011_00000_000_00000),  # a count of 32 is encoded as 0
        (_pull_block, 0b100_00000_1_0_1_00000),  # PULL: 1, IfE, Blk
        (_pull_noblock, 0b100_00000_1_0_0_00000),
        (_pull_plain, 0b100_00000_1_0_1_00000),  # blocking is the default
        (_pull_ifempty, 0b100_00000_1_1_1_00000),
        (_push_noblock, 0b100_00000_0_0_0_00000),
        (_push_plain, 0b100_00000_0_0_1_00000),
        (_push_iffull_noblock, 0b100_00000_0_1_0_00000),
        (_mov_isr_x, 0b101_00000_110_00_001),  # MOV: destination 110 = ISR, op 00, source 001 = X
        (_mov_x_not_null, 0b101_00000_001_01_011),  # op 01 = invert
        (_in_pins_32, 0b010_00000_000_00000),
        (_set_pindirs_1, 0b111_00000_100_00001),  # SET: destination 100 = PINDIRS
        (_nop, 0b101_00000_010_00_010),  # NOP assembles to MOV Y, Y
        (_nop_delay_31, 0b101_11111_010_00_010),
        (_jmp_self, 0b000_00000_000_00000),  # JMP: condition 000 = always
        (_jmp_x_dec, 0b000_00000_010_00000),  # 010 = X--
        (_jmp_pin, 0b000_00000_110_00000),  # 110 = PIN
        (_jmp_not_osre, 0b000_00000_111_00000),  # 111 = !OSRE
    ],
)
def test_encodings_are_the_datasheets(program: Callable[[], None], word: int) -> None:
    assert words(program) == [word]


def test_labels_may_come_after_their_use() -> None:
    def program() -> None:
        jmp("end")
        nop()
        label("end")
        nop()

    assert words(program)[0] == 2


def test_a_side_set_of_every_instruction_takes_the_top_bit_of_the_delay() -> None:
    def program() -> None:
        nop().side(1)[15]
        nop().side(0)

    # 5 bits: 1 of side-set, 4 of delay
    assert words(program, sideset_init=rp2.PIO.OUT_LOW) == [0b101_1_1111_010_00_010, 0b101_0_0000_010_00_010]


def test_a_side_set_that_some_leave_out_has_an_enable_bit() -> None:
    def program() -> None:
        nop().side(1)
        nop()[7]

    data, _, _, _, execctrl, *_ = rp2.asm_pio(sideset_init=rp2.PIO.OUT_LOW)(program)
    assert list(data) == [0b101_11_000_010_00_010, 0b101_00_111_010_00_010]
    assert execctrl >> 30 & 1  # SIDE_EN


def test_wrap_goes_where_execctrl_says() -> None:
    def program() -> None:
        nop()
        wrap_target()
        nop()
        nop()
        wrap()
        nop()

    execctrl = rp2.asm_pio()(program)[EXECCTRL]
    assert (execctrl >> 7 & 31, execctrl >> 12 & 31) == (1, 2)  # WRAP_BOTTOM, WRAP_TOP


def test_without_wrap_the_whole_program_repeats() -> None:
    assert rp2.asm_pio()(_nop_delay_31)[EXECCTRL] == 0


def test_shiftctrl_carries_direction_thresholds_and_join() -> None:
    shiftctrl = rp2.asm_pio(out_shiftdir=rp2.PIO.SHIFT_RIGHT, push_thresh=8, fifo_join=rp2.PIO.JOIN_TX)(_nop)[SHIFTCTRL]
    assert shiftctrl == 1 << 19 | 8 << 20 | 1 << 30  # a threshold of 32 is encoded as 0


def test_the_functions_module_gets_its_globals_back() -> None:
    before = dict(globals())
    words(_nop)
    assert globals() == before


def _duplicate_label() -> None:
    label("a")
    label("a")
    nop()


def _unknown_label() -> None:
    jmp("nowhere")


def _side_without_pins() -> None:
    nop().side(0)


def _too_many_bits() -> None:
    out(x, 33)


def _too_long() -> None:
    for _ in range(33):
        nop()


def _delay_too_large() -> None:
    nop()[32]


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (_duplicate_label, "duplicate label a"),
        (_unknown_label, "unknown label nowhere"),
        (_side_without_pins, "no sideset"),
        (_too_many_bits, "invalid bit count 33"),
        (_too_long, "33 instructions"),
        (_delay_too_large, "delay too large"),
    ],
)
def test_a_wrong_program_is_refused(program: Callable[[], None], message: str) -> None:
    with pytest.raises(pio_asm.PIOASMError, match=message):
        words(program)


def test_a_side_set_value_must_fit_its_pins() -> None:
    def program() -> None:
        nop().side(2)

    with pytest.raises(pio_asm.PIOASMError, match="sideset too large"):
        words(program, sideset_init=rp2.PIO.OUT_LOW)


def test_the_relay_program_is_what_the_chip_made_of_it() -> None:
    """As printed by MicroPython 1.26.1 on an emulated RP2040 after importing mcu/interlock.py."""
    import interlock

    assert [list(interlock.relay_program[0]), *interlock.relay_program[4:]] == [
        [0xA0C1, 0x8000, 0x0002, 0x80A0, 0x6036, 0x00C7, 0x0000, 0x1049, 0x0000, 0x9080, 0x7036, 0x10C7],
        45056, 524288, None, None, 2,
    ]  # fmt: skip
