"""Named by Django: `22 Nov 2026, 06:00 UTC`, as the template tag `moment` has it."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = r"j M Y, H:i \U\T\C"
