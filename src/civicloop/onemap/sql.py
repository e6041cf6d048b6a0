"""The statements of the map: folding, making anew, and what a tile reads. Each read takes counts and what is not folded
yet in one statement, so that it is exact at every moment. Over Django's own cursor: their plans must see the values.
"""

from civicloop.matters import sql as matters
from civicloop.onemap.choices import STATES

_STATES = ", ".join(f"'{state}'" for state in STATES)
STATE_OF_DELTA = f"(array_position(ARRAY[{_STATES}], d.state::text) - 1)::smallint"
STATE_OF_MATTER = f"""(array_position(ARRAY[{_STATES}],
    CASE WHEN m."end" = '' THEN m.stage ELSE 'ended' END::text) - 1)::smallint"""
STAGE_OF_OPEN = f"(array_position(ARRAY[{_STATES}], m.stage::text) - 1)::smallint"
MONTH = "extract(year FROM d.came)::int * 100 + extract(month FROM d.came)::int"

# one change counts at each of these: (level, area, cell, month)
_PLACES = f"""(VALUES
    (1, COALESCE(d.district_id, 0), 0::bigint, {MONTH}), (2, COALESCE(d.subdistrict_id, 0), 0, {MONTH}),
    (3, COALESCE(d.community_id, 0), 0, {MONTH}), (4, COALESCE(d.grid_id, 0), 0, 0),
    (13, COALESCE(d.district_id, 0), d.cell >> 22, {MONTH}), (15, COALESCE(d.district_id, 0), d.cell >> 18, 0),
    (17, COALESCE(d.subdistrict_id, d.district_id, 0), d.cell >> 14, 0),
    (19, COALESCE(d.community_id, d.subdistrict_id, d.district_id, 0), d.cell >> 10, 0)
    ) AS p(level, area, cell, month)"""
_ADD = f"""INSERT INTO onemap_rollup (level, area, cell, month, state, class_code, n)
    SELECT p.level, p.area, p.cell, p.month, {STATE_OF_DELTA}, d.class_code, sum(d.delta)
    FROM d, LATERAL {_PLACES} WHERE p.cell IS NOT NULL
    GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(d.delta) <> 0 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (level, area, cell, month, state, class_code) DO UPDATE SET n = onemap_rollup.n + EXCLUDED.n"""
# and by its kind at each of these: (level, area, cell)
_KIND_PLACES = """(VALUES (1, COALESCE(d.district_id, 0), 0::bigint),
    (11, COALESCE(d.subdistrict_id, d.district_id, 0), COALESCE(d.cell >> 26, -1))) AS p(level, area, cell)"""
_ADD_KINDS = f"""INSERT INTO onemap_kindrollup (kind, level, cell, area, month, state, n)
    SELECT d.kind_id, p.level, p.cell, p.area, {MONTH}, {STATE_OF_DELTA}, sum(d.delta) FROM d, LATERAL {_KIND_PLACES}
    GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(d.delta) <> 0 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (kind, level, cell, area, month, state) DO UPDATE SET n = onemap_kindrollup.n + EXCLUDED.n"""

ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('onemap.fold', 0))"
ANYTHING = "SELECT 1 FROM matters_celldelta LIMIT 1"
FOLD = f"""
WITH d AS ({matters.TAKE_CELLS}), a AS ({_ADD}), k AS ({_ADD_KINDS})
SELECT count(*) FROM d"""
TIDY = ("DELETE FROM onemap_rollup WHERE n = 0", "DELETE FROM onemap_kindrollup WHERE n = 0")
# everything anew: the matters and the deltas that are taken away are of one moment, since it is one statement
CLEAR = ("DELETE FROM onemap_rollup", "DELETE FROM onemap_kindrollup")
_AS_THEY_ARE = """SELECT m.cell, m.district_id, m.subdistrict_id, m.community_id, m.grid_id,
        CASE WHEN m."end" = '' THEN m.stage ELSE 'ended' END AS state, m.class_code,
        COALESCE(m.kind_id, 0) AS kind_id, (m.received_at AT TIME ZONE %(zone)s)::date AS came, 1 AS delta
    FROM matters_matter m WHERE m.confidentiality = 0 AND m.complained_of = '{}'"""
