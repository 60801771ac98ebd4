"""The claims of safety on a circuit, besides the night lock-out (lockout.py): a probe that is lost, a trip that stands.

Each is off, without an end: its maker withdraws it by not making it any more.
"""

from tankwarden.logic.claims import Claim, Priority
from tankwarden.logic.quality import Quality

_PROBE_TEXTS = {
    Quality.STALE: "has told nothing new for too long",
    Quality.OPEN: "reads as if its wire were broken",
    Quality.SHORT: "reads as if its wire were shorted",
    Quality.STUCK: "has not moved for too long",
    Quality.IMPLAUSIBLE: "reads what cannot be",
    Quality.MISSING: "has not been read yet",
}


def probe_claim(output: str, probe: str, quality: Quality, since_ms: int) -> Claim | None:
    """Off while the probe that controls `output` is anything but ok. probe: its name; since_ms: of this quality."""
    if quality is Quality.OK:
        return None
    why = f"{probe} {_PROBE_TEXTS[quality]} ({quality})"
    return Claim(output, False, Priority.SAFETY, "probe", why, since_ms, id="probe")


def trip_claim(output: str, text: str, since_ms: int) -> Claim:
    """Off while a trip or fault stands. text: of its event."""
    return Claim(output, False, Priority.SAFETY, "trip", f"a trip stands: {text}", since_ms, id="trip")
