"""A circuit of the Pico's as a switch: held closed by leases, opened by a lease that ends at once."""

from tanklink import messages
from tankwarden.drivers.pico.driver import PicoDriver

_OPEN = messages.CIRCUIT_STATES.index("open")


class PicoCircuit:
    """Circuit `number` of the Pico; ttl_ms: length of a lease."""

    def __init__(self, pico: PicoDriver, number: int, ttl_ms: int) -> None:
        self._pico, self._number, self._ttl_ms = pico, number, ttl_ms

    def ready(self) -> str | None:
        view = self._pico.view()
        if not view.connected:
            return "the Pico is not connected"
        return None if view.board_state == "armed" else f"the Pico is {view.board_state}, not armed"

    def hold(self) -> None:
        self._pico.lease(self._number, self._ttl_ms)

    def release(self) -> None:
        """Said only while there is something to open, so that a quiet night is quiet on the wire."""
        if not self.is_off() or self._lease_ms():
            self._pico.release(self._number)

    def is_off(self) -> bool | None:
        status = self._pico.view().status
        return None if status is None else getattr(status, f"circuit_{self._number}") == _OPEN

    def _lease_ms(self) -> int:
        status = self._pico.view().status
        return 0 if status is None else int(getattr(status, f"lease_{self._number}_ms"))
