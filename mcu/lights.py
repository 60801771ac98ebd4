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
from dimming import (
    BASE,
    BIAS_S,
    CAP,
    DEPTH,
    DRIFT,
    DURATION,
    EFFECT_WORDS,
    FALLBACK,
    FULL_MW,
    HELD,
    ID,
    KIND,
    LAST,
    LIGHTS,
    ORIGIN_S,
    ORIGIN_US,
    OUT,
    SEED,
    SLEW,
    SOURCE,
    START_S,
    START_US,
    TARGET,
    UNTIL_S,
    UNTIL_US,
    WORDS,
    N,
)  # fmt: skip
from micropython import const

from tanklink.crc import CRC_SIZE, check_crc, write_crc
from tanklink.effects import CLOUD, LIGHTNING, cloud, dimmed, lightning, lit
from tanklink.messages import KNOT_BYTES, MAX_EFFECTS, MAX_KNOTS, N_LIGHTS, NAK_REASONS
from tanklink.messages import LIGHTS as STATE
from tanklink.plans import MAX_PLAN_S, last_tick

_N_LIGHTS = const(8)
_N_EFFECTS = const(16)
_TICK_US = const(10_000)
_MOST_TICKS = const(100)  # of one step: after a second's standstill the lights go on as if after one
_PLAN_BYTES = MAX_KNOTS * KNOT_BYTES
_CONFIG_WORDS = 4
_AT = STATE.index

BAD_RANGE, NOT_CONFIGURED = NAK_REASONS.index("range"), NAK_REASONS.index("not_configured")
PLAN_INCOMPLETE, PLAN_CRC = NAK_REASONS.index("plan_incomplete"), NAK_REASONS.index("plan_crc")
PLAN_TIMES, PLAN_OVER = NAK_REASONS.index("plan_times"), NAK_REASONS.index("plan_over")
TOO_FAR, NO_ROOM = NAK_REASONS.index("too_far"), NAK_REASONS.index("no_room")


