-- Who changed whose account lately, or is or was their deputy.
--
-- A person who gave an account its roles, password, address or name may act through it. So the two are not two people where
-- an act takes two, for as long as the trust policy says (`trust_independence_interval`, of the app above). What is changed is
-- read from the history, and who did it from its context. Two accounts are tied as well where the same person changed both and
-- reset the password of one that had been there for a day: they may act through both. Superusers are excepted from that, who
-- reset passwords for everyone; they are tied to each account that they changed all the same. The operator at the command line
-- acts under no account. A deputy acts for the person, and so is no second one to them either.

CREATE OR REPLACE FUNCTION catalog_changed_account(account bigint, since timestamp with time zone)
RETURNS TABLE (by_id bigint, at timestamp with time zone, taken_over boolean) LANGUAGE sql STABLE AS $$
    WITH changes AS (
        SELECT e.pgh_context_id AS context, e.pgh_created_at AS at, false AS taken_over
        FROM catalog_personusernamefirstnamelastnameemailisactiveisstaffb885 e
        WHERE e.pgh_obj_id = account AND e.pgh_created_at > since
        UNION ALL
        SELECT e.pgh_context_id, e.pgh_created_at, NOT EXISTS (
            SELECT 1 FROM catalog_personusernamefirstnamelastnameemailisactiveisstaffb885 n
            WHERE n.pgh_obj_id = account AND n.pgh_label = 'insert' AND n.pgh_created_at > e.pgh_created_at - interval '1 day')
        FROM catalog_personpasswordevent e
        WHERE e.pgh_obj_id = account AND e.pgh_created_at > since
        UNION ALL
        SELECT e.pgh_context_id, e.pgh_created_at, false FROM catalog_persongroupsevent e
        WHERE e.person_id = account AND e.pgh_created_at > since
        UNION ALL
        SELECT e.pgh_context_id, e.pgh_created_at, false FROM catalog_personuserpermissionsevent e
        WHERE e.person_id = account AND e.pgh_created_at > since
        UNION ALL
        SELECT e.pgh_context_id, e.pgh_created_at, false FROM catalog_domaingovernorevent e
        WHERE e.person_id = account AND e.pgh_created_at > since
    ), acts AS (
        SELECT c.metadata ->> 'actor' AS actor, c.metadata ->> 'user' AS account_id, g.at, g.taken_over
        FROM changes g JOIN pghistory_context c ON c.id = g.context
    )
    SELECT who.id, max(a.at), bool_or(a.taken_over) FROM acts a CROSS JOIN LATERAL (
        SELECT p.id FROM catalog_person p
        WHERE p.id = CASE WHEN a.account_id ~ '^[0-9]{1,18}$' THEN a.account_id::bigint END
        UNION
        SELECT p.id FROM catalog_person p WHERE p.username = a.actor
        UNION
        SELECT p.id FROM catalog_personusernamefirstnamelastnameemailisactiveisstaffb885 n
            JOIN catalog_person p ON p.id = n.pgh_obj_id
        WHERE n.username = a.actor) who
    GROUP BY who.id
$$;

-- When one of the two, by any account, last changed the other account, or stood in for it, or another person took them over;
-- NULL where that is longer ago than the policy asks.
CREATE OR REPLACE FUNCTION catalog_tied_since(one bigint, other bigint) RETURNS timestamp with time zone LANGUAGE plpgsql STABLE AS $$
DECLARE
    since timestamp with time zone := statement_timestamp() - trust_independence_interval();
BEGIN
    IF one = other THEN
        RETURN NULL;
    END IF;
    RETURN (
        WITH of_one AS MATERIALIZED (SELECT * FROM catalog_changed_account(one, since)),
            of_other AS MATERIALIZED (SELECT * FROM catalog_changed_account(other, since))
        SELECT max(t.at) FROM (
            SELECT least(coalesce(d.ended_at, d.ends_at), statement_timestamp()) AS at FROM catalog_deputy d
            WHERE coalesce(d.ended_at, d.ends_at) > since AND (
                catalog_is_same_person(d.person_id, one) AND catalog_is_same_person(d.deputy_id, other)
                OR catalog_is_same_person(d.person_id, other) AND catalog_is_same_person(d.deputy_id, one))
            UNION ALL
            SELECT greatest(x.at, y.at)
            FROM of_one x JOIN of_other y
                ON (x.taken_over OR y.taken_over) AND x.by_id NOT IN (one, other) AND y.by_id NOT IN (one, other)
                AND catalog_is_same_person(x.by_id, y.by_id)
            JOIN catalog_person p ON p.id = x.by_id AND NOT p.is_superuser
            UNION ALL
            SELECT c.at FROM (
                SELECT a.by_id, a.at, other AS counterpart FROM of_one a WHERE a.by_id <> one
                UNION ALL
                SELECT b.by_id, b.at, one FROM of_other b WHERE b.by_id <> other) c
            WHERE catalog_is_same_person(c.by_id, c.counterpart)) t
        WHERE t.at > since);
END $$;

CREATE OR REPLACE FUNCTION catalog_is_tied(one bigint, other bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT catalog_tied_since(one, other) IS NOT NULL
$$;

CREATE OR REPLACE FUNCTION catalog_is_tied_to_owner(person bigint, product bigint, since timestamp with time zone) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM catalog_owners_since(product, since) o WHERE catalog_is_tied(person, o));
END $$;

CREATE OR REPLACE FUNCTION catalog_is_tied_to_decision_owner(person bigint, use_case bigint, since timestamp with time zone)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM catalog_decision_owners_since(use_case, since) o WHERE catalog_is_tied(person, o));
END $$;

CREATE OR REPLACE FUNCTION catalog_is_tied_to_asker(person bigint, agreement bigint) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT 1 FROM catalog_askers_of(agreement) a WHERE catalog_is_tied(person, a));
END $$;
