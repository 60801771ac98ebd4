"""DMA and the converter of the simulated board behave as on the chip, traps included.

What the chip answers was tried with MicroPython 1.26.1 on an emulated RP2040.
"""

import time
from array import array

import machine
import rp2
import simboard
import simwire
from backend_virtual import VirtualBackend
from simulated_chip import raised

CS, FCS, FIFO, DIV = 0x4004C000, 0x4004C008, 0x4004C00C, 0x4004C010
SET, CLEAR = 0x2000, 0x3000
START_MANY, OVER, UNDER, LEVEL = 0x8, 0x800, 0x400, 0xF0000
FCS_ON = 0x01000009
ROUND = 0b10111  # current_1, current_2, reference, the chip's temperature
TXF1 = 0x50300010
RING = 64  # samples


def powered():
    backend = VirtualBackend(start_us=1_000_000)
    simboard.use(backend)
    backend.set_loop(1, True)
    backend.set_loop(2, True)
    backend.set_counts(0, 400)
    backend.set_counts(1, 500)
    return backend


# -- DMA ----------------------------------------------------------------------------------------------------------


def scenario_dma_takes_the_chips_arguments():
    powered()
    dma = rp2.DMA()
    assert (dma.channel, dma.ctrl, dma.pack_ctrl(), dma.active()) == (0, 0, 0x3F8039, False)
    assert rp2.DMA.unpack_ctrl(dma.pack_ctrl(ring_size=10))["ring_size"] == 10
    assert dma.pack_ctrl(**rp2.DMA.unpack_ctrl(0x3F8039)) == 0x3F8039
    assert dma.pack_ctrl(default=0, enable=True) == 1
    assert raised(TypeError, "pack_ctrl only takes keyword arguments", dma.pack_ctrl, 1)
    assert raised(TypeError, "", dma.pack_ctrl, foo=1)
    assert raised(ValueError, "bad field value", dma.pack_ctrl, ring_size=16)
    assert raised(ValueError, "bad field value", dma.pack_ctrl, treq_sel=64)
    assert raised(TypeError, "extra keyword arguments given", dma.config, foo=1)
    assert raised(TypeError, "", dma.config, 1)
    assert raised(TypeError, "can't convert bytes to int", dma.config, write=b"x")
    assert raised(TypeError, "can't convert float to int", dma.config, read=1.5)
    dma.count = 7
    assert (dma.count, len(dma.registers)) == (0, 16)  # what a trigger will begin with does not show before it
    rest = [rp2.DMA() for _ in range(11)]
    assert raised(OSError, "16", rp2.DMA)
    rest[0].close()
    rest[0].close()
    assert rest[0].channel == 255
    for use in (rest[0].active, rest[0].config, lambda: rest[0].count):
        assert raised(ValueError, "channel closed", use)
    assert rp2.DMA().channel == 1


def scenario_memory_is_copied_and_the_addresses_tell_how_far():
    powered()
    source, target = bytearray(b"abcdefgh"), bytearray(8)
    dma = rp2.DMA()
    dma.config(read=source, write=target, count=2)
    first = dma.read
    assert not dma.active()
    dma.config(ctrl=dma.pack_ctrl(), trigger=True)
    assert target == source
    assert (dma.read - first, dma.count, dma.active()) == (8, 0, False)
    assert dma.registers[0] == machine.mem32[0x50000000] == dma.read
    assert raised(NotImplementedError, "beyond every buffer", dma.config, count=1, trigger=True)


# -- the converter ------------------------------------------------------------------------------------------------


def on(rate_clocks=240):
    """The converter, ready to run free."""
    for pin in (26, 27, 28):
        machine.ADC(pin)
    machine.mem32[DIV] = rate_clocks - 1 << 8
    machine.mem32[FCS] = FCS_ON | OVER | UNDER
    machine.mem32[CS] = 3 | ROUND << 16


def aligned(dma, samples):
    """A part of a buffer that begins at a multiple of its size, as DMA's rings must."""
    room = memoryview(array("H", bytes(4 * samples)))
    dma.config(write=room)
    skip = -dma.write % (2 * samples) // 2
    return room[skip : skip + samples]


def ring_of(dma, samples=RING, count=1 << 30, **more):
    ring = aligned(dma, samples)
    bits = 0
    while 1 << bits < 2 * samples:
        bits += 1
    dma.config(read=FIFO, write=ring, count=count, ctrl=dma.pack_ctrl(
        size=1, inc_read=False, ring_sel=True, ring_size=bits, treq_sel=36, **more))  # fmt: skip
    return ring


def go():
    machine.mem32[CS + SET] = START_MANY


