-- A use case's stage moves only with a row that says who asked and who approved.
--
-- The check waits for the end of the transaction, so that stage and row may be written in any order.

CREATE OR REPLACE FUNCTION trust_stage_is_moved() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    stage_now text := (SELECT stage FROM catalog_usecase WHERE id = NEW.id);
    moved_to text := (SELECT to_stage FROM trust_stagemove WHERE use_case_id = NEW.id AND status = 'done' ORDER BY id DESC LIMIT 1);
BEGIN
    IF stage_now IS DISTINCT FROM coalesce(moved_to, 'idea') THEN
        RAISE EXCEPTION 'Use case % cannot be at stage %: its last move led to %.', NEW.slug, stage_now, coalesce(moved_to, 'idea')
            USING ERRCODE = 'check_violation', CONSTRAINT = 'use_case_stage_is_moved';
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER use_case_stage_is_moved AFTER INSERT OR UPDATE OF stage ON catalog_usecase
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trust_stage_is_moved();
