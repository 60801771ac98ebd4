"""The chip's pulse-width slices and `machine.PWM` on them: registers and rounding as MicroPython 1.26 has them.

Eight slices of two channels, A and B; a slice has one counter, so its two channels share divider, top and whether they
run (RP2040 datasheet 4.5; MicroPython 1.26, ports/rp2/machine_pwm.c). GPn belongs to slice (n >> 1) & 7, channel n & 1:
GP0 and GP16 are the same channel. Steady state allocates nothing under MicroPython.
"""

from array import array

import simboard
import simwire

N_SLICES = 8
DIV_ONE = 16  # 8.4 bits
TOP_RESET = 0xFFFF
TOP_MOST = 65534  # so that a duty of 65535 is 100 %
CSR, DIV, CC, TOP = 0x00, 0x04, 0x0C, 0x10  # of a slice
STRIDE = 0x14
NOT_SET, DUTY_U16, DUTY_NS = 0, 1, 2
_UNSET = -1


class ChipPwm:
    """The registers. Every change of them goes to the world."""

    def __init__(self, board):
        self._board = board
        self.div16 = array("i", [DIV_ONE] * N_SLICES)
        self.top = array("i", [TOP_RESET] * N_SLICES)
        self.cc = array("i", [0] * (2 * N_SLICES))
        self.invert = bytearray(2 * N_SLICES)
        self.running = bytearray(N_SLICES)
        self.has_freq = bytearray(N_SLICES)  # what the port keeps beside the registers
        self.outputs = [PWM._of(i) for i in range(2 * N_SLICES)]

    def read(self, offset):
        """A register as mem32 gives it; -1 for one that is not modelled."""
        index, register = offset // STRIDE, offset % STRIDE
        if index >= N_SLICES:
            return -1
        if register == CSR:
            return self.running[index] | self.invert[2 * index] << 2 | self.invert[2 * index + 1] << 3
        if register == DIV:
            return self.div16[index]
        if register == CC:
            return self.cc[2 * index] | self.cc[2 * index + 1] << 16
        return self.top[index] if register == TOP else -1

    def set_slice(self, index, div16, top):
        """Divider and top."""
        self.has_freq[index] = 1
        if self.div16[index] != div16 or self.top[index] != top:
            self.div16[index], self.top[index] = div16, top
            self._board.emit(simwire.PWM_SLICE, index, div16 << 16 | top)

    def set_level(self, channel, cc):
        """Counts of a channel's pulse."""
        if self.cc[channel] != cc:
            self.cc[channel] = cc
            self.tell(channel)

    def set_running(self, index, running):
        """Start or stop a slice: both its channels. One that stops holds its pins as they are at that instant."""
        if self.running[index] != running:
            self.running[index] = running
            self.tell(2 * index)
            self.tell(2 * index + 1)

    def tell(self, channel):
        """Say to the world what a channel gives out."""
        running = self.running[channel >> 1]
        self._board.emit(simwire.PWM_LEVEL, channel, self.cc[channel] | running << 17 | self.invert[channel] << 18)


