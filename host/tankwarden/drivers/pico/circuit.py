"""A circuit of the Pico's as a switch: held closed by leases, opened by a lease that ends at once."""

from tanklink import messages
from tankwarden.drivers.pico.driver import PicoDriver

_OPEN = messages.CIRCUIT_STATES.index("open")
SEEN_MS = 100  # a lease that reached the Pico shows in every STATUS from so long after it was sent, by the Pico's clock


class PicoCircuit:
    """Circuit `number` of the Pico; ttl_ms: length of a lease."""

    def __init__(self, pico: PicoDriver, number: int, ttl_ms: int) -> None:
        self._pico, self._number, self._ttl_ms = pico, number, ttl_ms
        self._held: tuple[tuple[str, int] | None, int] | None = None  # which boot was sent a lease last, and its uptime

    def ready(self) -> str | None:
        view = self._pico.view()
        if not view.connected:
            return "the Pico is not connected"
        return None if view.board_state == "armed" else f"the Pico is {view.board_state}, not armed"

    def hold(self) -> None:
        uptime_ms = self._pico.uptime_ms()
        if self._pico.lease(self._number, self._ttl_ms) and uptime_ms is not None:
            self._held = self._pico.identity(), uptime_ms

    def release(self) -> None:
        """Said only while there is or may be something to open, so that a quiet night is quiet on the wire."""
        if not self.is_off():
            self._pico.release(self._number)

    def is_off(self) -> bool | None:
        """None also while the last lease may have closed it and no STATUS tells yet."""
        status = self._pico.view().status
        if status is None:
            return None
        if getattr(status, f"circuit_{self._number}") != _OPEN or getattr(status, f"lease_{self._number}_ms"):
            return False
        uptime_ms = 1000 * status.uptime_s + status.uptime_ms_part
        if self._held is not None and self._held[0] == self._pico.identity() and uptime_ms < self._held[1] + SEEN_MS:
            return None
        return True
