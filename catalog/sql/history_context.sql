-- Who did what, in the history, is only ever added to, and only while the request or command goes on that it belongs to: for
-- 15 minutes at most, and not once it was left alone for so long that the ledger may have sealed it, which is a minute
-- (`trust.ledger.services.ledger.QUIET`).
--
-- A key whose value was not known yet, which is null, may get one: the account of a request is known once it has signed in.
-- No time lies in the future: the ledger waits for contexts that were written to just now.

CREATE OR REPLACE FUNCTION catalog_context_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF greatest(NEW.created_at, NEW.updated_at) > clock_timestamp() + interval '1 second' THEN
        RAISE EXCEPTION 'The history cannot say of context % that it is of the future.', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'context_is_of_now';
    END IF;
    IF TG_OP = 'INSERT' THEN
        RETURN NEW;
    END IF;
    IF NEW.id <> OLD.id OR NEW.created_at <> OLD.created_at OR NEW.updated_at < OLD.updated_at
        OR NOT NEW.metadata @> jsonb_strip_nulls(OLD.metadata) THEN
        RAISE EXCEPTION 'The history keeps who did what: context % can be added to, and nothing in it changed.', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'context_only_grows';
    END IF;
    IF OLD.created_at < clock_timestamp() - interval '15 minutes' THEN
        RAISE EXCEPTION 'The history keeps who did what: context % was made more than 15 minutes ago.', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'context_is_closed';
    END IF;
    IF NEW.metadata <> OLD.metadata AND OLD.updated_at < clock_timestamp() - interval '50 seconds' THEN
        RAISE EXCEPTION 'The history keeps who did what: context % may be sealed by now.', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'context_may_be_sealed';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER catalog_context_only_grows BEFORE INSERT OR UPDATE ON pghistory_context
    FOR EACH ROW EXECUTE FUNCTION catalog_context_only_grows();
