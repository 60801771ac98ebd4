"""The chip's `machine` on the simulated board: the part that the firmware uses, with the chip's arguments and errors.

Under MicroPython this file, earlier on sys.path, takes the place of the built-in module; under CPython it is the only
one. What is missing here the firmware cannot use in simulation; what is here exists on the chip (a test compares the
names with the published stubs).
"""

import chip_pwm
import chip_timer
import mcp3208
import registers
import simboard
import simwire

PWRON_RESET = 1
WDT_RESET = 3
_MHZ = 1_000_000
_WDT_MAX_MS = 8388
_ADC_CHANNELS = 4  # ADC(0) to ADC(4) name channels on the chip
_pins = [None] * simboard.N_GPIOS  # as on the chip, Pin(2) is Pin(2)
_READ = object()  # *args would allocate a tuple, which the chip's Pin.value(x) does not

mem32 = registers.Mem32()
mem8 = registers.Mem8()
Timer = chip_timer.Timer
PWM = chip_pwm.PWM


class Pin:
    """One GPIO. Pin(n) alone touches nothing; with a mode it also takes the pin from PIO or a peripheral."""

    IN, OUT, OPEN_DRAIN, ALT = 0, 1, 2, 3
    PULL_UP, PULL_DOWN = simboard.PULL_UP, simboard.PULL_DOWN

    def __new__(cls, id, *args, **kwargs):
        gpio = gpio_of(id)
        if _pins[gpio] is None:
            _pins[gpio] = object.__new__(cls)
        return _pins[gpio]

    def __init__(self, id, mode=None, pull=None, *, value=None, alt=simwire.FUNCTION_SIO):
        self._gpio = gpio_of(id)
        if mode is not None or pull is not None or value is not None or alt != simwire.FUNCTION_SIO:
            self._configure(mode, pull, value, alt)

    def init(self, mode=None, pull=None, *, value=None, alt=simwire.FUNCTION_SIO):
        """Configure anew."""
        self._configure(mode, pull, value, alt)

    def _configure(self, mode, pull, value, alt):
        board = simboard.board()
        if mode == Pin.IN:
            board.drive(self._gpio, 0)
            board.set_function(self._gpio, simwire.FUNCTION_SIO)
        elif mode == Pin.OUT:
            if value is not None:
                board.write(self._gpio, 1 if value else 0)  # before the driver is on: no glitch
            board.drive(self._gpio, 1)
            board.set_function(self._gpio, simwire.FUNCTION_SIO)
        elif mode is not None:
            raise NotImplementedError(
                "the simulated board knows Pin.IN and Pin.OUT only, not mode %r alt %r" % (mode, alt)
            )
        board.pull(self._gpio, pull or 0)

    def value(self, x=_READ):
        """Read the pad, or set the output latch."""
        if x is _READ:
            return simboard.board().level(self._gpio)
        simboard.board().write(self._gpio, 1 if x else 0)
        return None

    __call__ = value

    def on(self):
        """Output latch high."""
        simboard.board().write(self._gpio, 1)

    def off(self):
        """Output latch low."""
        simboard.board().write(self._gpio, 0)

    def high(self):
        """Output latch high."""
        simboard.board().write(self._gpio, 1)

    def low(self):
        """Output latch low."""
        simboard.board().write(self._gpio, 0)

    def toggle(self):
        """Output latch the other way."""
        board = simboard.board()
        board.write(self._gpio, 1 - board.driven(self._gpio))


def gpio_of(pin):
    """The number of a Pin or an int. ValueError as on the chip."""
    if isinstance(pin, Pin):
        return pin._gpio
    if isinstance(pin, int) and 0 <= pin < simboard.N_GPIOS:
        return pin
    raise ValueError("invalid pin")


