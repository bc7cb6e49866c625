"""What is downstream of a product is followed by index, whatever the planner guesses of a recursion.

It took each step of a chain for a join of whole tables: a change at the head of a thousand products kept its owner waiting for
seconds, and now takes milliseconds. `OFFSET 0` keeps the look-up of one product's successors as it is written.
"""

from django.db import migrations

BY_INDEX = """
CREATE OR REPLACE FUNCTION trust_closure(products bigint[]) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    WITH RECURSIVE hit(id) AS (
        SELECT DISTINCT p FROM unnest(products) AS p WHERE p IS NOT NULL
        UNION
        SELECT below.id FROM hit CROSS JOIN LATERAL (
            SELECT i.product_id AS id FROM catalog_inputport i WHERE i.upstream_id = hit.id OFFSET 0
        ) below
    )
    SELECT id FROM hit
$$;
"""
AS_BEFORE = """
CREATE OR REPLACE FUNCTION trust_closure(products bigint[]) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    WITH RECURSIVE hit(id) AS (
        SELECT DISTINCT p FROM unnest(products) AS p WHERE p IS NOT NULL
        UNION
        SELECT i.product_id FROM catalog_inputport i JOIN hit ON i.upstream_id = hit.id
    )
    SELECT id FROM hit
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("trust", "0028_inputs_close_no_circle")]
    operations = [migrations.RunSQL(BY_INDEX, AS_BEFORE)]
