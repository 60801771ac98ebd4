"""The I-V curve of a PV array and the point of it at which a heating element makes it work."""

import math

from tankwarden.sim.defaults import PvArray


class PvSource:
    """An array as the single-diode model without resistances: I = I_L − I_0·(exp(V/a) − 1).

    De Soto, Klein and Beckman, Solar Energy 80 (2006) 78, with R_s = 0 and R_sh = ∞; a and I_0 are fitted to open
    circuit and maximum power point (Rauschenbach, Solar Cell Array Design Handbook, 1980). I_L is proportional to
    irradiance; the cells' temperature is taken as constant.
    """

    def __init__(self, array: PvArray) -> None:
        a_over_voc = (array.vmp_v / array.voc_v - 1) / math.log(1 - array.imp_a / array.isc_a)
        self._a_v = a_over_voc * array.voc_v
        self._i0_a = array.isc_a * (1 - array.imp_a / array.isc_a) * math.exp(-array.vmp_v / self._a_v)
        self._isc_a = array.isc_a

    def photocurrent_a(self, irradiance_w_m2: float) -> float:
        """I_L at an irradiance."""
        return self._isc_a * irradiance_w_m2 / 1000

    def current_a(self, voltage_v: float, photocurrent_a: float) -> float:
        """The curve itself; negative beyond open circuit."""
        return photocurrent_a - self._i0_a * math.expm1(voltage_v / self._a_v)

    def open_circuit_v(self, photocurrent_a: float) -> float:
        """The voltage at which no current flows."""
        return self._a_v * math.log1p(photocurrent_a / self._i0_a)

    def operating_point(self, photocurrent_a: float, load_ohm: float) -> tuple[float, float]:
        """(V, I) with a resistor across the array; load_ohm may be math.inf.

        Newton's method: the excess current is concave and falls with V, so that from the right of the root, where it
        starts, every step stays there and nears it.
        """
        open_v = self.open_circuit_v(photocurrent_a)
        if math.isinf(load_ohm) or photocurrent_a <= 0:
            return open_v, 0.0
        voltage = min(open_v, photocurrent_a * load_ohm)
        for _ in range(50):
            exponential = self._i0_a * math.exp(voltage / self._a_v)
            excess = photocurrent_a + self._i0_a - exponential - voltage / load_ohm
            step = excess / (exponential / self._a_v + 1 / load_ohm)
            voltage += step
            if abs(step) < 1e-6:
                break
        return voltage, voltage / load_ohm
