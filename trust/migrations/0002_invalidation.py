"""Triggers that mark a stored verdict as outdated the moment that a fact behind it changes, whoever changes it.

Every product has its row in `trust_currentverdict` from the moment that it is inserted. A change to a claim, a suite, an
incident, a waiver, a trust policy, a finished run or an owner's account sets `invalidated` for the product and for
everything downstream of it; readers judge again before they answer. Being in the database, this cannot be skipped by
a shell, a worker or a new entry point. `trust_lock_closure` takes the row locks in one order (by product), which is why
judging calls it too: two writers can wait for one another, but not in a circle.
"""

from django.db import migrations

FUNCTIONS = """
CREATE FUNCTION trust_closure(products bigint[]) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    WITH RECURSIVE hit(id) AS (
        SELECT DISTINCT p FROM unnest(products) AS p WHERE p IS NOT NULL
        UNION
        SELECT i.product_id FROM catalog_inputport i JOIN hit ON i.upstream_id = hit.id
    )
    SELECT id FROM hit
$$;

CREATE FUNCTION trust_lock_closure(products bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM trust_currentverdict
    WHERE product_id IN (SELECT trust_closure(products)) ORDER BY product_id FOR NO KEY UPDATE;
END $$;

CREATE FUNCTION trust_invalidate(products bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trust_lock_closure(products);
    UPDATE trust_currentverdict SET invalidated = true
    WHERE product_id IN (SELECT trust_closure(products)) AND NOT invalidated;
END $$;

CREATE FUNCTION trust_new_product() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO trust_currentverdict
        (product_id, verdict, raw_score, score, effective_score, grade, failing_gates, invalidated, body)
    VALUES (NEW.id, 'unknown', 0, 0, 0, 'F', '{}', true, '');
    RETURN NULL;
END $$;

-- TG_ARGV[0] names the column that leads to the product: id, product_id, or port_id.
CREATE FUNCTION trust_claims_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    products bigint[];
    transition text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT * FROM new_rows'
        WHEN 'DELETE' THEN 'SELECT * FROM old_rows'
        ELSE 'SELECT * FROM new_rows UNION ALL SELECT * FROM old_rows' END;
BEGIN
    EXECUTE CASE TG_ARGV[0]
        WHEN 'port_id' THEN
            'SELECT array_agg(DISTINCT p.product_id) FROM (' || transition || ') r JOIN catalog_outputport p ON p.id = r.port_id'
        ELSE format('SELECT array_agg(DISTINCT %I) FROM (' || transition || ') r', TG_ARGV[0])
    END INTO products;
    IF products IS NOT NULL THEN
        PERFORM trust_invalidate(products);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION trust_run_finished() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trust_invalidate(ARRAY(SELECT product_id FROM catalog_outputport WHERE id = NEW.port_id));
    RETURN NULL;
END $$;

CREATE FUNCTION trust_person_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trust_invalidate(ARRAY(SELECT id FROM catalog_dataproduct WHERE owner_id = NEW.id));
    RETURN NULL;
END $$;

CREATE FUNCTION trust_policy_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trust_invalidate(ARRAY(SELECT product_id FROM trust_currentverdict));
    RETURN NULL;
END $$;
"""

CLAIM_TABLES = {
    "catalog_dataproduct": "id",
    "catalog_dataproduct_stewards": "dataproduct_id",
    "catalog_outputport": "product_id",
    "catalog_field": "port_id",
    "catalog_inputport": "product_id",
    "catalog_accesspolicy": "product_id",
    "trust_suite": "port_id",
    "trust_incident": "product_id",
    "trust_waiver": "product_id",
}
TRANSITIONS = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
}
CLAIM_TRIGGERS = "".join(
    f"CREATE TRIGGER trust_invalidates_{operation.lower()} AFTER {operation} ON {table} {transition} "
    f"FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('{column}');\n"
    for table, column in CLAIM_TABLES.items()
    for operation, transition in TRANSITIONS.items()
)
OTHER_TRIGGERS = """
CREATE TRIGGER trust_current_row AFTER INSERT ON catalog_dataproduct FOR EACH ROW EXECUTE FUNCTION trust_new_product();
CREATE TRIGGER trust_invalidates_finished AFTER UPDATE OF status ON trust_run FOR EACH ROW
    WHEN (NEW.status IS DISTINCT FROM OLD.status AND NEW.status IN ('completed', 'failed'))
    EXECUTE FUNCTION trust_run_finished();
CREATE TRIGGER trust_invalidates_inserted AFTER INSERT ON trust_run FOR EACH ROW
    WHEN (NEW.status IN ('completed', 'failed')) EXECUTE FUNCTION trust_run_finished();
CREATE TRIGGER trust_invalidates_active AFTER UPDATE OF is_active ON catalog_person FOR EACH ROW
    WHEN (NEW.is_active IS DISTINCT FROM OLD.is_active) EXECUTE FUNCTION trust_person_changed();
CREATE TRIGGER trust_invalidates_policy AFTER INSERT OR UPDATE ON trust_trustpolicyversion FOR EACH STATEMENT
    EXECUTE FUNCTION trust_policy_changed();
"""
UNDO = "".join(
    f"DROP TRIGGER trust_invalidates_{operation.lower()} ON {table};\n" for table in CLAIM_TABLES for operation in TRANSITIONS
) + """
DROP TRIGGER trust_current_row ON catalog_dataproduct;
DROP TRIGGER trust_invalidates_finished ON trust_run;
DROP TRIGGER trust_invalidates_inserted ON trust_run;
DROP TRIGGER trust_invalidates_active ON catalog_person;
DROP TRIGGER trust_invalidates_policy ON trust_trustpolicyversion;
DROP FUNCTION trust_policy_changed(), trust_person_changed(), trust_run_finished(), trust_claims_changed(),
    trust_new_product(), trust_invalidate(bigint[]), trust_lock_closure(bigint[]), trust_closure(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("trust", "0001_initial"), ("catalog", "0001_initial")]
    operations = [migrations.RunSQL(FUNCTIONS + CLAIM_TRIGGERS + OTHER_TRIGGERS, UNDO)]
