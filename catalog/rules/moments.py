"""Moments as text, always in UTC: for programs and for people."""

from datetime import UTC, datetime


def rfc_3339(moment: datetime, *, timespec: str = "auto") -> str:
    """`2026-11-22T06:00:00Z`, as every answer gives its moments; decimals as `datetime.isoformat` has them."""
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def shown(moment: datetime) -> str:
    """`2026-11-22 06:00 UTC`, as sentences say them."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
