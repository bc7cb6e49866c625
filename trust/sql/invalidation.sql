-- Mark the stored verdicts of products, and of everything downstream of them, as outdated.
--
-- Every product has its row in `trust_currentverdict` from the moment that it is inserted. A change to a claim, a suite,
-- an incident, a waiver, a trust policy, a finished run or an owner's account sets `invalidated`, by the triggers of the
-- other files; readers judge again before they answer. Being in the database, this cannot be skipped by a shell, a
-- worker or a new entry point. `trust_lock_closure` takes the row locks in one order (by product), which is why judging
-- calls it too: two writers can wait for one another, but not in a circle.

CREATE OR REPLACE FUNCTION trust_lock_closure(products bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM trust_currentverdict
    WHERE product_id IN (SELECT trust_closure(products)) ORDER BY product_id FOR NO KEY UPDATE;
END $$;

CREATE OR REPLACE FUNCTION trust_invalidate(products bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM trust_lock_closure(products);
    UPDATE trust_currentverdict SET invalidated = true, invalidated_at = clock_timestamp()
    WHERE product_id IN (SELECT trust_closure(products)) AND NOT invalidated;
END $$;
