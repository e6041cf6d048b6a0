"""The statements of the page: each counts rows that a selector has limited to what the reader may see.

The rows come as a compiled query (`{rows}`), by which the lists are made as well; so a figure is what its list holds.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from civicloop.foundation import hot

# open matters by part, stage and age, and by who holds them: what is open is read once, whatever is counted of it.
# GROUPING tells the groups apart; -1: of a unit, since when the longest and the middle one wait, where most are
OPEN = """
WITH o (part, unit_id, stage, due_at, step_at, received_at, hold_until, raised) AS MATERIALIZED ({rows}),
a AS (SELECT o.*, width_bucket(received_at, %s::timestamptz[]) AS age FROM o)
SELECT GROUPING(part, stage, age), part::bigint, stage::text, age, NULL::bigint, NULL::timestamptz, count(*),
    count(*) FILTER (WHERE due_at < %s), count(*) FILTER (WHERE due_at >= %s AND due_at < %s),
    count(*) FILTER (WHERE due_at >= %s AND due_at < %s), count(*) FILTER (WHERE raised),
    count(*) FILTER (WHERE hold_until >= %s AND hold_until < %s), min(step_at)
FROM a GROUP BY GROUPING SETS ((), (part), (stage), (age))
UNION ALL
(SELECT -1, NULL::bigint, (mode() WITHIN GROUP (ORDER BY stage))::text, NULL::int, unit_id,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY step_at DESC), count(*), count(*) FILTER (WHERE due_at < %s),
    0, 0, 0, 0, min(step_at)
FROM o GROUP BY unit_id ORDER BY min(step_at), unit_id LIMIT %s)"""

# who waits for whom: parts that a unit owes to the one that is accountable
OWED = """
WITH p (holder_id, unit_id, matter_id, opened_at) AS ({rows})
SELECT holder_id, unit_id, count(DISTINCT matter_id), min(opened_at),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY opened_at DESC)
FROM p GROUP BY holder_id, unit_id ORDER BY min(opened_at), holder_id, unit_id LIMIT %s"""

# (what, name, procedures, matters with it still to be kept, matters where it was missed today)
PROMISED = """
WITH q (what, procedure_id, name, matter_id, due_at) AS ({rows})
SELECT what, name, array_agg(DISTINCT procedure_id), count(DISTINCT matter_id) FILTER (WHERE due_at >= %s),
    count(DISTINCT matter_id) FILTER (WHERE due_at < %s)
FROM q GROUP BY what, name ORDER BY what, name"""

# how matters came back: (how, matters, times) of these days, and of the days before
CAME_BACK = """
WITH f (how, matter_id, late, n) AS ({rows})
SELECT how, count(*) FILTER (WHERE late AND n > 0), coalesce(sum(n) FILTER (WHERE late AND n > 0), 0)::bigint,
    count(*) FILTER (WHERE NOT late AND n > 0)
FROM f GROUP BY how"""

# (orders, overdue, open matters that they push, of those whose answer is due today: to be kept, missed already)
ORDERS = """
WITH q (id, waits, due_at) AS MATERIALIZED ({rows}),
m (order_id, matter_id) AS (SELECT p.* FROM ({pushed}) p JOIN q ON q.id = p.order_id),
t AS (SELECT m.matter_id, q.due_at FROM m JOIN q ON q.id = m.order_id
    WHERE q.waits AND q.due_at >= %s AND q.due_at < %s)
SELECT (SELECT count(*) FROM q), (SELECT count(*) FROM q WHERE waits AND due_at < %s),
    (SELECT count(DISTINCT matter_id) FROM m), (SELECT count(DISTINCT matter_id) FROM t WHERE due_at >= %s),
    (SELECT count(DISTINCT matter_id) FROM t WHERE due_at < %s)"""


def read(statement: str, values: Sequence[Any], **queries: QuerySet[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement over compiled queries, in the order in which the statement names them."""
    compiled = {name: query.query.sql_with_params() for name, query in queries.items()}
    text = statement.format(**{name: each[0] for name, each in compiled.items()})
    return hot.rows_of(text, [*(value for each in compiled.values() for value in each[1]), *values])
