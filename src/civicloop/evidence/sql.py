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
