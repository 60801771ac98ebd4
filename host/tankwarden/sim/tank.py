"""A hot-water tank: heat in, losses and draw-off out, with the sums of each."""

from tankwarden.sim.defaults import TankSpec

WH_PER_GAL_DEGF = 8.345 * 0.293071  # 8.345 lb of water a US gallon, 1 BTU/(lb·°F) = 0.293071 Wh/°F


class Tank:
    """One well stirred body of water. `heat_wh − loss_wh − draw_wh` is what it has gained since the start.

    dry: set by faults.py. Without water the element heats but itself, and what the sensor touches stays as it is.
    """

    def __init__(self, spec: TankSpec, start_degf: float | None = None) -> None:
        self.spec = spec
        self.degf = spec.start_degf if start_degf is None else start_degf
        self.wh_per_degf = spec.volume_gal * WH_PER_GAL_DEGF
        self.heat_wh = self.loss_wh = self.draw_wh = 0.0
        self.dry = False

    def step(self, seconds: float, heater_w: float, local_hour: float) -> None:
        """Let at most a few seconds pass (Euler's method)."""
        if self.dry:
            return
        spec = self.spec
        heat = heater_w * seconds / 3600
        loss = spec.loss_w_per_degf * (self.degf - spec.ambient_degf) * seconds / 3600
        drawn_gal = self._flow_gal_per_min(local_hour) * seconds / 60
        draw = drawn_gal * WH_PER_GAL_DEGF * (self.degf - spec.inlet_degf)
        self.heat_wh += heat
        self.loss_wh += loss
        self.draw_wh += draw
        self.degf += (heat - loss - draw) / self.wh_per_degf

    def _flow_gal_per_min(self, local_hour: float) -> float:
        return sum(d.gal_per_min for d in self.spec.draws if 0 <= local_hour - d.hour < d.minutes / 60)
