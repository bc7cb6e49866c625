-- What products are built from, upwards, one look-up by index for each product (see closure.sql for why it is written so).

-- These products and every stale product that they are built from, directly or through stale ones, each with its inputs
-- among them; a product without any has a row with null. What is stale: `CURRENT_VERDICT` in trust/verdicts/models/verdict.py.
CREATE OR REPLACE FUNCTION trust_waiting(products bigint[], at timestamp with time zone) RETURNS TABLE (product bigint, upstream bigint)
LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    WITH RECURSIVE walk(id) AS (
        SELECT DISTINCT unnest(products)
        UNION
        SELECT above.id FROM walk CROSS JOIN LATERAL (
            SELECT i.upstream_id AS id FROM catalog_inputport i JOIN trust_currentverdict c ON c.product_id = i.upstream_id
            WHERE i.product_id = walk.id AND (c.invalidated OR c.valid_until IS NULL OR c.valid_until <= at) OFFSET 0
        ) above
    )
    SELECT walk.id, i.upstream_id FROM walk
    LEFT JOIN catalog_inputport i ON i.product_id = walk.id AND i.upstream_id IN (SELECT id FROM walk)
    ORDER BY walk.id, i.upstream_id
$$;

-- Every input port above these products, as (product, upstream).
CREATE OR REPLACE FUNCTION trust_above(products bigint[]) RETURNS TABLE (product bigint, upstream bigint)
LANGUAGE sql STABLE SET enable_seqscan = off AS $$
    WITH RECURSIVE walk(product_id, upstream_id) AS (
        SELECT i.product_id, i.upstream_id FROM catalog_inputport i WHERE i.product_id = ANY (products)
        UNION
        SELECT walk.upstream_id, above.id FROM walk CROSS JOIN LATERAL (
            SELECT i.upstream_id AS id FROM catalog_inputport i WHERE i.product_id = walk.upstream_id OFFSET 0
        ) above
    )
    SELECT product_id, upstream_id FROM walk
$$;
