"""Named statements of this room."""

# photos of a year that share the digest, or one of four sixteen-bit parts of the perceptual hash, with one photo.
# Hashes that differ in at most three bits agree in at least one part, so none of those is missed.
LIKE = """
SELECT e.matter_id, e.id, e.stage, e.sha256, e.dhash
FROM evidence_evidence e
WHERE e.matter_id >= %(since)s AND NOT e.synthetic AND e.created_at <= %(at)s
    AND NOT (e.matter_id = %(matter)s AND e.id = %(id)s)
    AND (e.sha256 = %(sha256)s
        OR ((e.dhash >> 48) & 65535) = %(part0)s OR ((e.dhash >> 32) & 65535) = %(part1)s
        OR ((e.dhash >> 16) & 65535) = %(part2)s OR ((e.dhash >> 0) & 65535) = %(part3)s)
ORDER BY e.created_at DESC
LIMIT 2000"""

# A row of evidence is never changed, but for where its sealed original lies: the owner's function does that, for an
# original that needs another key than the newest one that the owner has written down.
RESEAL_SIGNATURE = "civicloop_reseal_original(uuid, uuid, text, text, text)"
RESEAL_FUNCTION = """
CREATE OR REPLACE FUNCTION civicloop_reseal_original(
    wanted_matter uuid, wanted uuid, known text, fresh text, fresh_key text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $body$
DECLARE
    newest text; replaced integer;
BEGIN
    SELECT c.sealing INTO newest FROM records_keychange c WHERE c.installed_at IS NOT NULL ORDER BY c.id DESC LIMIT 1;
    UPDATE evidence_evidence e SET sealed_original = fresh, sealed_with = fresh_key
    WHERE e.matter_id = wanted_matter AND e.id = wanted AND e.sealed_original = known AND e.sealed_with <> newest
        AND fresh_key = newest AND fresh ~ '^[0-9a-f]{64}$';
    GET DIAGNOSTICS replaced = ROW_COUNT;
    RETURN replaced;
END $body$;
REVOKE ALL ON FUNCTION civicloop_reseal_original(uuid, uuid, text, text, text) FROM PUBLIC;
"""
RESEAL = "SELECT civicloop_reseal_original(%(matter)s, %(id)s, %(known)s, %(fresh)s, %(key)s)"
NEXT_ORIGINALS = """
SELECT matter_id, id, sealed_original FROM evidence_evidence
WHERE (matter_id, id) > (%(matter)s::uuid, %(id)s::uuid) AND sealed_with <> %(key)s ORDER BY matter_id, id
LIMIT %(most)s"""
NEEDED = "SELECT sealed_with, count(*) FROM evidence_evidence GROUP BY sealed_with"
