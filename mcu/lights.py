"""The lights: what the host wants of them, kept here and played whether it lives or not, whatever the circuits do.

A light follows LEVELS while they last, else its plan until its last knot, else its fallback. Clouds dim that, the slew
limit smooths it, lightning flashes through it; the light's cap and the power of all lights together have the last word.
A plan is gathered beside the one that plays and takes its place at once: where the two agree nothing moves, where they
do not the slew limit sees to it. A light that was not configured stays dark. Nothing in step() allocates.
"""

from array import array

import dimming
import limits
import micropython
from micropython import const

from tanklink.crc import CRC_SIZE, check_crc, write_crc
from tanklink.effects import CLOUD, LIGHTNING, play
from tanklink.messages import KNOT_BYTES, LIGHTS, MAX_EFFECTS, MAX_KNOTS, N_LIGHTS, NAK_REASONS
from tanklink.plans import MAX_PLAN_S, last_tick

# Words of a light: see dimming.py, which has the same (a test compares them).
_WORDS = const(13)
_CAP = const(0)
_N = const(4)
_ORIGIN_S = const(5)
_ORIGIN_MS = const(6)
_LAST = const(7)
_HELD = const(8)
_UNTIL_S = const(9)
_UNTIL_MS = const(10)
_BIAS_S = const(172_800)
# Fields of EFFECT, and the words of one that is held.
_FIELDS = const(9)
_LIGHTS = const(2)

_N_LIGHTS = const(8)
_CONFIG_WORDS = const(4)
_TICK_US = const(10_000)
_MOST_TICKS = const(100)  # of one step: after a second's standstill the lights go on as if after one
_PLAN_BYTES = const(384)
assert (_N_LIGHTS, _PLAN_BYTES) == (N_LIGHTS, MAX_KNOTS * KNOT_BYTES)

_RANGE = NAK_REASONS.index("range")
_NOT_CONFIGURED = NAK_REASONS.index("not_configured")
_PLAN_INCOMPLETE = NAK_REASONS.index("plan_incomplete")
_PLAN_CRC = NAK_REASONS.index("plan_crc")
_PLAN_TIMES = NAK_REASONS.index("plan_times")
_PLAN_OVER = NAK_REASONS.index("plan_over")
_TOO_FAR = NAK_REASONS.index("too_far")
_NO_ROOM = NAK_REASONS.index("no_room")

# Places in LIGHTS.
_LEVELS = LIGHTS.index["levels"]
_SOURCES = LIGHTS.index["sources"]
_PLANS = LIGHTS.index["plans"]
_LEFT_S = LIGHTS.index["left_s"]
_CRC = LIGHTS.index["lights_crc"]
_KNOTS = LIGHTS.index["knots"]
_EFFECTS = LIGHTS.index["effects"]
_POWER_MW = LIGHTS.index["power_mw"]
_POWER_CAPPED = LIGHTS.index["power_capped"]


