"""The history of the claims is read by time and by who acted: an index on each of its tables, and two on its contexts.

A table of the history that comes later needs its own, named and made alike: a test says so.
"""

from django.db import migrations

TABLES = """
DO $$ DECLARE one record; BEGIN
    FOR one IN
        SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
        WHERE a.attname = 'pgh_created_at' AND c.relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format({statement}, left(one.relname, 54) || '_by_time', one.relname);
    END LOOP;
END $$;
"""
MAKE = TABLES.format(statement="'CREATE INDEX IF NOT EXISTS %I ON public.%I (pgh_created_at DESC, pgh_id DESC)'")
DROP = TABLES.format(statement="'DROP INDEX IF EXISTS public.%I'")
CONTEXTS = """
CREATE INDEX pghistory_context_actor ON pghistory_context ((metadata ->> 'actor'), created_at DESC);
CREATE INDEX pghistory_context_user ON pghistory_context ((metadata ->> 'user')) WHERE metadata ->> 'actor' IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("trust", "0031_ledger_checks_and_exports"),
        ("catalog", "0024_members_are_history"),
        ("api", "0010_keys_keep_step"),
        ("pghistory", "0007_auto_20250421_0444"),
    ]
    operations = [
        migrations.RunSQL([(MAKE, None)], [(DROP, None)]),
        migrations.RunSQL(CONTEXTS, "DROP INDEX pghistory_context_actor, pghistory_context_user"),
    ]
