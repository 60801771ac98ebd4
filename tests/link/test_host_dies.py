"""A host that is killed, stopped, cut off or hung loses its leases: the first relay is low within ttl + 20 ms.

Measured from the instant of the fault to the edge in the simulator's trace, in every single run.
"""

import random
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from rig import TTL_S, Rig, running_rig

WORKERS = 4
LIMIT_S = TTL_S + 0.020


def kill(rig: Rig) -> int:
    return rig.kill_host(signal.SIGKILL)


def after_kill(rig: Rig) -> None:
    rig.start_host()


def stop(rig: Rig) -> int:
    return rig.kill_host(signal.SIGSTOP)


def after_stop(rig: Rig) -> None:
    rig.kill_host(signal.SIGCONT)


def cut(rig: Rig) -> int:
    return rig.fault("serial-cut")


def after_cut(rig: Rig) -> None:
    rig.ask(cmd="fault", name="clear", value=None)


def hang(rig: Rig) -> int:
    return rig.kill_host(signal.SIGUSR1)


def after_hang(rig: Rig) -> None:
    rig.kill_host(signal.SIGUSR2)


WAYS: dict[str, tuple[Callable[[Rig], int], Callable[[Rig], None]]] = {
    "kill -9": (kill, after_kill),
    "SIGSTOP": (stop, after_stop),
    "cable cut": (cut, after_cut),
    "hung control loop": (hang, after_hang),
}


def rounds(rig: Rig, way: str, count: int, seed: int) -> list[float]:
    """Seconds of the chip's from the fault to the first relay edge to low, of `count` faults at random instants.

    The store then shows that it was the lease that ended each time, and nothing else that broke.
    """
    harm, mend = WAYS[way]
    chance = random.Random(seed)
    delays = []
    for _ in range(count):
        rig.wait_running()
        time.sleep(chance.uniform(0, 0.6))  # anywhere in the period of the renewals
        at_ns = harm(rig)
        edge = rig.first_fall(at_ns)
        delays.append(rig.passed_s(at_ns, edge.time_ns))
        rig.wait_open(circuit=1)  # a host that comes back earlier may still renew the lease that ends a moment later
        mend(rig)
    rig.wait_running()
    rig.restart_host()
    rig.wait_running()
    rig.wait(lambda: rig.status()["pico"]["events_waiting"] == 0, "every event to be acknowledged", 30)
    assert len(rig.stored_events("lease_over", circuit=1)) == count
    assert rig.stored_events("trip") == []
    return delays


def run(way: str, folder: Path, total: int, workers: int) -> list[float]:
    def one(number: int) -> list[float]:
        place = folder / str(number)
        place.mkdir()
        with running_rig(place, seed=number + 1, hangable=way == "hung control loop") as rig:
            return rounds(rig, way, total // workers, seed=number)

    with ThreadPoolExecutor(workers) as pool:
        return [delay for delays in pool.map(one, range(workers)) for delay in delays]


@pytest.mark.parametrize("way", WAYS)
def test_first_relay_opens_within_the_lease(way: str, tmp_path: Path) -> None:
    delays = run(way, tmp_path, total=2, workers=1)
    assert len(delays) == 2
    assert max(delays) <= LIMIT_S


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("way", WAYS)
def test_first_relay_opens_within_the_lease_in_each_of_100_runs(way: str, tmp_path: Path) -> None:
    delays = run(way, tmp_path, total=100, workers=WORKERS)
    assert len(delays) == 100
    assert max(delays) <= LIMIT_S