class ADC:
    """A pin of the chip's own converter, or its temperature sensor."""

    CORE_TEMP = simwire.ADC_DIE_INPUT

    def __init__(self, pin):
        if isinstance(pin, int) and 0 <= pin < ADC.CORE_TEMP:
            raise NotImplementedError("name the converter's pin (26 to 28), not its channel")
        if isinstance(pin, int) and pin == ADC.CORE_TEMP:
            self._input = pin
            adc = simboard.board().adc
            adc.write(0, adc.read(0) | 2)  # TS_EN
        else:
            gpio = gpio_of(pin)
            if gpio not in simwire.ADC_INPUT_GPIOS:
                raise ValueError("Pin doesn't have ADC capabilities")
            self._input = simwire.ADC_INPUT_GPIOS.index(gpio)
        simboard.board().adc.power()

    def read_u16(self):
        """12 bits, spread over 16 as the port does. One conversion: a round robin under way loses its step."""
        board = simboard.board()
        board.refresh_samples()
        raw = board.adc.convert(self._input)
        return raw << 4 | raw >> 8


class SPI:
    """The bus with the MCP3208 on it."""

    MSB, LSB = 1, 0

    def __init__(self, id, baudrate=_MHZ, *, polarity=0, phase=0, bits=8, firstbit=MSB, sck=None, mosi=None, miso=None):
        if id not in (0, 1):
            raise ValueError("SPI(%d) doesn't exist" % id)
        if id != simwire.SPI_ID:
            raise NotImplementedError("the simulated board wires SPI(%d) only" % simwire.SPI_ID)
        if firstbit != SPI.MSB:
            raise NotImplementedError("LSB")
        _check_spi_pin(sck, simwire.SPI_SCK_GPIO, "SCK")
        _check_spi_pin(mosi, simwire.SPI_MOSI_GPIO, "MOSI")
        _check_spi_pin(miso, simwire.SPI_MISO_GPIO, "MISO")
        if (polarity, phase) not in ((0, 0), (1, 1)):
            raise NotImplementedError("an MCP3208 speaks SPI mode 0 or 3, not polarity %d phase %d" % (polarity, phase))

    def write_readinto(self, write_buf, read_buf):
        """Clock a transaction to the converter."""
        if len(write_buf) != len(read_buf):
            raise ValueError("buffers must be the same length")
        mcp3208.transfer(simboard.board(), write_buf, read_buf)


def _check_spi_pin(pin, gpio, name):
    if pin is not None and gpio_of(pin) != gpio:
        raise ValueError("bad %s pin" % name)


class WDT:
    """The watchdog: once started it cannot be stopped. The sim process keeps it, in real time."""

    def __init__(self, id=0, timeout=5000):
        if id != 0:
            raise ValueError("WDT(%d) doesn't exist" % id)
        if timeout > _WDT_MAX_MS:
            raise ValueError("timeout exceeds %d" % _WDT_MAX_MS)
        simboard.board().emit(simwire.WDT, timeout, 0)

    def feed(self):
        """Another `timeout` to live."""
        simboard.board().emit(simwire.FEED, 0, 0)


def freq():
    """The RP2040's clock under MicroPython 1.26."""
    return simboard.CLOCK_HZ


def reset_cause():
    """The chip tells power from everything else: machine.reset() goes through the watchdog, too."""
    power_on = simboard.board().words[simwire.W_RESET_CAUSE] == simwire.CAUSE_POWER_ON
    return PWRON_RESET if power_on else WDT_RESET


def disable_irq():
    """Hold back the timers; what enable_irq() wants to know."""
    return simboard.board().interrupts.disable()


def enable_irq(state):
    """As before the disable_irq() that gave this state."""
    simboard.board().interrupts.enable(state)


def unique_id():
    """8 bytes."""
    words = simboard.board().words
    return (words[simwire.W_ID_LOW] & 0xFFFFFFFF).to_bytes(4, "little") + (
        words[simwire.W_ID_HIGH] & 0xFFFFFFFF
    ).to_bytes(4, "little")


def reset():
    """Never returns."""
    simboard.board().reset()


def idle():
    """Wait for an interrupt: here, nothing."""
