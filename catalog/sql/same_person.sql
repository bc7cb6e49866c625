-- Which accounts are one person, and which people owned a thing since a moment.
--
-- Two accounts are one person where they have, or ever had, the same e-mail address: without regard to case, blanks and the
-- width of letters. Addresses of the past count too: changing one before an act makes no second person. So do addresses that were
-- given and never confirmed: such a one never makes two people (`has_identity`), but who leaves it unconfirmed does not get out
-- of being one. What is owned is read from the history: handing a thing on for an hour changes nothing for the person who did.

CREATE OR REPLACE FUNCTION catalog_email_key(address text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT nullif(lower(regexp_replace(normalize(address, NFKC), '[\s\u200b\u2060\ufeff]', '', 'g')), '')
$$;

CREATE OR REPLACE FUNCTION catalog_email_keys(person bigint) RETURNS SETOF text LANGUAGE sql STABLE AS $$
    SELECT catalog_email_key(a)
    FROM catalog_person p CROSS JOIN LATERAL unnest(ARRAY[p.email, p.email_to_confirm]) a WHERE p.id = person AND a <> ''
    UNION
    SELECT catalog_email_key(a)
    FROM catalog_personusernamefirstnamelastnameemailisactiveisstaffb885 e
        CROSS JOIN LATERAL unnest(ARRAY[e.email, e.email_to_confirm]) a WHERE e.pgh_obj_id = person AND a <> ''
$$;

CREATE OR REPLACE FUNCTION catalog_is_same_person(one bigint, other bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(one = other, false) OR EXISTS (
        SELECT 1 FROM catalog_email_keys(one) a JOIN catalog_email_keys(other) b ON a = b)
$$;

CREATE OR REPLACE FUNCTION catalog_owners_since(product bigint, since timestamp with time zone) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    SELECT d.owner_id FROM catalog_dataproduct d WHERE d.id = product AND d.owner_id IS NOT NULL
    UNION
    SELECT e.owner_id FROM catalog_dataproductevent e
    WHERE e.pgh_obj_id = product AND e.owner_id IS NOT NULL AND (e.pgh_created_at > since OR NOT EXISTS (
        SELECT 1 FROM catalog_dataproductevent l
        WHERE l.pgh_obj_id = product AND l.pgh_id > e.pgh_id AND l.pgh_created_at <= since))
$$;

CREATE OR REPLACE FUNCTION catalog_has_owned_since(person bigint, product bigint, since timestamp with time zone) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM catalog_owners_since(product, since) o WHERE catalog_is_same_person(o, person))
$$;

CREATE OR REPLACE FUNCTION catalog_lookers_since(product bigint, since timestamp with time zone) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
    SELECT catalog_owners_since(product, since)
    UNION
    SELECT s.person_id FROM catalog_dataproduct_stewards s WHERE s.dataproduct_id = product
    UNION
    SELECT e.person_id FROM catalog_dataproductstewardsevent e WHERE e.dataproduct_id = product AND e.pgh_created_at > since
$$;

CREATE OR REPLACE FUNCTION catalog_has_looked_after_since(person bigint, product bigint, since timestamp with time zone)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM catalog_lookers_since(product, since) l WHERE catalog_is_same_person(l, person))
$$;

CREATE OR REPLACE FUNCTION catalog_decision_owners_since(use_case bigint, since timestamp with time zone) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
    SELECT u.business_owner_id FROM catalog_usecase u WHERE u.id = use_case
    UNION
    SELECT e.business_owner_id FROM catalog_usecaseevent e
    WHERE e.pgh_obj_id = use_case AND (e.pgh_created_at > since OR NOT EXISTS (
        SELECT 1 FROM catalog_usecaseevent l
        WHERE l.pgh_obj_id = use_case AND l.pgh_id > e.pgh_id AND l.pgh_created_at <= since))
$$;

CREATE OR REPLACE FUNCTION catalog_has_owned_decision_since(person bigint, use_case bigint, since timestamp with time zone) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM catalog_decision_owners_since(use_case, since) o WHERE catalog_is_same_person(o, person))
$$;

CREATE OR REPLACE FUNCTION catalog_askers_of(agreement bigint) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    SELECT a.requested_by_id FROM catalog_agreement a WHERE a.id = agreement
    UNION
    SELECT c.owner_id FROM catalog_agreement a JOIN catalog_consumer c ON c.id = a.consumer_id WHERE a.id = agreement
    UNION
    SELECT e.owner_id FROM catalog_agreement a JOIN catalog_consumerevent e ON e.pgh_obj_id = a.consumer_id
    WHERE a.id = agreement AND (e.pgh_created_at > a.requested_at OR NOT EXISTS (
        SELECT 1 FROM catalog_consumerevent l
        WHERE l.pgh_obj_id = e.pgh_obj_id AND l.pgh_id > e.pgh_id AND l.pgh_created_at <= a.requested_at))
$$;

CREATE OR REPLACE FUNCTION catalog_asks_for(person bigint, agreement bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM catalog_askers_of(agreement) a WHERE catalog_is_same_person(a, person))
$$;

CREATE OR REPLACE FUNCTION catalog_owner_asks_for(agreement bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM catalog_agreement g, catalog_owners_since(g.product_id, g.requested_at) o
        WHERE g.id = agreement AND catalog_asks_for(o, agreement))
$$;

-- 0 public to 3 restricted, which what is not classified counts as: the highest since the request. A level that was lowered
-- counts from the next review on (no step down voids the last one), so the history is read from the last review where that
-- came before the request, and all of it where there was none.
CREATE OR REPLACE FUNCTION catalog_rank_of(agreement bigint) RETURNS integer LANGUAGE sql STABLE AS $$
    WITH asked AS (
        SELECT d.id, d.sensitivity::text AS level, least(g.requested_at, coalesce(d.reviewed_at, '-infinity')) AS since
        FROM catalog_agreement g JOIN catalog_dataproduct d ON d.id = g.product_id WHERE g.id = agreement
    ), levels AS (
        SELECT level FROM asked
        UNION
        SELECT e.sensitivity::text FROM asked JOIN catalog_dataproductevent e ON e.pgh_obj_id = asked.id
        WHERE e.pgh_created_at > asked.since OR NOT EXISTS (
            SELECT 1 FROM catalog_dataproductevent l
            WHERE l.pgh_obj_id = asked.id AND l.pgh_id > e.pgh_id AND l.pgh_created_at <= asked.since)
    )
    SELECT max(array_position(ARRAY['public', 'internal', 'confidential', 'restricted'], coalesce(level, 'restricted'))) - 1
    FROM levels
$$;
