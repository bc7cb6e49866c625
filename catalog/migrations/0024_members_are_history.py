"""The history of who is named: stewards of data products, consumers of use cases.

Django makes these tables by itself, and its migrations leave out the triggers that `pghistory.track()` would put on them: their
event tables were there, and empty. What was named before this migration is written down as it is.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION {table}_is_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named {table}%ROWTYPE;
BEGIN
    IF TG_OP = 'DELETE' THEN named := OLD; ELSE named := NEW; END IF;
    INSERT INTO {events} (pgh_created_at, pgh_label, pgh_obj_id, id, pgh_context_id, {columns})
    VALUES (now(), lower(TG_OP), named.id, named.id, _pgh_attach_context(), {values});
    RETURN NULL;
END $$;
CREATE TRIGGER is_history AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_is_history();
INSERT INTO {events} (pgh_created_at, pgh_label, pgh_obj_id, id, {columns})
SELECT now(), 'insert', id, id, {columns} FROM {table} ORDER BY id;
"""
NO_FUNCTION = "DROP TRIGGER is_history ON {table}; DROP FUNCTION {table}_is_history();"
TABLES = {
    "catalog_dataproduct_stewards": ("catalog_dataproductstewardsevent", ("dataproduct_id", "person_id")),
    "catalog_usecase_consumers": ("catalog_usecaseconsumersevent", ("usecase_id", "consumer_id")),
}


def written(template: str, table: str) -> str:
    events, columns = TABLES[table]
    values = ", ".join(f"named.{column}" for column in columns)
    return template.format(table=table, events=events, columns=", ".join(columns), values=values)


class Migration(migrations.Migration):
    dependencies = [("catalog", "0022_measures_retire"), ("pghistory", "0007_auto_20250421_0444")]
    operations = [migrations.RunSQL(written(FUNCTION, table), written(NO_FUNCTION, table)) for table in TABLES]
