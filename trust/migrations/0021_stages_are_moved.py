"""A use case's stage moves only with a row that says who asked and who approved; the ledger seals what is found out about it.

The check waits for the end of the transaction, so that stage and row may be written in any order.
"""

from django.db import migrations

STAGES = """
CREATE FUNCTION trust_stage_is_moved() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""
NO_STAGES = """
DROP TRIGGER use_case_stage_is_moved ON catalog_usecase;
DROP FUNCTION trust_stage_is_moved();
"""
CUT = """
CREATE OR REPLACE FUNCTION trust_ledger_cut(source text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    id_column text;
    last bigint;
BEGIN
    id_column := CASE
        WHEN source IN (%s) THEN 'id'
        WHEN EXISTS (
            SELECT 1 FROM pg_attribute
            WHERE attrelid = to_regclass(format('public.%%I', source)) AND attname = 'pgh_id' AND NOT attisdropped
        ) THEN 'pgh_id'
    END;
    IF id_column IS NULL THEN
        RAISE EXCEPTION 'trust_ledger_cut: %% is no table that the ledger seals', source;
    END IF;
    EXECUTE format('LOCK TABLE ONLY public.%%I IN SHARE MODE', source);
    EXECUTE format('SELECT max(%%I) FROM public.%%I', id_column, source) INTO last;
    RETURN coalesce(last, 0);
END $$;
"""
BEFORE = ("trust_decision", "trust_verdict", "trust_signingkey")
SINCE = (*BEFORE, "trust_readiness", "trust_outcomereport", "trust_decisionuse")


def cut(tables: tuple[str, ...]) -> str:
    return CUT % ", ".join(f"'{table}'" for table in tables)


class Migration(migrations.Migration):
    dependencies = [("trust", "0020_use_cases")]
    operations = [
        migrations.RunSQL(STAGES, NO_STAGES),
        migrations.RunSQL([(cut(SINCE), None)], [(cut(BEFORE), None)]),
    ]