REBUILD = f"""
WITH gone AS (DELETE FROM matters_celldelta), d AS NOT MATERIALIZED (
    {_AS_THEY_ARE}), a AS ({_ADD} RETURNING n), k AS ({_ADD_KINDS} RETURNING n)
SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM k)"""
# what differs between the counts and the matters, for the check
_AS_COUNTED = f"""
WITH d AS NOT MATERIALIZED (
    {_AS_THEY_ARE}
    UNION ALL
    SELECT cell, district_id, subdistrict_id, community_id, grid_id, state, class_code, kind_id, came, -delta
    FROM matters_celldelta),"""
DIFFERENCES = f"""{_AS_COUNTED}
want AS (
    SELECT p.level, p.area, p.cell, p.month, {STATE_OF_DELTA} AS state, d.class_code, sum(d.delta) AS n
    FROM d, LATERAL {_PLACES} WHERE p.cell IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(d.delta) <> 0)
SELECT count(*) FROM want FULL JOIN (SELECT * FROM onemap_rollup WHERE n <> 0) r
    USING (level, area, cell, month, state, class_code)
WHERE want.n IS DISTINCT FROM r.n"""
DIFFERENCES_OF_KINDS = f"""{_AS_COUNTED}
want AS (
    SELECT d.kind_id AS kind, p.level, p.cell, p.area, {MONTH} AS month, {STATE_OF_DELTA} AS state, sum(d.delta) AS n
    FROM d, LATERAL {_KIND_PLACES} GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(d.delta) <> 0)
SELECT count(*) FROM want FULL JOIN (SELECT * FROM onemap_kindrollup WHERE n <> 0) r
    USING (kind, level, cell, area, month, state)
WHERE want.n IS DISTINCT FROM r.n"""
ALL_DIFFERENCES = f"SELECT ({DIFFERENCES}) + ({DIFFERENCES_OF_KINDS})"

# how the counts stand: their revision, and how much is not folded yet; together they name one state
TOKEN = "SELECT (SELECT revision FROM onemap_foldstate), (SELECT count(*) FROM matters_celldelta)"

# a tile of counts; {counts} is one of both tables, {kept} and {fresh} are conditions composed of constants (selectors)
COUNTED = """
SELECT cell, sum(n)::int FROM (
    SELECT ((r.cell - %(first)s) >> %(down)s)::int AS cell, r.n FROM {counts} r
    WHERE r.level = %(level)s AND r.cell BETWEEN %(first)s AND %(last)s AND {kept}
    UNION ALL
    SELECT (((d.cell >> %(shift)s) - %(first)s) >> %(down)s)::int, d.delta FROM matters_celldelta d
    WHERE d.cell >> %(shift)s BETWEEN %(first)s AND %(last)s AND {fresh}) AS both_
GROUP BY cell HAVING sum(n) > 0"""
# a tile of matters themselves: cell, how many, how many are late, the least and the greatest state
RAW = f"""
SELECT ((m.cell - %(first)s) >> %(down)s)::int AS cell, count(*)::int,
    count(*) FILTER (WHERE m."end" = '' AND m.due_at < %(now)s)::int, min({STATE_OF_MATTER}), max({STATE_OF_MATTER})
FROM matters_matter m
WHERE m.cell BETWEEN %(first)s AND %(last)s AND m.confidentiality = 0 AND m.complained_of = '{{{{}}}}' AND {{wanted}}
GROUP BY 1"""
# the same of open ones by their deadline, which come from the index by due moment alone: it does not hold `end`
RAW_DUE = f"""
SELECT ((m.cell - %(first)s) >> %(down)s)::int AS cell, count(*)::int,
    count(*) FILTER (WHERE m.due_at < %(now)s)::int, min({STAGE_OF_OPEN}), max({STAGE_OF_OPEN})
FROM matters_matter m
WHERE m.cell BETWEEN %(first)s AND %(last)s AND m.confidentiality = 0 AND m.complained_of = '{{{{}}}}' AND {{wanted}}
GROUP BY 1"""
# how many matters lie in a tile, of whatever month: so many rows are read where the matters themselves are
WEIGHT = """SELECT COALESCE(sum(r.n), 0)::bigint FROM onemap_rollup r
WHERE r.level = 15 AND r.month = 0 AND r.state = ANY(%(every)s) AND r.cell BETWEEN %(first)s AND %(last)s"""
# the same of one kind
WEIGHT_OF_KIND = """SELECT COALESCE(sum(r.n), 0)::bigint FROM onemap_kindrollup r
WHERE r.kind = %(kind)s AND r.level = 11 AND r.cell BETWEEN %(first)s AND %(last)s"""
MONTHS = "SELECT min(month), max(month) FROM onemap_rollup WHERE level = 1"

