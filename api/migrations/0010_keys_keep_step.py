"""A key made while its consumer is being suspended, or a consumer handed over while its new owner's account is being closed, is
blocked too: each waits for the other, and then sees what it did. And a key of a machine never holds the scope `admin`.

Without the shared locks two transactions that do not see each other's rows would leave a key that works.
"""

from django.db import migrations

from catalog.services.roles import ensure_roles

TRIGGERS = """
CREATE OR REPLACE FUNCTION api_consumer_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM catalog_person WHERE id = NEW.owner_id FOR SHARE;
    PERFORM api_block_keys(ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION api_key_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM catalog_consumer c JOIN catalog_person p ON p.id = c.owner_id WHERE c.id = NEW.consumer_id FOR SHARE OF c, p;
    PERFORM api_block_keys(ARRAY[NEW.consumer_id]);
    RETURN NULL;
END $$;
CREATE FUNCTION api_key_scopes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM catalog_consumer WHERE id = NEW.consumer_id AND kind IN ('ai_agent', 'ai_model')) THEN
        RAISE EXCEPTION 'A key of an AI agent or model cannot hold the scope admin.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER api_key_scopes BEFORE INSERT OR UPDATE OF consumer_id, scopes ON api_apikey FOR EACH ROW
    WHEN ('admin' = ANY(NEW.scopes)) EXECUTE FUNCTION api_key_scopes();
"""
BEFORE = """
DROP TRIGGER api_key_scopes ON api_apikey;
DROP FUNCTION api_key_scopes();
CREATE OR REPLACE FUNCTION api_consumer_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM api_block_keys(ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION api_key_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM api_block_keys(ARRAY[NEW.consumer_id]);
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("api", "0005_blocked_keys"), ("catalog", "0007_roles_see_consumers_and_decisions")]
    operations = [
        migrations.RunSQL(TRIGGERS, BEFORE),
        migrations.RunPython(lambda apps, _: ensure_roles(apps=apps), migrations.RunPython.noop),
    ]
