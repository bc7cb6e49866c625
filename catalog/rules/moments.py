"""Moments and durations as text: for programs and for people. Moments are always in UTC."""

from datetime import UTC, datetime, timedelta


def rfc_3339(moment: datetime, *, timespec: str = "auto") -> str:
    """`2026-11-22T06:00:00Z`, as every answer gives its moments; decimals as `datetime.isoformat` has them."""
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def shown(moment: datetime) -> str:
    """`2026-11-22 06:00 UTC`, as sentences say them."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def duration_text(duration: timedelta) -> str:
    """ISO 8601 in its one form here: whole days as `P7D`, everything else in hours, minutes and seconds, as `PT36H`."""
    if duration and not duration % timedelta(days=1):
        return f"P{duration.days}D"
    minutes, seconds = divmod(duration, timedelta(minutes=1))
    parts = [(minutes // 60, "H"), (minutes % 60, "M"), (f"{seconds.total_seconds():.6f}".rstrip("0").rstrip("."), "S")]
    return "PT" + ("".join(f"{number}{unit}" for number, unit in parts if number not in {0, "0"}) or "0S")
