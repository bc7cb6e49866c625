-- The database refuses an input port that would close a circle, whichever program writes it.
--
-- Services refuse it first, with the path. Writers take turns by the lock that those services take
-- (`catalog.services.ports`), so that two cannot each add one half. What a statement adds is looked at as a whole: only
-- an input whose upstream is downstream of one of the statement's products can close a circle, and only those are
-- followed one by one.

CREATE OR REPLACE FUNCTION trust_inputs_take_turns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7105417001);
    RETURN NULL;
END $$;

CREATE TRIGGER input_ports_take_turns_insert BEFORE INSERT ON catalog_inputport
    FOR EACH STATEMENT EXECUTE FUNCTION trust_inputs_take_turns();
CREATE TRIGGER input_ports_take_turns_update BEFORE UPDATE OF product_id, upstream_id ON catalog_inputport
    FOR EACH STATEMENT EXECUTE FUNCTION trust_inputs_take_turns();

CREATE OR REPLACE FUNCTION trust_inputs_close_no_circle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    circle record;
BEGIN
    SELECT n.product_id, n.upstream_id INTO circle FROM new_rows n
    WHERE n.upstream_id IN (SELECT trust_closure(ARRAY(SELECT product_id FROM new_rows)))
        AND n.upstream_id IN (SELECT trust_closure(ARRAY[n.product_id]))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'Product % cannot be built from product %: that closes a circle', circle.product_id, circle.upstream_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'input_port_closes_no_circle',
                HINT = 'Remove one of the inputs on the way; a product cannot be evidence for itself.';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER input_port_closes_no_circle_insert AFTER INSERT ON catalog_inputport
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_inputs_close_no_circle();
CREATE TRIGGER input_port_closes_no_circle_update AFTER UPDATE ON catalog_inputport
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_inputs_close_no_circle();
