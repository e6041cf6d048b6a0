"""Named statements of the people room that lie on the hot path."""

# what units have delegated to a post (p) and is in force: [kinds, level and id of the area, whether to act]
_DELEGATED = """(SELECT jsonb_agg(jsonb_build_array(d.kinds, dr.level, d.area_id, d.act))
    FROM people_delegation d JOIN places_area dr ON dr.id = d.area_id
    WHERE (d.to_unit_id = p.unit_id OR d.to_post_code = p.code) AND d.valid_from <= %(now)s AND d.valid_to > %(now)s
        AND (d.revoked_at IS NULL OR d.revoked_at > %(now)s))"""
_ACTOR_COLUMNS = f"""
    a.id AS account, a.username, p.id AS post, p.role, p.also, p.unit_id AS unit, p.area_id AS area, r.level, p.classes,
    p.confidentiality, {_DELEGATED} AS delegated"""
_ACTOR_JOINS = """
    JOIN people_post p ON p.id = h.post_id AND p.valid_from <= %(now)s AND (p.valid_to IS NULL OR p.valid_to > %(now)s)
    JOIN places_area r ON r.id = p.area_id"""

# who a bearer token acts for; one read, checked on every request of a program
ACTOR_OF_TOKEN = f"""
SELECT {_ACTOR_COLUMNS}, t.scopes
FROM people_apitoken t
JOIN people_account a ON a.id = t.account_id AND a.is_active
JOIN people_holding h ON h.account_id = t.account_id AND h.post_id = t.post_id
    AND h.since <= %(now)s AND (h.until IS NULL OR h.until > %(now)s)
{_ACTOR_JOINS}
WHERE t.hash = %(hash)s AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > %(now)s)"""

# an account is away now; {account} is the column of its id
AWAY = """EXISTS (SELECT FROM people_absence b WHERE b.account_id = {account} AND b.since <= %(now)s
    AND b.until > %(now)s AND (b.ended_at IS NULL OR b.ended_at > %(now)s))"""
# the holdings of a post that are in force; {post} is the column of its id
_HELD = """SELECT h2.account_id FROM people_holding h2 JOIN people_account a2 ON a2.id = h2.account_id AND a2.is_active
    WHERE h2.post_id = {post} AND h2.since <= %(now)s AND (h2.until IS NULL OR h2.until > %(now)s)"""
# somebody who holds the post is there
PRESENT = f"EXISTS ({_HELD} AND NOT {AWAY.format(account='h2.account_id')})"
# whose work a vacant or left post is: those who hold it, else who held it last
_WHOSE = f"""coalesce(nullif(ARRAY({_HELD.format(post="p.id")}), '{{}}'), ARRAY(
    SELECT h3.account_id FROM people_holding h3 JOIN people_post p3 ON p3.id = h3.post_id
    WHERE p3.code = p.code AND h3.until <= %(now)s ORDER BY h3.until DESC LIMIT 1))"""

