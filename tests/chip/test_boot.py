"""From reset to ARMED, by the host's own session code: no relay pin moves before a lease, and the program fits."""

from pathlib import Path

from tanklink import messages, records

from .lab.client import MS, S
from .lab.images import Image
from .lab.repl import Repl
from .lab.stand import Stand
from .measures import boot_to_welcome_ms, relay_edges

SLOWEST_WELCOME_MS = 3000
LEAST_HEAP_BYTES = 60 * 1024


def test_the_program_boots_is_configured_and_arms(uf2: Path) -> None:
    with Stand(Image(uf2)) as stand:
        stand.arm()
        assert relay_edges(stand.chip) == []
        told = [type(event).__name__ for event in stand.host.events]
        assert told[0] == "Boot"
        assert set(told) <= {"Boot", "Notice"}, "nothing trips; that a pass of the start was slow may be told"
        stand.heat(1)
        assert stand.chip.relays() == (1, 1, 0, 0)


def test_no_reset_moves_a_relay_pin_up_and_each_comes_back_disarmed(stand: Stand) -> None:
    for reset in (stand.chip.reset, stand.chip.power_cycle):
        stand.recover(1, 2)
        at = stand.chip.ns
        reset()
        stand.host.die()
        assert boot_to_welcome_ms(stand.chip) <= SLOWEST_WELCOME_MS
        stand.chip.run(100 * MS)
        assert [level for _, _, level in relay_edges(stand.chip, at)] == [0, 0, 0, 0]
        assert all(ns == at for ns, _, _ in relay_edges(stand.chip, at))


def test_memory_is_left(heating: Stand) -> None:
    heating.host.live(2100 * MS)  # until a HEALTH that is younger than the collection of arming
    health = heating.host.driver.view().health
    assert health is not None
    assert health.heap_free_bytes >= LEAST_HEAP_BYTES


def test_maintenance_leaves_the_repl_free_until_the_power_is_cut(heating: Stand) -> None:
    """On the chip's own watchdog: its scratch registers, and what machine.reset_cause() makes of machine.reset()."""
    assert isinstance(heating.host.command(records.Maintenance()), records.Ack)
    heating.host.die()
    heating.chip.run(S)
    heating.chip.open_port(True)
    repl = Repl(heating.chip)
    repl.enter()
    asked = "import machine, maintenance; print(maintenance.active, machine.reset_cause() == machine.WDT_RESET)"
    assert repl.run(asked).split() == ["True", "True"]
    assert heating.chip.relays() == (0, 0, 0, 0)
    heating.chip.power_cycle()
    heating.host.connect()
    heating.host.live_until(heating.host.armed, "armed board", 6 * S)


def test_a_program_that_runs_again_after_another_failed_says_so_once(uf2: Path) -> None:
    """As the loader left it on the chip's littlefs (docs/flashing.md)."""
    with Stand(Image(uf2, extra={"slot": b"a back"})) as stand:
        for told in (["rolled_back"], []):
            stand.host.events.clear()
            stand.arm()
            notices = [event.notice for event in stand.host.events if isinstance(event, records.Notice)]
            known = messages.NOTICES.index("slow_pass")  # of a start
            assert [messages.NOTICES[notice] for notice in notices if notice != known] == told
            stand.host.die()
            stand.chip.power_cycle()
