"""Keys follow their consumer: suspending it, closing its owner's account or giving it another owner reaches the key rows themselves.

Answers are given under a shared lock on the key's row. Whatever takes a key's power therefore writes that row, and waits for the
answers that are being given: none is written after the change has committed.
"""

from django.db import migrations

TRIGGERS = """
CREATE FUNCTION api_block_keys(consumers bigint[]) RETURNS void LANGUAGE sql AS $$
    WITH standing AS (
        SELECT k.id, c.status <> 'active' OR NOT p.is_active AS blocked
        FROM api_apikey k JOIN catalog_consumer c ON c.id = k.consumer_id JOIN catalog_person p ON p.id = c.owner_id
        WHERE c.id = ANY(consumers) ORDER BY k.id
    )
    UPDATE api_apikey k SET is_blocked = s.blocked FROM standing s WHERE k.id = s.id AND k.is_blocked <> s.blocked
$$;
CREATE FUNCTION api_consumer_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM api_block_keys(ARRAY[NEW.id]);
    RETURN NULL;
END $$;
CREATE FUNCTION api_person_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM api_block_keys(ARRAY(SELECT id FROM catalog_consumer WHERE owner_id = NEW.id));
    RETURN NULL;
END $$;
CREATE FUNCTION api_key_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM api_block_keys(ARRAY[NEW.consumer_id]);
    RETURN NULL;
END $$;
CREATE TRIGGER api_blocks_keys AFTER UPDATE OF status, owner_id ON catalog_consumer FOR EACH ROW
    EXECUTE FUNCTION api_consumer_changed();
CREATE TRIGGER api_blocks_keys AFTER UPDATE OF is_active ON catalog_person FOR EACH ROW EXECUTE FUNCTION api_person_changed();
CREATE TRIGGER api_blocks_key AFTER INSERT OR UPDATE OF consumer_id ON api_apikey FOR EACH ROW EXECUTE FUNCTION api_key_made();
"""
UNDO = """
DROP TRIGGER api_blocks_keys ON catalog_consumer;
DROP TRIGGER api_blocks_keys ON catalog_person;
DROP TRIGGER api_blocks_key ON api_apikey;
DROP FUNCTION api_key_made(), api_person_changed(), api_consumer_changed(), api_block_keys(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("api", "0004_keys_of_consumers"), ("catalog", "0006_consumers_and_guardrails")]
    operations = [migrations.RunSQL(TRIGGERS, UNDO)]
