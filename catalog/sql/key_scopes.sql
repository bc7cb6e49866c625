-- A key of an AI agent or model never holds the scopes `admin` and `catalog:write`.

CREATE OR REPLACE FUNCTION catalog_key_scopes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM catalog_consumer WHERE id = NEW.consumer_id AND kind IN ('ai_agent', 'ai_model')) THEN
        RAISE EXCEPTION 'A key of an AI agent or model cannot hold the scopes admin and catalog:write.' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER catalog_key_scopes BEFORE INSERT OR UPDATE OF consumer_id, scopes ON catalog_apikey
    FOR EACH ROW WHEN ('admin' = ANY(NEW.scopes) OR 'catalog:write' = ANY(NEW.scopes)) EXECUTE FUNCTION catalog_key_scopes();
