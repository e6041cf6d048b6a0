"""The named statements of this room. What is read here covers many matters, so it goes over Django's own cursor.

An entry is covered when a leaf of its matter has its seq or a higher one: the chain carries the rest.
"""

from collections.abc import Sequence

from civicloop.receipts.logs import Log, texts

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

# -- logs: a line is covered when its hash is kept under a head (receipts.logs)

_BARE = """FROM {table} t
WHERE t.{at} >= %(since)s AND t.{at} < %(until)s
    AND NOT EXISTS (SELECT FROM receipts_logline l WHERE l.log = %(log)s AND l.line_id = t.id)"""


def bare_lines(log: Log) -> str:
    """The lines of a log that no head covers yet: number, then every hashed column as text."""
    return f"SELECT t.id, {texts(log)} {_BARE.format(table=log.table, at=log.at)} ORDER BY t.id"


def bare_line(log: Log, but: str = "") -> str:
    """Whether there is such a line; `but` is a further condition."""
    return f"SELECT EXISTS (SELECT {_BARE.format(table=log.table, at=log.at)} {but})"


def bare_numbers(log: Log) -> str:
    """The numbers of such lines, with their moments as text."""
    return f"SELECT t.id, t.{log.at}::text {_BARE.format(table=log.table, at=log.at)} ORDER BY t.id LIMIT %(most)s"


def covered_lines(log: Log, columns: Sequence[str]) -> str:
    """The lines under one head: number, kept hash, whether the line is there, whether it came late, its columns."""
    return f"""SELECT l.line_id, l.hash, t.id IS NOT NULL, t.{log.at} < %(before)s, {texts(log, columns)}
FROM receipts_logline l LEFT JOIN {log.table} t ON t.id = l.line_id
WHERE l.log = %(log)s AND l.no = %(no)s ORDER BY l.line_id"""


ADD_LOG_LINES = "COPY receipts_logline (log, line_id, no, hash) FROM STDIN"

# lines that say they are covered by a head that is not there
LOG_STRANGERS = """SELECT l.log, l.no, count(*) FROM receipts_logline l
WHERE NOT EXISTS (SELECT FROM receipts_loghead h WHERE h.log = l.log AND h.no = l.no)
GROUP BY l.log, l.no ORDER BY l.log, l.no"""
