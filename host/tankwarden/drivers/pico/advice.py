"""What the Pico's refusals mean for people: one line that says what is wrong, where, and what to do."""

NAK_TEXTS = {
    "digest": "the two sides speak different protocols",
    "no_session": "the Pico knows of no session: it restarted, or another host took it over",
    "state": "not possible in the board's present state",
    "range": "a value is beyond what the Pico's own limits (mcu/limits.py) allow; only tighter ones are accepted",
    "rate": "more than 100 messages in a second",
    "nonce": "the permission to arm was used up or replaced",
    "boot_id": "the Pico restarted meanwhile",
    "config_crc": "the Pico holds another configuration than this host",
    "config_incomplete": "an enabled circuit lacks limits or the scaling of a channel: complete [[scale]]",
    "lease_expired": "the lease had already ended",
    "lease_too_long": "the lease would last longer than the Pico allows",
    "not_configured": "the circuit is not configured or not enabled",
    "wrong_trip": "another trip stands, or none",
    "cause_present": "the cause of the trip is still there",
    "too_soon": "the cause of the trip is gone for less than two seconds: try again",
    "fault_line": "a fault line is open (emergency stop, GFCI or a cut wire)",
    "selftest": "the Pico's self-test failed",
}

HOW_TO_FLASH = (
    "erase it (BOOTSEL button, flash_nuke.uf2), install MicroPython 1.26, and copy mcu/ and protocol/tanklink of this "
    "version to it with mpremote"
)


def nak_text(reason: str) -> str:
    """A refusal for people. Reasons unknown here are given by name."""
    return NAK_TEXTS.get(reason, reason)


def mismatch_text(ours: bytes, theirs: bytes, our_version: str, pico_version: str) -> str:
    """Both sides must hold the same table of messages; the older one is to be updated."""
    what = (
        f"the Pico speaks another protocol (its program {pico_version or '?'} has tables {theirs.hex() or '?'}, "
        f"Tankwarden {our_version} has {ours.hex()}), so it keeps protecting but grants nothing"
    )
    if newer(pico_version, our_version):
        return f"update Tankwarden: {what}. The Pico's program is the newer one: pip install --upgrade tankwarden"
    return f"flash the Pico: {what}. {HOW_TO_FLASH[0].upper()}{HOW_TO_FLASH[1:]}"


def newer(left: str, right: str) -> bool:
    """Whether version `left` is later than `right`; parts that are not numbers count as 0."""
    return _parts(left) > _parts(right)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))
