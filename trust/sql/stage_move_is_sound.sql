-- A stage move that is decided stays as it is and begins at the stage that the use case has.

CREATE OR REPLACE FUNCTION trust_stage_move_is_sound() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner bigint;
    stood_at text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.status <> 'requested' AND (OLD.override_ended_at IS NOT NULL
            OR to_jsonb(NEW) - 'override_ended_at' IS DISTINCT FROM to_jsonb(OLD) - 'override_ended_at') THEN
            RAISE EXCEPTION 'Stage move % is decided: it stays as it is.', OLD.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'stage_move_is_final';
        END IF;
        IF (NEW.use_case_id, NEW.from_stage, NEW.to_stage, NEW.requested_by_id, NEW.requested_at)
            IS DISTINCT FROM (OLD.use_case_id, OLD.from_stage, OLD.to_stage, OLD.requested_by_id, OLD.requested_at) THEN
            RAISE EXCEPTION 'Stage move % stays what was asked for.', OLD.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'stage_move_is_final';
        END IF;
        IF OLD.status <> 'requested' THEN
            RETURN NEW;
        END IF;
    END IF;
    IF NEW.status = 'done' THEN
        SELECT business_owner_id INTO owner FROM catalog_usecase WHERE id = NEW.use_case_id FOR NO KEY UPDATE;
        SELECT to_stage INTO stood_at FROM trust_stagemove
        WHERE use_case_id = NEW.use_case_id AND status = 'done' AND id <> NEW.id ORDER BY id DESC LIMIT 1;
        IF NEW.from_stage <> coalesce(stood_at, 'idea') OR NEW.from_stage IN ('retired', NEW.to_stage)
            OR EXISTS (
                SELECT 1 FROM trust_stagemove WHERE use_case_id = NEW.use_case_id AND status = 'done' AND id > NEW.id) THEN
            RAISE EXCEPTION 'A use case that stands at % cannot move from % to %.',
                coalesce(stood_at, 'idea'), NEW.from_stage, NEW.to_stage
                USING ERRCODE = 'check_violation', CONSTRAINT = 'stage_move_follows';
        END IF;
        IF NEW.to_stage IN ('approved', 'production') AND NEW.from_stage IN ('idea', 'pilot', 'approved')
            AND catalog_is_same_person(NEW.decided_by_id, owner) THEN
            RAISE EXCEPTION 'The business owner of a use case does not approve its move to %.', NEW.to_stage
                USING ERRCODE = 'check_violation', CONSTRAINT = 'stage_move_four_eyes';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER stage_move_is_sound BEFORE INSERT OR UPDATE ON trust_stagemove
    FOR EACH ROW EXECUTE FUNCTION trust_stage_move_is_sound();