class Lights:
    """clock: the program's. outputs: a PWM for each light of this board, at most N_LIGHTS; duty_u16(level) is called.

    What takes a message returns None if it was done, else the index of a NAK reason, and has changed nothing.
    """

    def __init__(self, clock, outputs):
        self._clock, self._outputs = clock, outputs
        self._state = array("i", bytes(4 * WORDS * N_LIGHTS))
        self._effects = array("i", bytes(4 * EFFECT_WORDS * MAX_EFFECTS))
        self._knots = bytearray(_PLAN_BYTES * N_LIGHTS)
        self._cursors = bytearray(N_LIGHTS)
        self._gathered = bytearray(_PLAN_BYTES + CRC_SIZE)
        self._gathered_light = self._gathered_id = self._gathered_n = 0
        self._power_cap_mw = self._power_mw = 0
        self._capped = False
        self._s = self._us = 0  # uptime of the last step, its microseconds to the whole tick
        self._flashed = False  # lightning is on: every pass counts, not only every tick
        self.values = STATE.new()  # of LIGHTS; these parts of it are kept up to date as they change
        self._levels, self._sources, self._plans = bytearray(2 * N_LIGHTS), bytearray(N_LIGHTS), bytearray(2 * N_LIGHTS)
        self._left, self._crc = bytearray(4 * N_LIGHTS), bytearray(CRC_SIZE)
        for name, part in (("levels", self._levels), ("sources", self._sources), ("plans", self._plans),
                           ("left_s", self._left), ("lights_crc", self._crc)):  # fmt: skip
            self.values[_AT[name]] = part
        self._sum_up()

    # -- what the host says -----------------------------------------------------------------------------------------

    def configure(self, values):
        """CONFIG_LIGHT: light, cap, slew, fallback, power."""
        light, cap, slew, fallback, full_mw = values
        if not 1 <= light <= len(self._outputs):
            return BAD_RANGE
        most = limits.LIGHT_CAPS_U16[light - 1]
        if cap > most or fallback > most or not 1 <= slew <= limits.MAX_LIGHT_SLEW or full_mw > limits.MAX_LIGHT_MW:
            return BAD_RANGE
        at = WORDS * (light - 1)
        state = self._state
        state[at + CAP], state[at + SLEW], state[at + FALLBACK], state[at + FULL_MW] = cap, slew, fallback, full_mw
        self._sum_up()
        return None

    def configure_all(self, values):
        """CONFIG_LIGHTS: the power cap."""
        if values[0] > limits.MAX_LIGHTS_MW:
            return BAD_RANGE
        self._power_cap_mw = values[0]
        self._sum_up()
        return None

    def gather(self, values):
        """PLAN_KNOTS: a part of a plan. One that was there before takes the same place again."""
        plan_id, light, first, count, knots = values
        if not (1 <= light <= len(self._outputs) and count and first + count <= MAX_KNOTS):
            return BAD_RANGE
        same = light == self._gathered_light and plan_id == self._gathered_id
        if first > (self._gathered_n if same else 0):
            return PLAN_INCOMPLETE
        self._gathered_light, self._gathered_id, self._gathered_n = light, plan_id, first + count
        at = first * KNOT_BYTES
        for i in range(count * KNOT_BYTES):
            self._gathered[at + i] = knots[i]
        return None

    def start(self, values):
        """PLAN_START: the gathered plan, or none, takes the place of the present one."""
        plan_id, light, count, crc, origin_s, origin_ms = values
        if not 1 <= light <= len(self._outputs):
            return BAD_RANGE
        at = WORDS * (light - 1)
        if not self._state[at + CAP]:
            return NOT_CONFIGURED
        last = 0
        if count:
            objection = self._unfit(plan_id, light, count, crc)
            if objection is not None:
                return objection
            last = last_tick(self._gathered, 0, count)
            if origin_s - self._clock.s > MAX_PLAN_S:
                return TOO_FAR
            if origin_s < -MAX_PLAN_S or last // 100 < self._clock.s - origin_s - 1:
                return PLAN_OVER
        self._replace(light - 1, plan_id, count, last, origin_s, 1000 * origin_ms)
        return None

    def _unfit(self, plan_id, light, count, crc):
        """What is wrong with the gathered plan."""
        if (plan_id, light, count) != (self._gathered_id, self._gathered_light, self._gathered_n):
            return PLAN_INCOMPLETE
        size = count * KNOT_BYTES
        kept = bytes(self._gathered[size : size + CRC_SIZE])
        self._gathered[size : size + CRC_SIZE] = crc
        whole = check_crc(self._gathered, 0, size)
        self._gathered[size : size + CRC_SIZE] = kept  # perhaps a knot that comes again
        if not whole:
            return PLAN_CRC
        return PLAN_TIMES if last_tick(self._gathered, 0, count) < 0 else None

    def _replace(self, index, plan_id, count, last, origin_s, origin_us):
        at, base = WORDS * index, _PLAN_BYTES * index
        size = count * KNOT_BYTES
        self._knots[base : base + size] = memoryview(self._gathered)[:size]
        self._cursors[index] = 0
        state = self._state
        state[at + N], state[at + LAST] = count, last
        state[at + ORIGIN_S], state[at + ORIGIN_US] = origin_s + BIAS_S if count else 0, origin_us
        _put(self._plans, 2 * index, plan_id if count else 0, 2)

    def take_effect(self, values):
        """EFFECT: over the plans from an instant on, or away with it."""
        effect_id, kind, lights, start_s, start_ms, duration, depth, drift, seed = values
        if lights >> len(self._outputs):
            return BAD_RANGE
        if start_s - self._clock.s > MAX_PLAN_S:
            return TOO_FAR
        end_ms = duration + (N_LIGHTS - 1) * drift
        if lights and self._clock.s - start_s > end_ms // 1000 + 1:
            return PLAN_OVER
        at = self._place_of(effect_id)
        if at < 0:
            return NO_ROOM if lights else None
        rest = (effect_id, kind, lights, start_s, 1000 * start_ms, duration, depth, drift, seed)
        for i in range(EFFECT_WORDS):
            self._effects[at + i] = rest[i]
        return None

    def _place_of(self, effect_id):
        """Where the effect is, or else may be; −1 if nowhere."""
        free = -1
        for at in range(0, EFFECT_WORDS * MAX_EFFECTS, EFFECT_WORDS):
            if not self._effects[at + LIGHTS]:
                free = at
            elif self._effects[at + ID] == effect_id:
                return at
        return free

    def hold(self, values):
        """LEVELS: of some lights, until an instant. Allocates nothing."""
        lights, levels, s, ms = values
        if not lights or lights >> len(self._outputs):
            return BAD_RANGE
        if s - self._clock.s > limits.MAX_LEVELS_S:
            return TOO_FAR
        state = self._state
        for i in range(_N_LIGHTS):
            if lights >> i & 1 and not state[WORDS * i + CAP]:
                return NOT_CONFIGURED
        for i in range(_N_LIGHTS):
            if lights >> i & 1:
                at = WORDS * i
                state[at + HELD] = levels[2 * i] | levels[2 * i + 1] << 8
                state[at + UNTIL_S], state[at + UNTIL_US] = s, 1000 * ms
        return None

    # -- the pass ---------------------------------------------------------------------------------------------------

    @micropython.native
    def step(self):
        """Play: once a tick, while it lightens in every pass."""
        clock = self._clock
        s, us = clock.s, clock.us
        ticks = (us - self._us) // _TICK_US
        if s != self._s:
            ticks = min(_MOST_TICKS, ticks + _MOST_TICKS * (s - self._s))
        if ticks <= 0 and not self._flashed:
            return
        state = self._state
        weather = dimming.under_way(self._effects, s, us)
        if ticks > 0:
            self._s, self._us = s, us - us % _TICK_US
            dimming.aim(state, self._knots, self._cursors, s, us)
            if weather:
                self._cover(weather, s, us)
            dimming.follow(state, ticks)
        else:
            dimming.follow(state, 0)
        if weather:
            self._flash(weather, s, us)
        else:
            self._flashed = False
        total = dimming.power_mw(state)
        self._capped = total > self._power_cap_mw
        if self._capped:
            dimming.scale_down(state, self._power_cap_mw, total)
            total = dimming.power_mw(state)
        self._power_mw = total
        self._drive()

    @micropython.native
    def _cover(self, weather, s, us):
        """Dim the targets by the clouds of these effects."""
        effects, state = self._effects, self._state
        for n in range(_N_EFFECTS):
            at = EFFECT_WORDS * n
            if not weather >> n & 1 or effects[at + KIND] != CLOUD:
                continue
            ms = _since_ms(effects, at, s, us)
            lights, drift, seed = effects[at + LIGHTS], effects[at + DRIFT], effects[at + SEED]
            duration, depth = effects[at + DURATION], effects[at + DEPTH]
            dense = cloud(seed, ms, duration)
            for i in range(_N_LIGHTS):
                if lights >> i & 1:
                    place = WORDS * i + TARGET
                    state[place] = dimmed(state[place], dense, depth)
                    if drift:
                        ms -= drift
                        dense = cloud(seed, ms, duration)

    @micropython.native
    def _flash(self, weather, s, us):
        """Raise what is given out by the lightning of these effects, up to each light's cap."""
        effects, state = self._effects, self._state
        self._flashed = False
        for n in range(_N_EFFECTS):
            at = EFFECT_WORDS * n
            if not weather >> n & 1 or effects[at + KIND] != LIGHTNING:
                continue
            self._flashed = True
            ms = _since_ms(effects, at, s, us)
            lights, drift, seed = effects[at + LIGHTS], effects[at + DRIFT], effects[at + SEED]
            duration, depth = effects[at + DURATION], effects[at + DEPTH]
            bright = lightning(seed, ms, duration)
            for i in range(_N_LIGHTS):
                if lights >> i & 1:
                    place = WORDS * i
                    state[place + OUT] = min(lit(state[place + OUT], bright, depth), state[place + CAP])
                    if drift:
                        ms -= drift
                        bright = lightning(seed, ms, duration)

    @micropython.native
    def _drive(self):
        """Set the outputs that have changed."""
        state, levels, sources = self._state, self._levels, self._sources
        for i in range(len(self._outputs)):
            at = WORDS * i
            level = state[at + OUT]
            low, high = level & 255, level >> 8
            sources[i] = state[at + SOURCE]
            if levels[2 * i] != low or levels[2 * i + 1] != high:
                levels[2 * i], levels[2 * i + 1] = low, high
                self._outputs[i].duty_u16(level)

    # -- what the Pico says -----------------------------------------------------------------------------------------

    @micropython.native
    def fill(self):
        """Bring LIGHTS' values up to date. Allocates nothing."""
        values, state, clock = self.values, self._state, self._clock
        values[0], values[1] = clock.s, clock.ms_part()
        knots = held = 0
        for i in range(_N_LIGHTS):
            at = WORDS * i
            n = state[at + N]
            knots += n
            _put(self._left, 4 * i, self._left_s(at) if n else 0, 4)
        for n in range(_N_EFFECTS):
            if self._effects[EFFECT_WORDS * n + LIGHTS]:
                held += 1
        values[_KNOTS], values[_EFFECTS] = knots, held
        values[_POWER], values[_CAPPED] = self._power_mw, self._capped

    def _left_s(self, at):
        state = self._state
        end_s = state[at + ORIGIN_S] - BIAS_S + state[at + LAST] // 100
        return max(0, end_s - self._clock.s)

    def level(self, index):
        """At the pin of a light, from 0."""
        return self._levels[2 * index] | self._levels[2 * index + 1] << 8

    def _sum_up(self):
        """The CRC of what was configured."""
        image = bytearray(4 * (_CONFIG_WORDS * N_LIGHTS + 1) + CRC_SIZE)
        for i in range(_CONFIG_WORDS * N_LIGHTS):
            _put(image, 4 * i, self._state[WORDS * (i // _CONFIG_WORDS) + i % _CONFIG_WORDS], 4)
        size = len(image) - CRC_SIZE
        _put(image, size - 4, self._power_cap_mw, 4)
        write_crc(image, 0, size)
        self._crc[:] = image[size:]


_KNOTS, _EFFECTS, _POWER, _CAPPED = _AT["knots"], _AT["effects"], _AT["power_mw"], _AT["power_capped"]


@micropython.native
def _since_ms(effects, at, s, us):
    """Since an effect began at its first light."""
    return (s - effects[at + START_S]) * 1000 + (us - effects[at + START_US]) // 1000


@micropython.native
def _put(buf, at, word, n):
    for _ in range(n):
        buf[at] = word & 255
        word >>= 8
        at += 1


assert (CAP, SLEW, FALLBACK, FULL_MW, BASE) == (0, 1, 2, 3, 12)
assert (_N_LIGHTS, _N_EFFECTS) == (N_LIGHTS, MAX_EFFECTS)
