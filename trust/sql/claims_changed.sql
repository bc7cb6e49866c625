-- A change to a claim, a suite, an incident or a waiver marks the verdict of its product as outdated.
--
-- A new contract does so too: the basis of every decision names the contract that is in force. Contracts are never
-- deleted. The argument names the column that leads to the product: id, product_id, dataproduct_id, or port_id.

CREATE OR REPLACE FUNCTION trust_claims_changed() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE TRIGGER trust_invalidates_insert AFTER INSERT ON catalog_dataproduct
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('id');
CREATE TRIGGER trust_invalidates_update AFTER UPDATE ON catalog_dataproduct
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('id');
CREATE TRIGGER trust_invalidates_delete AFTER DELETE ON catalog_dataproduct
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('id');

CREATE TRIGGER trust_invalidates_insert AFTER INSERT ON catalog_dataproduct_stewards
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('dataproduct_id');
CREATE TRIGGER trust_invalidates_update AFTER UPDATE ON catalog_dataproduct_stewards
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('dataproduct_id');
CREATE TRIGGER trust_invalidates_delete AFTER DELETE ON catalog_dataproduct_stewards
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('dataproduct_id');

CREATE TRIGGER trust_invalidates_insert AFTER INSERT ON catalog_outputport
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');
CREATE TRIGGER trust_invalidates_update AFTER UPDATE ON catalog_outputport
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');
CREATE TRIGGER trust_invalidates_delete AFTER DELETE ON catalog_outputport
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');

CREATE TRIGGER trust_invalidates_insert AFTER INSERT ON catalog_field
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('port_id');
CREATE TRIGGER trust_invalidates_update AFTER UPDATE ON catalog_field
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('port_id');
CREATE TRIGGER trust_invalidates_delete AFTER DELETE ON catalog_field
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('port_id');

CREATE TRIGGER trust_invalidates_insert AFTER INSERT ON catalog_inputport
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');
CREATE TRIGGER trust_invalidates_update AFTER UPDATE ON catalog_inputport
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');
CREATE TRIGGER trust_invalidates_delete AFTER DELETE ON catalog_inputport
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');

CREATE TRIGGER trust_invalidates_insert AFTER INSERT ON catalog_accesspolicy
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');
CREATE TRIGGER trust_invalidates_update AFTER UPDATE ON catalog_accesspolicy
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');
CREATE TRIGGER trust_invalidates_delete AFTER DELETE ON catalog_accesspolicy
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');

CREATE TRIGGER trust_invalidates_insert AFTER INSERT ON catalog_contract
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');
CREATE TRIGGER trust_invalidates_update AFTER UPDATE ON catalog_contract
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');

CREATE TRIGGER trust_invalidates_insert AFTER INSERT ON trust_suite
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('port_id');
CREATE TRIGGER trust_invalidates_update AFTER UPDATE ON trust_suite
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('port_id');
CREATE TRIGGER trust_invalidates_delete AFTER DELETE ON trust_suite
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('port_id');

CREATE TRIGGER trust_invalidates_insert AFTER INSERT ON trust_incident
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');
CREATE TRIGGER trust_invalidates_update AFTER UPDATE ON trust_incident
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');
CREATE TRIGGER trust_invalidates_delete AFTER DELETE ON trust_incident
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');

CREATE TRIGGER trust_invalidates_insert AFTER INSERT ON trust_waiver
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');
CREATE TRIGGER trust_invalidates_update AFTER UPDATE ON trust_waiver
    REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');
CREATE TRIGGER trust_invalidates_delete AFTER DELETE ON trust_waiver
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION trust_claims_changed('product_id');
