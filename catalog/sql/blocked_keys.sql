-- API keys follow their consumer: a change of its status, of its owner or of the owner's account is written to the key's
-- row.
--
-- Answers are given under a shared lock on the key's row. A change that blocks a key writes that row, and so waits for
-- the answers that are being given: none is written after the change has committed.
--
-- A key made while its consumer is being suspended, or a consumer handed over while its new owner's account is being
-- closed, is blocked too: the shared locks make each of the two transactions wait for the other, and then see what it
-- did.

CREATE OR REPLACE FUNCTION catalog_block_keys(consumers bigint[]) RETURNS void LANGUAGE sql AS $$
    WITH standing AS (
        SELECT k.id, c.status <> 'active' OR NOT p.is_active AS blocked
        FROM catalog_apikey k JOIN catalog_consumer c ON c.id = k.consumer_id JOIN catalog_person p ON p.id = c.owner_id
        WHERE c.id = ANY(consumers) ORDER BY k.id
    )
    UPDATE catalog_apikey k SET is_blocked = s.blocked FROM standing s WHERE k.id = s.id AND k.is_blocked <> s.blocked
$$;

CREATE OR REPLACE FUNCTION catalog_consumer_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM catalog_person WHERE id = NEW.owner_id FOR SHARE;
    PERFORM catalog_block_keys(ARRAY[NEW.id]);
    RETURN NULL;
END $$;

CREATE TRIGGER catalog_blocks_keys AFTER UPDATE OF status, owner_id ON catalog_consumer
    FOR EACH ROW EXECUTE FUNCTION catalog_consumer_changed();

CREATE OR REPLACE FUNCTION catalog_person_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM catalog_block_keys(ARRAY(SELECT id FROM catalog_consumer WHERE owner_id = NEW.id));
    RETURN NULL;
END $$;

CREATE TRIGGER catalog_blocks_keys AFTER UPDATE OF is_active ON catalog_person
    FOR EACH ROW EXECUTE FUNCTION catalog_person_changed();

CREATE OR REPLACE FUNCTION catalog_key_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM catalog_consumer c JOIN catalog_person p ON p.id = c.owner_id WHERE c.id = NEW.consumer_id FOR SHARE OF c, p;
    PERFORM catalog_block_keys(ARRAY[NEW.consumer_id]);
    RETURN NULL;
END $$;

CREATE TRIGGER catalog_blocks_key AFTER INSERT OR UPDATE OF consumer_id ON catalog_apikey
    FOR EACH ROW EXECUTE FUNCTION catalog_key_made();