# the posts that a signed-in account holds now, in a stable order; then those for which one of them stands in now
ACTORS_OF_ACCOUNT = f"""
WITH own AS MATERIALIZED (
    SELECT {_ACTOR_COLUMNS}, p.code
    FROM people_account a
    JOIN people_holding h ON h.account_id = a.id AND h.since <= %(now)s AND (h.until IS NULL OR h.until > %(now)s)
    {_ACTOR_JOINS}
    WHERE a.id = %(account)s AND a.is_active),
given AS (
    SELECT o.account, o.username, o.post AS own_post, o.unit AS own_unit, s.post_code, NULL::bigint AS giver
    FROM own o JOIN people_standin s ON s.stand_in_code = o.code AND s.valid_from <= %(now)s
        AND (s.valid_to IS NULL OR s.valid_to > %(now)s)
    UNION ALL
    SELECT o.account, o.username, o.post, o.unit, v.post_code, v.giver_id
    FROM own o JOIN people_handover v ON v.taker_code = o.code AND v.confirmed_at <= %(now)s AND v.until > %(now)s
        AND (v.ended_at IS NULL OR v.ended_at > %(now)s))
SELECT o.account, o.username, o.post, o.role, o.also, o.unit, o.area, o.level, o.classes, o.confidentiality,
    o.delegated, NULL::jsonb, NULL::bigint, NULL::bigint, NULL::bigint[], 0 AS borrowed, o.code
FROM own o
UNION ALL
SELECT g.account, g.username, p.id, p.role, p.also, p.unit_id, p.area_id, r.level, p.classes, p.confidentiality,
    {_DELEGATED}, NULL::jsonb, g.own_post, g.own_unit, CASE WHEN g.giver IS NULL THEN {_WHOSE} ELSE ARRAY[g.giver] END,
    1, p.code
FROM given g
JOIN people_post p ON p.code = g.post_code AND p.valid_from <= %(now)s AND (p.valid_to IS NULL OR p.valid_to > %(now)s)
JOIN places_area r ON r.id = p.area_id
WHERE NOT EXISTS (SELECT FROM own o WHERE o.post = p.id)
    AND (g.giver IS NOT NULL OR NOT {PRESENT.format(post="p.id")}) AND NOT {AWAY.format(account="g.account")}
ORDER BY borrowed, code"""

# posts in force at which nobody is now: (post, who holds it, who stands in); none of programs' posts
EMPTY_POSTS = f"""
SELECT p.id, ARRAY({_HELD.format(post="p.id")}) AS away, ARRAY(
    SELECT DISTINCT h4.account_id FROM people_standin s
    JOIN people_post q ON q.code = s.stand_in_code AND q.valid_from <= %(now)s
        AND (q.valid_to IS NULL OR q.valid_to > %(now)s)
    JOIN people_holding h4 ON h4.post_id = q.id AND h4.since <= %(now)s AND (h4.until IS NULL OR h4.until > %(now)s)
    JOIN people_account a4 ON a4.id = h4.account_id AND a4.is_active
    WHERE s.post_code = p.code AND s.valid_from <= %(now)s AND (s.valid_to IS NULL OR s.valid_to > %(now)s)
        AND NOT {AWAY.format(account="h4.account_id")})
FROM people_post p
WHERE p.valid_from <= %(now)s AND (p.valid_to IS NULL OR p.valid_to > %(now)s) AND p.role <> 'resident_channel'
    AND NOT {PRESENT.format(post="p.id")}
ORDER BY p.code LIMIT 5000"""

# posts in force with who is there for them: who holds them and is not away, to whom the shift was handed over, and
# where that is nobody, who stands in. By unit, area, city level or id; no roles: all of them
ON_DUTY = f"""
SELECT p.id, p.unit_id, p.area_id, r.level, p.role, p.also, p.confidentiality, coalesce(nullif(ARRAY(
    SELECT h5.account_id FROM people_holding h5 JOIN people_account a5 ON a5.id = h5.account_id AND a5.is_active
    WHERE h5.post_id = p.id AND h5.since <= %(now)s AND (h5.until IS NULL OR h5.until > %(now)s)
        AND NOT {AWAY.format(account="h5.account_id")}
    UNION SELECT h6.account_id FROM people_handover v
    JOIN people_post q6 ON q6.code = v.taker_code AND q6.valid_from <= %(now)s
        AND (q6.valid_to IS NULL OR q6.valid_to > %(now)s)
    JOIN people_holding h6 ON h6.post_id = q6.id AND h6.since <= %(now)s AND (h6.until IS NULL OR h6.until > %(now)s)
    JOIN people_account a6 ON a6.id = h6.account_id AND a6.is_active
    WHERE v.post_code = p.code AND v.confirmed_at <= %(now)s AND v.until > %(now)s
        AND (v.ended_at IS NULL OR v.ended_at > %(now)s)), '{{}}'), ARRAY(
    SELECT DISTINCT h4.account_id FROM people_standin s
    JOIN people_post q ON q.code = s.stand_in_code AND q.valid_from <= %(now)s
        AND (q.valid_to IS NULL OR q.valid_to > %(now)s)
    JOIN people_holding h4 ON h4.post_id = q.id AND h4.since <= %(now)s AND (h4.until IS NULL OR h4.until > %(now)s)
    JOIN people_account a4 ON a4.id = h4.account_id AND a4.is_active
    WHERE s.post_code = p.code AND s.valid_from <= %(now)s AND (s.valid_to IS NULL OR s.valid_to > %(now)s)
        AND NOT {AWAY.format(account="h4.account_id")}))
FROM people_post p JOIN places_area r ON r.id = p.area_id
WHERE p.valid_from <= %(now)s AND (p.valid_to IS NULL OR p.valid_to > %(now)s) AND p.role <> 'resident_channel'
    AND (p.unit_id = ANY(%(units)s::bigint[]) OR p.area_id = ANY(%(areas)s::bigint[]) OR p.id = ANY(%(posts)s::bigint[])
        OR (%(city)s AND r.level = 'city'))
    AND (cardinality(%(roles)s::text[]) = 0 OR p.role = ANY(%(roles)s::text[]) OR p.also ?| %(roles)s::text[])
ORDER BY p.code"""