def scenario_samples_fill_the_ring_in_turn_and_wrap():
    backend = powered()
    on()
    dma = rp2.DMA()
    ring = ring_of(dma)
    first = dma.write
    dma.active(1)
    go()
    time.sleep_us(50)
    assert (dma.write - first) // 2 == 10
    assert list(ring[:5]) == [400, 500, 2048, 876, 400]
    assert list(ring[10:]) == [0] * (RING - 10)
    time.sleep_us(5 * (RING - 10))
    assert dma.write == first
    backend.set_counts(0, 444)
    time.sleep_us(10)
    assert (dma.write - first) // 2 == 2
    assert list(ring[:4]) == [444, 500, 2048, 876]
    backend.advance(10_000_000)
    assert (dma.write - first) // 2 == (2 + 2_000_000) % RING
    assert list(ring) == [444, 500, 2048, 876] * (RING // 4)


def scenario_a_ring_that_is_not_aligned_would_wrap_outside_its_buffer():
    backend = powered()
    on()
    dma = rp2.DMA()
    lone = array("H", bytes(2 * RING))
    ctrl = dma.pack_ctrl(size=1, inc_read=False, ring_sel=True, ring_size=12, treq_sel=36)
    dma.config(read=FIFO, write=lone, count=100, ctrl=ctrl, trigger=True)
    go()
    backend.advance(50)
    assert raised(NotImplementedError, "aligned to its size", lambda: dma.write)


def scenario_dma_ends_with_its_count_and_the_fifo_overflows():
    """A single count of 2^32 - 1 would end, too: after 6 hours."""
    powered()
    on()
    dma = rp2.DMA()
    ring = ring_of(dma, count=40)
    dma.active(1)
    go()
    time.sleep_us(100)
    assert (dma.count, dma.active()) == (20, True)
    time.sleep_us(300)
    assert (dma.count, dma.active()) == (0, False)
    assert list(ring[36:44]) == [400, 500, 2048, 876, 0, 0, 0, 0]
    assert machine.mem32[FCS] & OVER
    assert machine.mem32[FCS] & LEVEL == 4 << 16
    machine.mem32[CS + CLEAR] = START_MANY
    assert [machine.mem32[FIFO] for _ in range(4)] == [400, 500, 2048, 876]
    machine.mem32[FCS] = FCS_ON | OVER
    assert not machine.mem32[FCS] & OVER
    machine.mem32[FIFO]
    assert machine.mem32[FCS] & UNDER


def scenario_a_single_conversion_makes_the_slots_slip():
    """ADC.read_u16() while the round robin runs goes between its samples."""
    powered()
    on()
    dma = rp2.DMA()
    ring = ring_of(dma)
    dma.active(1)
    go()
    time.sleep_us(20)
    machine.ADC(27).read_u16()
    time.sleep_us(20)
    machine.mem32[CS]  # here memory follows when somebody looks at the converter or at DMA
    assert list(ring[:10]) == [400, 500, 2048, 876, 500, 2048, 876, 400, 500, 0]


def scenario_slips_stops_and_overflows_can_be_made():
    backend = powered()
    on()
    dma = rp2.DMA()
    ring = ring_of(dma)
    dma.active(1)
    go()
    backend.set_fault(simwire.FAULT_ADC_SLIP, True)
    time.sleep_us(20)
    machine.mem32[CS]
    assert list(ring[:4]) == [500, 2048, 876, 400]
    backend.set_fault(simwire.FAULT_ADC_SLIP, False)
    time.sleep_us(20)
    machine.mem32[CS]
    assert list(ring[4:8]) == [400, 500, 2048, 876]
    backend.set_fault(simwire.FAULT_ADC_STOP, True)
    written = dma.write
    time.sleep_us(1000)
    assert dma.write == written
    backend.set_fault(simwire.FAULT_ADC_STOP, False)
    machine.mem32[CS]
    time.sleep_us(50)
    assert dma.write == written + 20
    backend.set_fault(simwire.FAULT_ADC_OVER, True)
    machine.mem32[FCS] = FCS_ON | OVER
    assert machine.mem32[FCS] & OVER


def scenario_a_converter_whose_clock_is_off_brings_half():
    backend = powered()
    on()
    dma = rp2.DMA()
    ring_of(dma)
    dma.active(1)
    go()
    machine.mem32[CS]
    for slow, samples in ((False, 10), (True, 5), (False, 10)):
        backend.set_fault(simwire.FAULT_ADC_SLOW, slow)
        machine.mem32[CS]
        before = dma.write
        time.sleep_us(50)
        machine.mem32[CS]
        assert (dma.write - before) % (2 * RING) == 2 * samples, (slow, dma.write - before)


def scenario_a_chain_in_bulk_does_what_single_steps_do():
    """The pair that wakes each other for one sample each, against the long way."""
    found = []
    for in_bulk in (True, False):
        powered()
        on()
        dma, other = rp2.DMA(), rp2.DMA()
        ring = ring_of(dma, count=1, chain_to=other.channel)
        other.config(read=ring, write=TXF1, count=1, ctrl=other.pack_ctrl(
            size=1, inc_write=False, ring_size=7, chain_to=dma.channel))  # fmt: skip
        first = dma.write
        dma.active(1)
        go()
        for n in (1, 2, 3, 61, 130, 7):
            if not in_bulk:
                simboard.board().dma._paired = False
            time.sleep_us(5 * n)
            found.append((n, (dma.write - first) // 2, (other.read - first) // 2, list(ring)))
    half = len(found) // 2
    assert found[:half] == found[half:]
    assert found[-1][1] == 204 % RING
