"""Named statements of this room, and the owner's function that replaces an envelope by one under the newest key."""

# Sealed values are only ever added to. This is the one way to replace one, and it can do no more than a change of keys
# needs: it puts an envelope under the newest key in the place of one under another key, once for each change, and
# touches nothing beside the envelope and its look-up hash. The newest key is what the owner has written down.
RESEAL_SIGNATURE = "civicloop_reseal(jsonb)"
RESEAL_FUNCTION = """
CREATE OR REPLACE FUNCTION civicloop_key_of(envelope bytea) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $body$
    SELECT CASE WHEN length(envelope) < 2 THEN '' WHEN envelope IS NOT NULL
        THEN encode(substring(envelope FROM 3 FOR get_byte(envelope, 1)), 'escape') END
$body$;
CREATE OR REPLACE FUNCTION civicloop_reseal(wanted jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $body$
DECLARE
    newest records_keychange%ROWTYPE; replaced integer;
BEGIN
    SELECT * INTO newest FROM records_keychange WHERE installed_at IS NOT NULL ORDER BY id DESC LIMIT 1;
    UPDATE records_sealedvalue v SET envelope = x.fresh, lookup = x.lookup
    FROM (
        SELECT r.matter_id, r.no, decode(r.envelope, 'base64') AS known, decode(r.fresh, 'base64') AS fresh,
            decode(r.lookup, 'base64') AS lookup
        FROM jsonb_to_recordset(wanted) AS r(matter_id uuid, no integer, envelope text, fresh text, lookup text)
    ) x
    WHERE v.matter_id = x.matter_id AND v.no = x.no AND v.envelope = x.known
        AND civicloop_key_of(x.fresh) = newest.sealing
        AND (civicloop_key_of(v.envelope) <> newest.sealing OR civicloop_key_of(v.lookup) <> newest.lookup)
        AND (v.lookup IS NULL) = (x.lookup IS NULL)
        AND (x.lookup IS NULL OR civicloop_key_of(x.lookup) = newest.lookup);
    GET DIAGNOSTICS replaced = ROW_COUNT;
    RETURN replaced;
END $body$;
REVOKE ALL ON FUNCTION civicloop_reseal(jsonb) FROM PUBLIC;
"""
RESEAL = "SELECT civicloop_reseal(%(wanted)s::jsonb)"

# one step of the walk: by the key of the table, so that it goes on where a killed worker stood
NEXT_VALUES = """
SELECT matter_id, no, field, envelope, lookup FROM records_sealedvalue
WHERE (matter_id, no) > (%(matter)s::uuid, %(no)s) ORDER BY matter_id, no LIMIT %(most)s"""

# how many values need which key; reads the whole table, for an operator who asks and at the end of a change
NEEDED = """
SELECT 'sealing', civicloop_key_of(envelope), count(*) FROM records_sealedvalue GROUP BY 2
UNION ALL
SELECT 'lookup', civicloop_key_of(lookup), count(*) FROM records_sealedvalue WHERE lookup IS NOT NULL GROUP BY 2"""

ONE_AT_A_TIME = "SELECT pg_try_advisory_xact_lock(hashtextextended('civicloop resealing', 0))"

# held by the connection, not by a transaction, since a change of keys commits in between; freed when the process dies
KEYS_ALONE = "SELECT pg_advisory_lock(hashtextextended('civicloop keys', 0))"
KEYS_FREE = "SELECT pg_advisory_unlock(hashtextextended('civicloop keys', 0))"
