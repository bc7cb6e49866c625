"""Recognises a database that another version of Touchstone made: nothing leads from its tables to those of this one."""

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

OTHER_LAYOUT = 4  # exit status of `migrate`, which bin/up knows too
_APPS = frozenset({"catalog", "trust", "api"})


def other_layout() -> str | None:
    """A sentence that says what to do where the database has migrations of ours that this version does not know, else None."""
    known = MigrationLoader(None).disk_migrations
    applied = MigrationRecorder(connection).applied_migrations()
    foreign = sorted(f"{app}.{name}" for app, name in applied if app in _APPS and (app, name) not in known)
    if not foreign:
        return None
    more = f" and {len(foreign) - 1} more" if foreign[1:] else ""
    return (
        f"Another version of Touchstone made this database: it has the migration {foreign[0]}{more}, unknown to this version. "
        "Nothing was changed. Start that version, let DATABASE_URL name an empty database, or move the data of bin/up away: "
        ".local/servers, or the folder that .local/servers-directory names."
    )
