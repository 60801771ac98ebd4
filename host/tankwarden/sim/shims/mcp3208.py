"""The 12-bit, 8-channel converter on the simulated board's SPI bus, to the bit of its data sheet (DS21298, fig. 5-1).

A frame begins with chip select low: start bit, single-ended bit, three channel bits, one clock of sampling, a null
bit, then 12 bits from the top. Bits before the null bit float: they read 1 here, so that a reader must mask them.
"""

import simwire


def transfer(board, tx, rx):
    """Answer tx into rx. One conversion for each time chip select goes low; without it the output floats high."""
    board.suffer()
    n = len(rx)
    if board.level(simwire.SPI_CS_GPIO) or board.spi_selected:
        _fill(rx, n)
        return
    board.spi_selected = True  # until chip select goes high: a second transfer continues the first, without data
    if n != 3:
        raise NotImplementedError("the simulated MCP3208 is read with 3 bytes, not %d" % n)
    word = tx[0] << 16 | tx[1] << 8 | tx[2]
    start = 0  # bits before the start bit
    while start < 24 and not word & 0x800000 >> start:
        start += 1
    if start > 5:
        raise NotImplementedError("the start bit must be among the first 6 of 24, or bits of the answer are lost")
    command = word >> 19 - start & 15
    if not command & 8:
        raise NotImplementedError("differential inputs are not wired")
    answer = _counts(board, command & 7) << 5 - start | _floating(start)
    rx[0] = answer >> 16 & 0xFF
    rx[1] = answer >> 8 & 0xFF
    rx[2] = answer & 0xFF


def _counts(board, channel):
    return board.counts(simwire.SPI_FIRST_COUNT + channel) if channel < simwire.SPI_CHANNELS else 0


def _floating(start):
    """Ones down to the bit before the null bit."""
    return 0xFFFFFF << 18 - start & 0xFFFFFF


def _fill(rx, n):
    for i in range(n):
        rx[i] = 0xFF
