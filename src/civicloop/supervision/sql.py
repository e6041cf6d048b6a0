"""Named statements of supervision: the number of an order, the sweeper's claim, what suggests an order.

The sweeper works as that of the matters (matters.sql): what is due is found by an index of its own and claimed with a
lease by one conditional UPDATE, by any number of workers; nothing due costs one look at the index.
"""

NEXT_NUMBER = "SELECT nextval('supervision_number_seq')"

ANY_MARK = """
SELECT 1 FROM supervision_order WHERE mark_at <= %(now)s AND (leased_until IS NULL OR leased_until < %(now)s)
ORDER BY mark_at LIMIT 1"""
CLAIM_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('supervision.marks', 0))"
CLAIM_MARKS = """
UPDATE supervision_order SET leased_until = %(until)s
WHERE id IN (
    SELECT id FROM supervision_order
    WHERE mark_at <= %(now)s AND (leased_until IS NULL OR leased_until < %(now)s)
    ORDER BY mark_at LIMIT %(batch)s)
  AND mark_at <= %(now)s AND (leased_until IS NULL OR leased_until < %(now)s)
RETURNING id"""
CLAIM_MARK_OF_ORDER = """
UPDATE supervision_order SET leased_until = %(until)s
WHERE id = %(id)s AND mark_at <= %(now)s AND (leased_until IS NULL OR leased_until < %(now)s)
RETURNING id"""
