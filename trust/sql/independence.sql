-- For how long nobody is the counterpart, in an act of two, of an account that they changed: a setting of the trust policy.

CREATE OR REPLACE FUNCTION trust_independence_interval() RETURNS interval LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT (body ->> 'independence_interval')::interval FROM trust_trustpolicyversion WHERE is_current), interval '30 days')
$$;
