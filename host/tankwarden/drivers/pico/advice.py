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
    "not_configured": "the circuit, servo or light is not configured or not enabled",
    "wrong_trip": "another trip stands, or none",
    "cause_present": "the cause of the trip is still there",
    "too_soon": "the cause of the trip is gone for less than two seconds: try again",
    "fault_line": "a fault line is open (emergency stop, GFCI or a cut wire)",
    "selftest": "the Pico's self-test failed",
    "no_trace": "the Pico kept no waveform of that trip",
    "too_late": "its last instant had passed",
    "feeding_cap": "the Pico's cap for 24 hours is reached ([[servo]], and mcu/limits.py)",
    "servo_busy": "a servo moves, and only one does at a time: try again when it rests",
    "journal_full": "the Pico's journal has no room until the circuits have been open for a moment",
    "plan_incomplete": "parts of the plan are missing or out of order",
    "plan_crc": "the plan did not arrive as it was sent",
    "plan_times": "the plan's times do not rise",
    "plan_over": "the plan or effect has already ended: are both clocks right?",
    "too_far": "it reaches further ahead than the Pico allows (mcu/limits.py)",
    "no_room": "the Pico holds as many effects as it can: wait until one ends",
    "old_arming": "the lease belongs to an earlier arming, session or start of the Pico",
}

# Steps of the handshake, as they are said to be refused.
STEP_TEXTS = {
    "HELLO": "to talk",
    "CONFIG_CHECK": "the configuration as a whole",
    "ARM": "to arm",
    "DISARM": "to disarm",
}

NO_ANSWER = (
    "the Pico does not answer: cable or power? If both are well, this port may be another device, or the Pico lacks "
    "the Tankwarden program"
)
NO_READINGS = "the Pico answers but sends no readings: opening its port anew"
OPENING = "the Pico's port is being opened"
ASKING = "the Pico was asked to talk and has not answered yet"
SILENT = "the Pico sends no readings at the moment"

# When a trip may be reset, by its trigger: the Pico refuses a cause only while it sees it, and for 2 s after.
_SEEN = "once the cause has been gone for 2 s (the Pico refuses sooner)"
_UNSEEN = "mend it first: with the relays open it cannot be seen, and would trip again on closing; then"
_OWN = "note what led to it (if it comes back, see to the Pico, its power and its wiring); then"
_RESET_TEXTS = {
    "over_current": _UNSEEN,
    "short": _UNSEEN,
    "over_temperature": _SEEN,
    "sensor_open": _SEEN,
    "sensor_short": _SEEN,
    "fault_line": _SEEN,
    "permit": _OWN,
    "watchdog": _OWN,
    "exception": _OWN,
    "too_many_trips": "find out why it keeps tripping, and mend it first; then",
    "relay_stuck": "replace the relay that does not open first; then",
    "journal": _OWN,
    "over_voltage": _SEEN,
    "element_open": _UNSEEN,
    "element_drift": _UNSEEN,
    "leakage": _SEEN,
    "weld": "replace the relay that does not open first; then",
    "no_rise": "see that the tank holds water and that its sensor sits in its well; then",
    "sensor_stuck": _UNSEEN,
    "sensor_rate": _SEEN,
    "sensor_dead": _SEEN,
    "reference": _SEEN,
    "adc_slot": _OWN,
    "adc_stopped": _OWN,
    "slow_pass": _OWN,
    "config": _OWN,
    "program": "copy the Pico's program to it anew first (and replace a Pico to which it happens again); then",
    "memory": "replace the Pico; then",
    "clock": "replace the Pico; then",
    "line_stuck": "find where the fault line touches 3.3 V (until then an emergency stop has no effect); then",
    "comparator": _OWN,
}
SELF_TEST = "resetting a fault also runs the Pico's self-test, and fails if that does"

HOW_TO_FLASH = "run `tankwarden flash` on this machine (this host makes room for it by itself; docs/flashing.md)"


def nak_text(reason: str) -> str:
    """A refusal for people. Reasons unknown here are given by name."""
    return NAK_TEXTS.get(reason, reason)


def step_text(step: str) -> str:
    """A step of the handshake for people; what is no message's name is said as it is."""
    return STEP_TEXTS.get(step, step)


def reset_text(trigger: str | None) -> str:
    """What comes before the command that resets a trip or fault."""
    return _RESET_TEXTS.get(trigger or "", _SEEN)


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