# figures of areas; {column} is the level's column
OF_AREAS = """
SELECT area, sum(n)::int FROM (
    SELECT r.area, r.n FROM {counts} r WHERE r.level = %(level)s AND r.area = ANY(%(areas)s) AND {kept}
    UNION ALL
    SELECT d.{column}, d.delta FROM matters_celldelta d WHERE d.{column} = ANY(%(areas)s) AND {fresh}) AS both_
GROUP BY area"""
OF_AREAS_RAW = """
SELECT m.{column}, count(*)::int FROM matters_matter m
WHERE m.{column} = ANY(%(areas)s) AND m.confidentiality = 0 AND m.complained_of = '{{}}' AND {wanted} GROUP BY 1"""

ALL = """
SELECT (SELECT COALESCE(sum(r.n), 0) FROM {counts} r WHERE r.level = 1 AND {kept})
    + (SELECT COALESCE(sum(d.delta), 0) FROM matters_celldelta d WHERE {fresh})"""
ALL_RAW = """
SELECT count(*) FROM matters_matter m WHERE m.confidentiality = 0 AND m.complained_of = '{{}}' AND {wanted}"""

# what everybody may see: as it stood a day ago, of the last three months, nothing where there are few
_PUBLIC = """
INSERT INTO {table} ({key}, open, solved)
SELECT place, CASE WHEN open >= %(least)s THEN open ELSE 0 END, CASE WHEN solved >= %(least)s THEN solved ELSE 0 END
FROM (
    SELECT {place} AS place,
        count(*) FILTER (WHERE m.ended_at IS NULL OR m.ended_at >= %(until)s) AS open,
        count(*) FILTER (WHERE m."end" = 'solved' AND m.ended_at < %(until)s) AS solved
    FROM matters_matter m
    WHERE m.id >= %(first_id)s AND m.received_at >= %(since)s AND m.received_at < %(until)s
        AND {place} IS NOT NULL AND m.confidentiality = 0 AND m.complained_of = '{{}}'
        AND m.procedure_id = ANY(%(procedures)s)
        AND NOT EXISTS (SELECT FROM matters_doubt q WHERE q.matter_id = m.id AND q.trusted_at IS NULL)
    GROUP BY 1) AS counted
WHERE open >= %(least)s OR solved >= %(least)s"""
PUBLIC_CELLS = _PUBLIC.format(table="onemap_publiccell", key="cell", place="(m.cell >> %(shift)s)")
PUBLIC_AREAS = _PUBLIC.format(table="onemap_publicarea", key="area", place="m.district_id")
PUBLIC_CLEAR = ("DELETE FROM onemap_publiccell", "DELETE FROM onemap_publicarea")
