"""The statements of the page: each counts rows that a selector has limited to what the reader may see.

The rows come as a compiled query (`{rows}`), by which the lists are made as well; so a figure is what its list holds.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from civicloop.foundation import hot

Rows = list[tuple[Any, ...]]

# open matters by part, stage and age, and by who holds them: what is open is read once, whatever is counted of it.
# They are counted by part, stage and age together; the sums of each are sums of these few groups. GROUPING tells the
# groups apart; -1: of a unit, since when the longest and the middle one wait, where most are; and how many units hold
OPEN = """
WITH o (part, unit_id, stage, due_at, step_at, received_at, hold_until, raised) AS MATERIALIZED ({rows}),
g AS MATERIALIZED (SELECT part, stage, {age} AS age, count(*) AS n,
    count(*) FILTER (WHERE due_at < %s) AS overdue, count(*) FILTER (WHERE due_at >= %s AND due_at < %s) AS soon,
    count(*) FILTER (WHERE due_at >= %s AND due_at < %s) AS today, count(*) FILTER (WHERE raised) AS raised,
    count(*) FILTER (WHERE hold_until >= %s AND hold_until < %s) AS hold, min(step_at) AS since
    FROM o GROUP BY 1, 2, 3)
SELECT GROUPING(part, stage, age), part::bigint, stage::text, age, NULL::bigint, NULL::timestamptz, NULL::bigint,
    coalesce(sum(n), 0)::bigint, coalesce(sum(overdue), 0)::bigint, coalesce(sum(soon), 0)::bigint,
    coalesce(sum(today), 0)::bigint, coalesce(sum(raised), 0)::bigint, coalesce(sum(hold), 0)::bigint, min(since)
FROM g GROUP BY GROUPING SETS ((), (part), (stage), (age))
UNION ALL
(SELECT -1, NULL::bigint, (mode() WITHIN GROUP (ORDER BY stage))::text, NULL::int, unit_id,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY step_at DESC), count(*) OVER (), count(*),
    count(*) FILTER (WHERE due_at < %s), 0, 0, 0, 0, min(step_at)
FROM o GROUP BY unit_id ORDER BY min(step_at), unit_id LIMIT %s)"""

# who waits for whom: parts that a unit owes to the one that is accountable
OWED = """
WITH p (holder_id, unit_id, matter_id, opened_at) AS ({rows})
SELECT holder_id, unit_id, count(DISTINCT matter_id), min(opened_at),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY opened_at DESC)
FROM p GROUP BY holder_id, unit_id ORDER BY min(opened_at), holder_id, unit_id LIMIT %s"""

# (what, name, procedures, matters with it still to be kept, matters where it was missed today): what falls due is found
# first, and its matters are looked up among those that the reader sees
PROMISED = """
WITH d (what, name, matter_id, due_at) AS MATERIALIZED ({due}), m (id, procedure_id) AS ({rows})
SELECT d.what, d.name, array_agg(DISTINCT m.procedure_id),
    count(DISTINCT d.matter_id) FILTER (WHERE d.due_at >= %s),
    count(DISTINCT d.matter_id) FILTER (WHERE d.due_at < %s)
FROM d JOIN m ON m.id = d.matter_id
GROUP BY d.what, d.name ORDER BY d.what, d.name"""

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


def age(borders: int) -> str:
    """Between which of so many moments, the oldest first, something was received; 0 is before all of them."""
    return f"CASE {' '.join(f'WHEN received_at < %s THEN {at}' for at in range(borders))} ELSE {borders} END"


def read(
    statement: str, values: Sequence[Any], words: Mapping[str, str] | None = None, **queries: QuerySet[Any]
) -> Rows:
    """The rows of a statement over compiled queries, in the order in which the statement names them.

    `words` are pieces of text; the values of the queries come before all others.
    """
    compiled = {name: query.query.sql_with_params() for name, query in queries.items()}
    text = statement.format(**{name: each[0] for name, each in compiled.items()}, **(words or {}))
    return hot.rows_of(text, [*(value for each in compiled.values() for value in each[1]), *values])
