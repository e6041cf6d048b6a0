"""The named statements of this room. What is read here covers many matters, so it goes over Django's own cursor.

An entry is covered when a leaf of its matter has its seq or a higher one: the chain carries the rest.
"""

_UNCOVERED = """FROM matters_entry e
WHERE e.at >= %(since)s AND e.at < %(until)s
    AND NOT EXISTS (SELECT FROM receipts_dailyleaf l WHERE l.matter_id = e.matter_id AND l.seq >= e.seq)"""

# the statistic days on which entries were made that no root covers yet
OPEN_DAYS = f"""
SELECT DISTINCT ((e.at AT TIME ZONE %(zone)s) - %(start)s::interval)::date AS day
{_UNCOVERED}
ORDER BY day"""

# the head of every matter with such an entry: its last one before the day's end
HEADS = f"""
SELECT DISTINCT ON (e.matter_id) e.matter_id, e.seq, e.hash
{_UNCOVERED}
ORDER BY e.matter_id, e.seq DESC"""

# one process at a time makes roots; the others wait and find the day closed
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('receipts.roots', 0))"

ADD_LEAVES = "COPY receipts_dailyleaf (matter_id, seq, day, head) FROM STDIN"

# what a proof reads beside the timelines of a span of ids
PROOF_LEAVES = """SELECT matter_id, seq, day, head FROM receipts_dailyleaf
WHERE matter_id BETWEEN %(since)s AND %(until)s ORDER BY matter_id, seq"""
PROOF_DAYS = "SELECT day, count(*) FROM receipts_dailyleaf GROUP BY day ORDER BY day"
PROOF_ENTERED = "SELECT DISTINCT matter_id FROM matters_entry WHERE at >= %(since)s AND at < %(until)s"