class Lights:
    """clock: the program's. outputs: a PWM for each light of this board, at most N_LIGHTS; duty_u16(level) is called.

    What takes a message returns None if it was done, else the index of a NAK reason, and has changed nothing.
    """

    def __init__(self, clock, outputs):
        self._clock, self._outputs = clock, outputs
        self._state = array("i", bytes(4 * _WORDS * N_LIGHTS))
        self._effects = array("i", bytes(4 * _FIELDS * MAX_EFFECTS))
        self._targets, self._levels = array("i", bytes(4 * N_LIGHTS)), array("i", bytes(4 * N_LIGHTS))
        self._knots, self._cursors = bytearray(_PLAN_BYTES * N_LIGHTS), bytearray(N_LIGHTS)
        self._next, self._next_is, self._next_n = bytearray(_PLAN_BYTES + CRC_SIZE), (0, 0), 0  # (plan_id, light)
        self._power_cap_mw = self._power_mw = 0
        self._s = self._us = 0  # uptime of the last step, its microseconds to the whole tick
        self._lightens = False  # every pass counts, not only every tick
        # Of LIGHTS; its parts of several bytes are kept up to date as they change.
        self._shown, self._sources = bytearray(2 * N_LIGHTS), bytearray(N_LIGHTS)
        self._plans, self._left, self._crc = bytearray(2 * N_LIGHTS), bytearray(4 * N_LIGHTS), bytearray(CRC_SIZE)
        self.values = LIGHTS.new()
        self.values[_LEVELS], self.values[_SOURCES], self.values[_PLANS] = self._shown, self._sources, self._plans
        self.values[_LEFT_S], self.values[_CRC] = self._left, self._crc
        self._sum_up()

    # -- what the host says -----------------------------------------------------------------------------------------

    def _is_none(self, light):
        return not 1 <= light <= len(self._outputs)

    def configure(self, values):
        """CONFIG_LIGHT: light, cap, slew, fallback, power."""
        light, cap, slew, fallback, full_mw = values
        if self._is_none(light):
            return _RANGE
        most = limits.LIGHT_CAPS_U16[light - 1]
        if cap > most or fallback > most or not 1 <= slew <= limits.MAX_LIGHT_SLEW or full_mw > limits.MAX_LIGHT_MW:
            return _RANGE
        for i in range(_CONFIG_WORDS):
            self._state[_WORDS * (light - 1) + i] = values[1 + i]
        self._sum_up()
        return None

    def configure_all(self, values):
        """CONFIG_LIGHTS: the power cap."""
        if values[0] > limits.MAX_LIGHTS_MW:
            return _RANGE
        self._power_cap_mw = values[0]
        self._sum_up()
        return None

    def _sum_up(self):
        """The CRC of what was configured."""
        words = [self._state[_WORDS * n + i] for n in range(N_LIGHTS) for i in range(_CONFIG_WORDS)]
        image = bytearray()
        for word in words + [self._power_cap_mw]:
            image.extend(word.to_bytes(4, "little"))
        image.extend(self._crc)
        write_crc(image, 0, len(image) - CRC_SIZE)
        self._crc[:] = image[-CRC_SIZE:]

    def gather(self, values):
        """PLAN_KNOTS: a part of a plan. One that was there before takes the same place again."""
        plan_id, light, first, count, knots = values
        if self._is_none(light) or not count or first + count > MAX_KNOTS:
            return _RANGE
        if first > (self._next_n if self._next_is == (plan_id, light) else 0):
            return _PLAN_INCOMPLETE
        self._next_is, self._next_n = (plan_id, light), first + count
        for i in range(count * KNOT_BYTES):
            self._next[first * KNOT_BYTES + i] = knots[i]
        return None

    def start(self, values):
        """PLAN_START: the gathered plan, or none, takes the place of the present one."""
        plan_id, light, count, crc, origin_s, origin_ms = values
        if self._is_none(light):
            return _RANGE
        index = light - 1
        state, at, size = self._state, _WORDS * index, KNOT_BYTES * count
        if not state[at + _CAP]:
            return _NOT_CONFIGURED
        if count:
            if (plan_id, light) != self._next_is or count != self._next_n:
                return _PLAN_INCOMPLETE
            if not self._is_whole(size, crc):
                return _PLAN_CRC
            last = last_tick(self._next, 0, count)
            objection = self._judge_times(last, origin_s)
            if objection is not None:
                return objection
            state[at + _LAST] = last
            state[at + _ORIGIN_S], state[at + _ORIGIN_MS] = origin_s + _BIAS_S, origin_ms
            self._knots[_PLAN_BYTES * index : _PLAN_BYTES * index + size] = memoryview(self._next)[:size]
        state[at + _N] = count
        self._cursors[index] = 0
        self._plans[2 * index : 2 * light] = (plan_id if count else 0).to_bytes(2, "little")
        return None

    def _is_whole(self, size, crc):
        kept = bytes(self._next[size : size + CRC_SIZE])  # perhaps knots that come again
        self._next[size : size + CRC_SIZE] = crc
        whole = check_crc(self._next, 0, size)
        self._next[size : size + CRC_SIZE] = kept
        return whole

    def _judge_times(self, last, origin_s):
        """What is wrong with a plan's times, if anything is."""
        now_s = self._clock.s
        if last < 0:
            return _PLAN_TIMES
        if origin_s - now_s > MAX_PLAN_S:
            return _TOO_FAR
        return _PLAN_OVER if origin_s < -MAX_PLAN_S or last // 100 < now_s - origin_s - 1 else None

    def take_effect(self, values):
        """EFFECT: over the plans from an instant on, or away with it."""
        effect_id, _, lights, start_s, _, duration, _, drift, _ = values
        if lights >> len(self._outputs):
            return _RANGE
        if start_s - self._clock.s > MAX_PLAN_S:
            return _TOO_FAR
        if lights and self._clock.s - start_s > (duration + (N_LIGHTS - 1) * drift) // 1000 + 1:
            return _PLAN_OVER
        place = -1
        for at in range(0, _FIELDS * MAX_EFFECTS, _FIELDS):
            if not self._effects[at + _LIGHTS]:
                place = at
            elif self._effects[at] == effect_id:
                place = at
                break
        if place < 0:
            return _NO_ROOM if lights else None
        for i in range(_FIELDS):
            self._effects[place + i] = values[i]
        return None

    def hold(self, values):
        """LEVELS: of some lights, until an instant. Allocates nothing."""
        lights, levels, s, ms = values
        if not lights or lights >> len(self._outputs):
            return _RANGE
        if s - self._clock.s > limits.MAX_LEVELS_S:
            return _TOO_FAR
        state = self._state
        for i in range(_N_LIGHTS):
            if lights >> i & 1 and not state[_WORDS * i + _CAP]:
                return _NOT_CONFIGURED
        for i in range(_N_LIGHTS):
            if lights >> i & 1:
                at = _WORDS * i
                state[at + _HELD] = levels[2 * i] | levels[2 * i + 1] << 8
                state[at + _UNTIL_S], state[at + _UNTIL_MS] = s, ms
        return None

    # -- the pass ---------------------------------------------------------------------------------------------------

    @micropython.native
    def step(self):
        """Play: once a tick, while it lightens in every pass."""
        clock = self._clock
        s, us = clock.s, clock.us
        ticks = (us - self._us) // _TICK_US
        if s != self._s:
            ticks = min(_MOST_TICKS, ticks + _MOST_TICKS) if s - self._s == 1 else _MOST_TICKS
        state, targets, levels = self._state, self._targets, self._levels
        if ticks > 0:
            self._s, self._us = s, us - us % _TICK_US
            dimming.aim(state, targets, self._sources, self._knots, self._cursors, s, us // 1000)
            play(targets, self._effects, CLOUD, s, us)
        elif not self._lightens:
            return
        dimming.follow(state, targets, levels, max(0, ticks))
        self._lightens = play(levels, self._effects, LIGHTNING, s, us) != 0
        self._power_mw = dimming.limit(state, levels, self._power_cap_mw)
        changed = dimming.changed(levels, self._shown)
        if changed:
            for i in range(len(self._outputs)):
                if changed >> i & 1:
                    self._outputs[i].duty_u16(levels[i])

    # -- what the Pico says -----------------------------------------------------------------------------------------

    def fill(self):
        """Bring LIGHTS' values up to date. Allocates nothing."""
        values, clock = self.values, self._clock
        values[0], values[1] = clock.s, clock.ms_part()
        held = 0
        for at in range(_LIGHTS, _FIELDS * MAX_EFFECTS, _FIELDS):
            if self._effects[at]:
                held += 1
        values[_KNOTS], values[_EFFECTS] = dimming.left(self._state, self._left, clock.s), held
        values[_POWER_MW] = min(self._power_mw, self._power_cap_mw)
        values[_POWER_CAPPED] = self._power_mw > self._power_cap_mw

    def level(self, index):
        """At the pin of a light, from 0."""
        return self._shown[2 * index] | self._shown[2 * index + 1] << 8
