"""After 24 simulated hours the page's kWh equals the plant's ledger."""

from pathlib import Path

import pytest
from rig import Rig


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_days_kwh_on_the_page_equal_the_plants_ledger(tmp_path: Path) -> None:
    rig = Rig(tmp_path, seed=3, speed=360, local_hour=0.5)
    try:
        rig.start_sim()
        rig.start_host()
        start = rig.ask(cmd="clock")["plant_ms"]
        rig.wait(lambda: rig.ask(cmd="clock")["plant_ms"] - start > 23.6 * 3_600_000, "24 simulated hours", 400)
        rig.wait(lambda: set(rig.levels().values()) == {0}, "night", 60)
        for circuit in rig.status()["circuits"]:
            truth_kwh = rig.ask(cmd="ledger")["circuits"][str(circuit["circuit"])]["wh"] / 1000
            assert truth_kwh > 1, "the tank was never heated"
            assert circuit["kwh_24h"] == pytest.approx(truth_kwh, rel=0.005)
    finally:
        rig.close()
