"""Named statements of the people room that lie on the hot path."""

_ACTOR_COLUMNS = """
    a.id, a.username, p.id, p.role, p.also, p.unit_id, p.area_id, r.level, p.classes, p.confidentiality"""
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

# the posts that a signed-in account holds now, in a stable order
ACTORS_OF_ACCOUNT = f"""
SELECT {_ACTOR_COLUMNS}, NULL::jsonb
FROM people_account a
JOIN people_holding h ON h.account_id = a.id AND h.since <= %(now)s AND (h.until IS NULL OR h.until > %(now)s)
{_ACTOR_JOINS}
WHERE a.id = %(account)s AND a.is_active
ORDER BY p.code"""

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
