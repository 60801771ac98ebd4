"""The real program in the simulation: what a host says of lights shows in the lamps, in the state and in the trace."""

from pathlib import Path

from sim_kit import running_sim

from tanklink import plans, records
from tanklink.frames import pack
from tanklink.messages import DIGEST


def test_a_plan_lights_a_lamp_and_survives_the_silence_of_its_host(tmp_path: Path) -> None:
    knots = plans.pack_knots([(0, 20_000), (60_000, 20_000)])
    said: list[records.Record] = [
        records.Hello(DIGEST, 5),
        records.ConfigLights(100_000),
        records.ConfigLight(2, 65_535, 1_000_000, 300, 10_000),
        *(records.PlanKnots(1, 2, *part) for part in plans.parts_of(knots)),
        records.PlanStart(1, 2, 2, plans.knots_crc(knots), 0, 0),
    ]
    with running_sim(tmp_path, interpreter=None, script=None) as sim:
        with sim.terminal() as terminal:
            for seq, record in enumerate(said):
                terminal.write(pack(record, seq))
            sim.wait(lambda: abs(sim.state()["lights"]["2"]["level"] - 20_000) <= 1, "light 2 at its plan's level")
        state = sim.state()["lights"]
        sim.wait(lambda: sim.state()["lights"]["2"]["full_s"] > 0.3, "a second of a third of its light")
    assert state["1"]["level"] == state["3"]["level"] == 0
    levels = [level for _, name, level in sim.edges() if name == "light.2"]
    assert levels[0] > 0
    assert abs(levels[-2] - 20_000) <= 1
    assert levels[-1] == 0  # the chip lost its power
    assert {name for _, name, _ in sim.edges() if name.startswith("light")} == {"light.2"}
