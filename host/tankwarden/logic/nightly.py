"""When something that is done once a night is due: after a reboot or a night without power it is made up at once."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def due(now_ms: int, last_ms: int | None, hour: int, zone: ZoneInfo) -> bool:
    """Whether the last local `hour` o'clock has not been followed by one. last_ms: UTC of the last; None = never."""
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    latest = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    if latest.timestamp() * 1000 > now_ms:
        latest = (now - timedelta(days=1)).replace(hour=hour, minute=0, second=0, microsecond=0)
    return last_ms is None or last_ms < latest.timestamp() * 1000
