"""The driver on a real terminal: locked, opened for ever, and told what is wrong with a port."""

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest
import serial
from pico_pty import PicoPty
from talk import CIRCUIT, board, told_of

from tanklink import records
from tankwarden.clock import SystemClock
from tankwarden.drivers.pico.driver import PicoDriver
from tankwarden.drivers.pico.ports import (
    NotASerialPortError,
    PortBusyError,
    PortDeniedError,
    PortError,
    PortMissingError,
    open_port,
    resolve,
)  # fmt: skip
from tankwarden.drivers.pico.wire import MAX_BACKLOG, Wire


def driver_of(port: Path) -> PicoDriver:
    return PicoDriver(
        str(port), board(CIRCUIT), SystemClock(), version="0.1.0", random_uint=lambda: random.getrandbits(30)
    )


async def until(condition: Callable[[], object], within_s: float = 30.0) -> None:
    """Real ports take real time."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "not in time"
        await asyncio.sleep(0.01)


def drive(driver: PicoDriver, scene: Callable[[], Awaitable[None]]) -> None:
    """Run the driver while the scene plays."""

    async def main() -> None:
        task = asyncio.create_task(driver.run(lambda: driver.permit_arming(1.0)))
        try:
            await scene()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


# -- conversation ----------------------------------------------------------------------------------------------------


def test_it_arms_leases_and_asks_over_a_real_terminal(tmp_path: Path) -> None:
    with PicoPty(tmp_path / "tty") as pty:
        driver = driver_of(pty.link)

        async def scene() -> None:
            await until(lambda: driver.view().board_state == "armed")
            assert driver.lease(1, 2000)
            await until(lambda: pty.pico.leased(1, time.monotonic()))
            reply = await driver.command(records.ResetTrip(trip_id=5))
            assert isinstance(reply, records.Nak)
            assert driver.identity() == (b"FAKEPICO".hex(), 1)

        drive(driver, scene)


def test_while_it_is_not_connected_it_says_what_it_waits_for(tmp_path: Path) -> None:
    with PicoPty(tmp_path / "tty") as pty:
        driver = driver_of(pty.link)
        pty.pico.mute |= {records.Hello}
        assert driver.view().message == "the Pico's port is being opened"

        async def scene() -> None:
            await until(lambda: driver.view().message == "the Pico was asked to talk and has not answered yet")
            pty.pico.mute ^= {records.Hello, records.Status}
            await until(lambda: driver.view().message == "the Pico sends no readings at the moment")
            pty.pico.mute.clear()
            await until(lambda: driver.view().connected)
            assert driver.view().message is None

        drive(driver, scene)


def test_a_cable_that_is_pulled_and_plugged_in_again_under_another_name_is_found(tmp_path: Path) -> None:
    with PicoPty(tmp_path / "tty") as pty:
        driver = driver_of(pty.link)

        async def scene() -> None:
            await until(lambda: driver.view().board_state == "armed")
            pty.unplug()
            await until(lambda: not driver.view().connected)
            await until(lambda: "is not there" in (driver.view().message or ""))
            pty.plug()
            await until(lambda: driver.view().connected and driver.view().board_state == "armed")
            assert driver.view().openings == 2
            assert driver.view().message is None

        drive(driver, scene)
        sessions = {record.session for record in told_of(pty.pico, records.Hello)}
        assert len(sessions) == 2, "a new opening is a new session"


def test_a_port_that_cannot_be_opened_is_tried_again_with_growing_pauses_and_a_message(tmp_path: Path) -> None:
    driver = driver_of(tmp_path / "tty")
    beats: list[float] = []

    async def main() -> None:
        task = asyncio.create_task(driver.run(lambda: beats.append(time.monotonic())))
        await until(lambda: len(beats) >= 4)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    pauses = [later - earlier for earlier, later in pairwise(beats)]
    assert pauses[2] > pauses[1] > pauses[0] >= 0.1
    assert "is not there: plug the Pico in" in (driver.view().message or "")
    assert not driver.view().connected


def test_cancelled_it_gives_the_port_back(tmp_path: Path) -> None:
    with PicoPty(tmp_path / "tty") as pty:
        driver = driver_of(pty.link)

        async def scene() -> None:
            await until(lambda: driver.view().openings == 1)

        drive(driver, scene)
        open_port(str(pty.link)).close()


def test_a_terminal_that_takes_nothing_is_given_up(tmp_path: Path) -> None:
    """A Pico that hangs with its USB alive: nothing may wait for it, and nothing may grow without end."""
    near, far = os.openpty()
    link = tmp_path / "tty"
    link.symlink_to(os.ttyname(far))
    driver = driver_of(link)

    async def scene() -> None:
        await until(lambda: driver.view().openings >= 2)
        assert "does not answer: cable or power?" in (driver.view().message or "")

    drive(driver, scene)
    os.close(far)
    os.close(near)


@dataclass
class TricklePort:
    """One end of a pipe as a port that fills up."""

    fd: int

    def fileno(self) -> int:
        return self.fd

    def close(self) -> None:
        os.close(self.fd)


def test_what_the_port_does_not_take_waits_in_order_and_then_it_is_lost() -> None:
    out, into = os.pipe()
    os.set_blocking(into, False)
    os.set_blocking(out, False)
    lost: list[str] = []

    async def main() -> None:
        wire = Wire(TricklePort(into), lambda _data: None, lost.append)  # type: ignore[arg-type]  # all that it needs
        sent = b"".join(bytes([n % 251]) * 97 for n in range(800))
        for start in range(0, 70_000, 1000):
            wire.write(sent[start : start + 1000])
        got = b""
        while len(got) < 70_000:
            got += os.read(out, 4096)
            await asyncio.sleep(0)
        assert got == sent[:70_000]
        for _ in range(100):
            wire.write(bytes(1000))
        assert lost == ["the port takes no more bytes"]
        assert len(wire._backlog) <= MAX_BACKLOG + 1000
        wire.write(b"after the end")

    asyncio.run(main())
    os.close(out)


# -- ports -----------------------------------------------------------------------------------------------------------


def test_a_second_host_is_refused(tmp_path: Path) -> None:
    with PicoPty(tmp_path / "tty") as pty:
        first = open_port(str(pty.link))
        with pytest.raises(PortBusyError, match=rf"is in use: stop .*\(process {os.getpid()}\) first"):
            open_port(str(pty.link))
        first.close()
        open_port(str(pty.link)).close()


def test_each_thing_wrong_with_a_port_has_its_own_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no port")
    for path, error in (("file", NotASerialPortError), ("none", PortMissingError), (".", NotASerialPortError)):
        with pytest.raises(error, match=str(tmp_path)):
            open_port(str(tmp_path / path))


@pytest.mark.parametrize(
    ("error", "kind"),
    [(PermissionError(13, "denied"), PortDeniedError), (OSError(19, "gone"), PortMissingError),
     (OSError(16, "busy"), PortBusyError), (OSError(22, "odd"), NotASerialPortError)],
)  # fmt: skip
def test_the_kernels_errors_are_told_apart(
    error: OSError, kind: type[PortError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(serial, "Serial", fail)
    with pytest.raises(kind, match="/dev/ttyACM0"):
        open_port("/dev/ttyACM0")


@dataclass
class Comport:
    device: str
    vid: int | None
    pid: int | None


def test_auto_finds_the_one_pico_by_its_lasting_name(tmp_path: Path) -> None:
    device, by_id = tmp_path / "ttyACM3", tmp_path / "by-id"
    device.touch()
    by_id.mkdir()
    (by_id / "usb-MicroPython_Board_in_FS_mode_e661-if00").symlink_to(device)
    found = [
        Comport("/dev/ttyS0", None, None),
        Comport("/dev/ttyUSB0", 0x0403, 0x6001),
        Comport(str(device), 0x2E8A, 5),
    ]
    assert resolve("auto", comports=lambda: found, by_id=by_id) == str(next(by_id.iterdir()))
    assert resolve("auto", comports=lambda: found, by_id=tmp_path / "none") == str(device)
    assert resolve("/dev/ttyACM7", comports=list) == "/dev/ttyACM7"


def test_auto_says_what_to_do_when_there_is_no_pico_or_more_than_one() -> None:
    with pytest.raises(PortMissingError, match="no Raspberry Pi Pico is plugged in"):
        resolve("auto", comports=lambda: [Comport("/dev/ttyS0", None, None)])
    two = [Comport("/dev/ttyACM0", 0x2E8A, 5), Comport("/dev/ttyACM1", 0x2E8A, 10)]
    with pytest.raises(PortMissingError, match=r"2 Picos.*\[pico\] port"):
        resolve("auto", comports=lambda: two)