# two delegations entered at once see each other
LOCK_DELEGATIONS = "SELECT pg_advisory_xact_lock(hashtextextended('people.delegation', 0))"
# two stand-ins named at once see each other
LOCK_STAND_INS = "SELECT pg_advisory_xact_lock(hashtextextended('people.standing', 0))"

# held by an import of units or people until its transaction ends
LOCK_IMPORTS = "SELECT pg_advisory_xact_lock(hashtextextended('people.import', 0))"

# counts a try to sign in when one may be made now; no row comes back while the name has to wait
COUNT_TRY = """
INSERT INTO people_signinlock AS l (key, tries, until, last_at) VALUES (%(key)s, 1, %(open)s, %(now)s)
ON CONFLICT (key) DO UPDATE SET
    tries = CASE WHEN l.last_at < %(forgotten)s THEN 1 ELSE least(l.tries + 1, 1000) END,
    until = CASE WHEN l.last_at < %(forgotten)s OR l.tries + 1 < %(free)s THEN %(open)s ELSE %(now)s + make_interval(
        secs => least(%(longest)s, %(first)s * 2.0 ^ least(l.tries + 1 - %(free)s, 20))) END,
    last_at = %(now)s
WHERE l.until <= %(now)s
RETURNING tries"""

# $1 units, $2 accounts: those units, the units of all posts of those accounts, and every unit above one of them
UNITS_ABOVE = """ARRAY(WITH RECURSIVE up(id, parent_id) AS (
    SELECT u.id, u.parent_id FROM people_unit u WHERE u.id = ANY(%s::bigint[]) OR u.id IN (
        SELECT p.unit_id FROM people_holding h JOIN people_post p ON p.id = h.post_id
        WHERE h.account_id = ANY(%s::bigint[]) AND (h.until IS NULL OR h.until > %s)
            AND (p.valid_to IS NULL OR p.valid_to > %s))
    UNION SELECT u.id, u.parent_id FROM people_unit u JOIN up ON u.id = up.parent_id) SELECT up.id FROM up)"""
# the units of the array {units} with all below them, and the accounts that hold a post in one of them; None for none
UNITS_BELOW = """(SELECT CASE WHEN cardinality({units}) = 0 THEN NULL ELSE (
    WITH RECURSIVE down(id) AS (
        SELECT unnest({units}) UNION SELECT u.id FROM people_unit u JOIN down ON u.parent_id = down.id)
    SELECT jsonb_build_object('units', (SELECT jsonb_agg(down.id) FROM down), 'accounts', (
        SELECT jsonb_agg(DISTINCT h.account_id) FROM people_holding h JOIN people_post p ON p.id = h.post_id
        WHERE p.unit_id IN (SELECT down.id FROM down) AND (h.until IS NULL OR h.until > %(now)s)
            AND (p.valid_to IS NULL OR p.valid_to > %(now)s)))) END)"""