class PWM:
    """machine.PWM(pin, freq, *, duty_u16, duty_ns, invert): one of 16 objects, which outlive a new PWM of their pin."""

    def __new__(cls, pin, *args, **kwargs):
        return simboard.board().pwm.outputs[channel_of(_gpio_of(pin))]

    @classmethod
    def _of(cls, channel):
        made = object.__new__(cls)
        made._channel, made._slice = channel, channel >> 1
        made._duty, made._duty_type, made._held = 0, NOT_SET, False
        return made

    def __init__(self, pin, freq=_UNSET, *, duty_u16=_UNSET, duty_ns=_UNSET, invert=_UNSET):
        simboard.board().pwm.invert[self._channel] = 0
        self._duty_type = NOT_SET
        self._configure(freq, duty_u16, duty_ns, invert)
        simboard.board().set_function(_gpio_of(pin), simwire.FUNCTION_PWM)

    def init(self, freq=_UNSET, *, duty_u16=_UNSET, duty_ns=_UNSET, invert=_UNSET):
        """Set what is given, and start the slice if it then has a frequency and a duty."""
        self._configure(freq, duty_u16, duty_ns, invert)

    def _configure(self, freq, duty_u16, duty_ns, invert):
        pwm = simboard.board().pwm
        self._held = True
        if _int(freq) != _UNSET:
            self._set_freq(pwm, freq)
        if _int(duty_u16) != _UNSET:
            self._set_duty(pwm, DUTY_U16, duty_u16)
        if _int(duty_ns) != _UNSET:
            self._set_duty(pwm, DUTY_NS, duty_ns)
        if _int(invert) != _UNSET:
            pwm.invert[self._channel] = 1 if invert else 0
            pwm.tell(self._channel)
        self._held = False
        self._start(pwm)

    def deinit(self):
        """Stop the slice, and so its other channel, too. A pin that is high may stay so."""
        simboard.board().pwm.set_running(self._slice, 0)

    def freq(self, value=None):
        """Frequency in Hz, of both channels of the slice; 0 before it was set."""
        pwm = simboard.board().pwm
        if value is not None:
            return self._set_freq(pwm, _int(value))
        index = self._slice
        return _rounded(pwm.div16[index] * (pwm.top[index] + 1)) if pwm.has_freq[index] else 0

    def duty_u16(self, value=None):
        """Duty of 65535."""
        pwm = simboard.board().pwm
        if value is not None:
            return self._set_duty(pwm, DUTY_U16, _int(value))
        whole = pwm.top[self._slice] + 1
        return (pwm.cc[self._channel] * 65535 + whole // 2) // whole if self._is_set(pwm) else 0

    def duty_ns(self, value=None):
        """Length of the pulse in ns."""
        pwm = simboard.board().pwm
        if value is not None:
            return self._set_duty(pwm, DUTY_NS, _int(value))
        hz = _rounded(pwm.div16[self._slice])
        return (pwm.cc[self._channel] * 1_000_000_000 + hz // 2) // hz if self._is_set(pwm) else 0

    def __repr__(self):
        invert = simboard.board().pwm.invert[self._channel]
        return "<PWM slice=%d channel=%d invert=%d>" % (self._slice, self._channel & 1, invert)

    def _is_set(self, pwm):
        return self._duty_type != NOT_SET and pwm.has_freq[self._slice]

    def _set_freq(self, pwm, freq):
        if freq < 1:
            raise NotImplementedError("the chip divides by a frequency of %d" % freq)
        hz = simboard.CLOCK_HZ
        whole = (hz + freq // 2) // freq
        if whole < TOP_MOST:
            div16 = DIV_ONE
        else:
            div16 = (16 * hz + TOP_MOST * freq - 1) // (TOP_MOST * freq)
            whole = _rounded(div16 * freq)
        if div16 >= 256 * 16:
            raise ValueError("freq too small")
        if whole < 1:
            raise NotImplementedError("%d Hz: the chip's top would wrap" % freq)
        pwm.set_slice(self._slice, div16, whole - 1)
        self._again(pwm)
        pwm.outputs[self._channel ^ 1]._again(pwm)

    def _again(self, pwm):
        """A new frequency keeps the duty, as far as counts go."""
        if self._duty_type != NOT_SET:
            self._set_duty(pwm, self._duty_type, self._duty)

    def _set_duty(self, pwm, kind, duty):
        if duty < 0:
            raise NotImplementedError("on the chip a duty of %d wraps" % duty)
        whole = pwm.top[self._slice] + 1
        if kind == DUTY_U16:
            duty = min(duty, 65535)
            cc = (duty * whole + 65535 // 2) // 65535
        else:
            cc = min((duty * _rounded(pwm.div16[self._slice]) + 500_000_000) // 1_000_000_000, whole)
        pwm.set_level(self._channel, cc & 0xFFFF)
        self._duty, self._duty_type = duty, kind
        self._start(pwm)

    def _start(self, pwm):
        if not self._held and self._is_set(pwm):
            pwm.set_running(self._slice, 1)


def channel_of(gpio):
    """0 to 15: slice × 2, and 1 for channel B."""
    return (gpio >> 1 & 7) * 2 + (gpio & 1)


def _rounded(div16):
    """16 × the clock / div16, rounded, in Hz."""
    return (16 * simboard.CLOCK_HZ + div16 // 2) // div16


def _gpio_of(pin):
    import machine

    return machine.gpio_of(pin)


def _int(value):
    if not isinstance(value, int) and not isinstance(value, bool):  # MicroPython's bool is no int
        raise TypeError("can't convert %s to int" % type(value).__name__)
    return int(value)  # True, too, is one
