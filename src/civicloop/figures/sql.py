"""The statements that fold facts into cubes, read cubes with what is not folded yet, and count cubes anew.

Each reads the facts of entries through one text: the day of a fact, the lines of the cubes (figures.cubes). A reader
takes the cube and the unfolded facts in one statement, so in one snapshot: folding takes an entry's row out of
matters_unfolded in the transaction that adds its facts to the cubes, and a reader sees both or neither.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from civicloop.figures.cubes import GRID_DAYS, HOUR_LINES, LINES, Line

FOLD_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('figures.fold', 0))"
FOLD_ALONE_NOW = "SELECT pg_try_advisory_xact_lock(hashtextextended('figures.fold', 0))"
WAITING = "SELECT 1 FROM matters_unfolded ORDER BY matter_id, seq LIMIT 1"

# the statistic day of a moment, by zone and start of day
DAY = "((f.at AT TIME ZONE {zone}) - {start}::interval)::date"
_MEASURE = "CASE WHEN f.detail = '' THEN f.name ELSE f.name || ':' || f.detail END"
_KIND = "LEFT JOIN catalogue_kind k ON k.id = f.kind_id"
_STATE_DAY = DAY.format(zone="s.zone", start="s.day_start")
_HOURS = "f.name IN ('due', 'done', 'again')"
_CLOCK = "split_part(f.detail, ':', 1)"
_RUNNING = "CASE f.name WHEN 'done' THEN -f.delta ELSE f.delta END"


def _values(lines: Sequence[Line]) -> str:
    """The lines of the hours as rows: (cube, scope, member)."""
    found = [f"('{line.cube}'::text, ({line.scope})::bigint, coalesce(({line.member})::text, ''))" for line in lines]
    return "(VALUES " + ",\n        ".join(found) + ") AS c(cube, scope, member)"


def sums(facts: str, day: str, oldest: str = "", *, once: bool = True, lines: Sequence[Line] = LINES) -> str:
    """The sums of some facts (`facts` gives rows of matters_fact as f) for the cubes, each line by itself.

    `once`: the facts are kept for all lines, not read anew for each; what is much would fill the disk. `oldest`: the
    first day for which the stages of grids are kept by day.
    """
    kept = "MATERIALIZED" if once else "NOT MATERIALIZED"
    return f"""WITH p AS {kept} (
        SELECT f.district_id, f.subdistrict_id, f.community_id, f.grid_id, f.unit_id, f.kind_id, k.kind_class_id,
            f.channel, f.name, ({_MEASURE})::text AS measure, f.visibility, f.delta, f.minutes,
            {day} AS d, date_trunc('month', {day})::date AS m
        FROM {facts} {_KIND})
    {" UNION ALL ".join(_sum(line, oldest) for line in lines)}"""


def _sum(line: Line, oldest: str) -> str:
    member, only = line.member.replace("k.", "f."), line.only or "TRUE"
    if oldest and (line.cube, line.grain) == ("grid", "d"):
        only += f" AND f.d >= {oldest}"
    return f"""SELECT '{line.cube}'::text AS cube, '{line.grain}'::text AS grain, x.scope, x.start,
        coalesce(x.member::text, '') AS member, x.measure, x.visibility, x.n, x.minutes
    FROM (SELECT ({line.scope})::bigint AS scope, f.{line.grain} AS start, {member} AS member, f.measure, f.visibility,
            sum(f.delta) AS n, coalesce(sum(f.minutes), 0) AS minutes
        FROM p f WHERE {only} GROUP BY 1, 2, 3, 4, 5) x"""


def hours(facts: str) -> str:
    """The same for the hours in which limits fall due."""
    return f"""SELECT c.cube, c.scope, date_trunc('hour', f.at, 'UTC') AS hour, c.member, {_CLOCK} AS clock,
        f.visibility, sum({_RUNNING}) AS n
    FROM {facts} CROSS JOIN LATERAL {_values(HOUR_LINES)}
    WHERE {_HOURS}
    GROUP BY 1, 2, 3, 4, 5, 6"""


def _add(facts: str, day: str, generation: str, oldest: str = "") -> str:
    return f"""c AS (INSERT INTO figures_count AS t (generation, cube, grain, scope, start, member, measure, visibility,
        n, minutes)
    SELECT {generation}, q.* FROM ({sums(facts, day, oldest)}) q WHERE q.n <> 0 OR q.minutes <> 0
    ORDER BY 2, 3, 4, 5, 6, 7, 8
    ON CONFLICT (generation, cube, grain, scope, start, member, measure, visibility)
    DO UPDATE SET n = t.n + excluded.n, minutes = t.minutes + excluded.minutes RETURNING 1),
h AS (INSERT INTO figures_duehour AS t (generation, cube, scope, hour, member, clock, visibility, n)
    SELECT {generation}, q.* FROM ({hours(facts)}) q WHERE q.n <> 0
    ON CONFLICT (generation, cube, scope, hour, member, clock, visibility)
    DO UPDATE SET n = t.n + excluded.n RETURNING 1)"""


# take a batch of entries and add what they count: one statement, under FOLD_ALONE
FOLD = f"""
WITH gone AS (
    DELETE FROM matters_unfolded WHERE (matter_id, seq) IN (
        SELECT matter_id, seq FROM matters_unfolded ORDER BY matter_id, seq LIMIT %(batch)s)
    RETURNING matter_id, seq),
d AS MATERIALIZED (SELECT f.* FROM gone JOIN matters_fact f ON f.matter_id = gone.matter_id AND f.seq = gone.seq),
s AS MATERIALIZED (SELECT zone, day_start, generation FROM figures_folding WHERE id = 1),
{_add("d f CROSS JOIN s", _STATE_DAY, "(SELECT generation FROM s)")}
SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM d), (SELECT count(*) FROM c) + (SELECT count(*) FROM h)"""
FORGET_EMPTY = "DELETE FROM figures_duehour WHERE n = 0"
FORGET_GRIDS = (
    f"DELETE FROM figures_count WHERE cube = 'grid' AND grain = 'd' AND start < %(today)s::date - {GRID_DAYS}"
)

# the facts that no cube holds yet, entry by entry: a plan that begins with the facts reads all that there ever were
_FRESH = """matters_unfolded u CROSS JOIN LATERAL (
        SELECT * FROM matters_fact a WHERE a.matter_id = u.matter_id AND a.seq = u.seq OFFSET 0) f"""


def reading(
    segments: Sequence[tuple[Line, str, tuple[str, str]]], *, of_members: bool, after: Line | None,
    by: tuple[bool, bool] = (True, True),
) -> str:  # fmt: skip
    """(member, start, measure, n, minutes) of one cube within a scope: cube and fresh facts, in one statement.

    A segment is a line with the names of the values of its measures and its period; what a second one counts is taken
    away under its month. So is what is anchored from `from` on, by the line `after`, for a cube that keeps months only.
    `by` says whether starts and measures are told apart; the whole period is a sum from `since` on, all measures "".
    """
    parts = [_segment(line, measures, period, of_members, minus=place > 0)
             for place, (line, measures, period) in enumerate(segments)]  # fmt: skip
    if after is not None:
        parts.append(_cut_off(after, of_members))
    start = "start" if by[0] else "%(since)s::date AS start"
    measure = "measure" if by[1] else "''::text AS measure"
    return f"""
SELECT member, {start}, {measure}, sum(n)::bigint, sum(minutes)::bigint FROM ({" UNION ALL ".join(parts)}) q
GROUP BY 1, 2, 3"""


def _segment(line: Line, measures: str, period: tuple[str, str], of_members: bool, *, minus: bool) -> str:
    since, until = period
    day = _STATE_DAY if line.grain == "d" else f"date_trunc('month', {_STATE_DAY})::date"
    sign, kept = ("-", "date_trunc('month', {})::date") if minus else ("", "{}")
    only = f" AND {line.only}" if line.only else ""
    members = " AND {} = ANY(%(members)s)" if of_members else ""
    return f"""
    SELECT t.member, {kept.format("t.start")} AS start, t.measure, {sign}t.n AS n, {sign}t.minutes AS minutes
    FROM figures_count t
    WHERE t.generation = (SELECT generation FROM figures_folding WHERE id = 1) AND t.cube = '{line.cube}'
        AND t.grain = '{line.grain}' AND t.scope = %(scope)s AND t.start >= %({since})s AND t.start < %({until})s
        AND t.measure = ANY(%({measures})s) AND t.visibility <= %(visible)s{members.format("t.member")}
    UNION ALL
    SELECT ({line.member})::text, {kept.format(day)}, {_MEASURE}, {sign}f.delta, {sign}coalesce(f.minutes, 0)
    FROM figures_folding s, {_FRESH} {_KIND}
    WHERE s.id = 1 AND ({line.scope}) = %(scope)s AND {day} >= %({since})s AND {day} < %({until})s
        AND {_MEASURE} = ANY(%({measures})s) AND f.visibility <= %(visible)s{only}
        {members.format(f"({line.member})::text")}"""


def _wherever(facts: str) -> str:
    """Facts of some subdistricts and of none, each by the index: no plan that has to choose takes both by it."""
    return f"{facts} f.subdistrict_id = ANY(%(subdistricts)s) UNION ALL {facts} f.subdistrict_id IS NULL"


def _cut_off(line: Line, of_members: bool) -> str:
    """What lies ahead, measure by measure: so that each is looked up in the index by all of its columns."""
    members = f" AND ({line.member})::text = ANY(%(members)s)" if of_members else ""
    only = f" AND {line.only}" if line.only else ""
    facts = _wherever("""
        SELECT f.* FROM matters_fact f
        WHERE f.name = w.name AND f.detail = w.detail AND f.at >= %(from)s AND f.at < %(to)s
            AND f.name = ANY(%(names)s::text[])  -- as the partial index wants it told
            AND""")
    return f"""
    SELECT ({line.member})::text, date_trunc('month', {_STATE_DAY})::date, {_MEASURE}, -f.delta, -coalesce(f.minutes, 0)
    FROM figures_folding s, unnest(%(names)s::text[], %(details)s::text[]) w(name, detail)
        CROSS JOIN LATERAL ({facts} OFFSET 0) f {_KIND}
    WHERE s.id = 1 AND ({line.scope}) = %(scope)s AND f.visibility <= %(visible)s{only}{members}"""


def due_reading(line: Line) -> str:
    """(member, clock, overdue, due later today, later) of the limits that run, within a scope, at the moment `now`.

    Full hours come from the cube with what is not folded. The hour that goes on is divided by its facts, which the
    index gives for the clocks and the subdistricts that have any in it: the cube says which.
    """
    inside = next(each for each in HOUR_LINES if each.cube == "subdistrict")
    near = (  # below the subdistrict it is the scope itself
        "SELECT DISTINCT %(scope)s::bigint AS subdistrict_id, clock FROM q WHERE hour = %(hour)s"
        if line.cube == "community"
        else f"""
    SELECT member::bigint AS subdistrict_id, clock FROM ({_due(inside, "= ANY(%(districts)s)", hour=True)}) x
    GROUP BY 1, 2 HAVING sum(n) <> 0"""
    )
    places = [
        _in_hour(line, where, which)
        for where, which in (("a.subdistrict_id = v.subdistrict_id", "<>"), ("a.subdistrict_id IS NULL", "="))
    ]
    return f"""
WITH q AS MATERIALIZED ({_due(line, "= %(scope)s")}),
near AS MATERIALIZED ({near}),
v AS MATERIALIZED (
    SELECT c.subdistrict_id, c.clock, m.name, c.clock || m.tail AS detail
    FROM near c, (VALUES ('due', ''), ('again', ''), ('done', ':on_time'), ('done', ':late')) AS m(name, tail)),
p AS ({" UNION ALL ".join(places)})
SELECT member, clock, sum(over)::bigint, sum(soon)::bigint, sum(later)::bigint FROM (
    SELECT member, clock, CASE WHEN hour < %(hour)s THEN n ELSE 0 END AS over,
        CASE WHEN hour >= %(hour)s AND hour < %(midnight)s THEN n ELSE 0 END AS soon,
        CASE WHEN hour >= %(midnight)s THEN n ELSE 0 END AS later FROM q
    UNION ALL SELECT member, clock, n, -n, 0 FROM p) x
GROUP BY 1, 2"""


def _due(line: Line, scope: str, *, hour: bool = False) -> str:
    """(member, clock, hour, n) of the limits that run, of the cube with what is not folded; of the hour `hour` only."""
    start = "date_trunc('hour', f.at, 'UTC')"
    wanted = " AND {} = %(hour)s" if hour else ""
    return f"""
    SELECT t.member, t.clock, t.hour, t.n FROM figures_duehour t
    WHERE t.generation = (SELECT generation FROM figures_folding WHERE id = 1) AND t.cube = '{line.cube}'
        AND t.scope {scope} AND t.visibility <= %(visible)s{wanted.format("t.hour")}
    UNION ALL
    SELECT ({line.member})::text, {_CLOCK}, {start}, {_RUNNING}
    FROM {_FRESH}
    WHERE ({line.scope}) {scope} AND {_HOURS} AND f.visibility <= %(visible)s{wanted.format(start)}"""


def _in_hour(line: Line, where: str, nowhere: str) -> str:
    return f"""
    SELECT ({line.member})::text AS member, v.clock, {_RUNNING} AS n
    FROM v CROSS JOIN LATERAL (SELECT a.* FROM matters_fact a
        WHERE a.name = v.name AND a.detail = v.detail AND a.name IN ('due', 'done', 'again') AND {where}
            AND a.at >= %(hour)s AND a.at < %(now)s OFFSET 0) f
    WHERE v.subdistrict_id {nowhere} 0 AND ({line.scope}) = %(scope)s AND f.visibility <= %(visible)s"""


# -- what is behind a figure --

_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def positional(statement: str) -> tuple[str, list[str]]:
    """The statement with plain placeholders, and the names of the values in their order."""
    return _PLACEHOLDER.sub("%s", statement), _PLACEHOLDER.findall(statement)


FIRST, LAST = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"


def behind(
    terms: Sequence[tuple[int, str]], place: Mapping[str, Any], *, newest: bool = False
) -> tuple[str, dict[str, Any]]:
    """The ids of the matters of some facts (sign, measure), with those values of the statement that `place` brings.

    The caller adds since, until, visible and subdistricts, by which the index on facts is used. `newest`: the last
    `most` ids from `first` to before `before`, in that order.
    """
    values: dict[str, Any] = {}
    signs, wanted = [], []
    for number, (sign, measure) in enumerate(terms):
        name, _colon, detail = measure.partition(":")
        values |= {f"name{number}": name, f"detail{number}": detail}
        same = f"(f.name = %(name{number})s AND f.detail = %(detail{number})s)"
        wanted.append(same)
        if sign < 0:
            signs.append(same)
    delta = f"CASE WHEN {' OR '.join(signs)} THEN -f.delta ELSE f.delta END" if signs else "f.delta"
    conditions = []
    for column, value in place.items():
        if value is None:
            conditions.append(f"f.{column} IS NULL")
        else:
            conditions.append(f"f.{column} = {'ANY' if isinstance(value, list) else ''}(%({column})s)")
            values[column] = value
    if newest:
        conditions.append("f.matter_id >= %(first)s::uuid AND f.matter_id < %(before)s::uuid")
    wanted_there = " AND ".join([f"({' OR '.join(wanted) or 'FALSE'})", *conditions])
    last = " ORDER BY f.matter_id DESC LIMIT %(most)s" if newest else ""
    facts = _wherever(f"""
        SELECT f.matter_id, {delta} AS delta FROM matters_fact f
        WHERE {wanted_there} AND f.at >= %(since)s AND f.at < %(until)s AND f.visibility <= %(visible)s AND""")
    return (
        f"SELECT f.matter_id FROM ({facts}) f GROUP BY f.matter_id HAVING sum(f.delta) > 0{last}",
        values,
    )


def of_areas(level: str, child: str) -> str:
    """(matter, lon, lat, area, part, measure, number) of some facts in areas of before, for figures.ground.

    `level` is that of the area that is looked at, "" for the city, `child` that of its parts. Of more than `most`
    matters there is at least one more than that.
    """
    above = f"f.{level}_id = ANY(%(above)s)" if level else "FALSE"
    top = f"f.{level}_id" if level else "0::bigint"
    return f"""
WITH x AS MATERIALIZED (
    SELECT f.matter_id, {top} AS top, f.{child}_id AS part, {_MEASURE} AS measure, sum(f.delta)::bigint AS n
    FROM matters_fact f
    WHERE (f.name, f.detail) IN (SELECT * FROM unnest(%(names)s::text[], %(details)s::text[]))
        AND f.name = ANY(%(names)s::text[])  -- as the partial index wants it told
        AND f.at >= %(since)s AND f.at < %(until)s AND f.visibility <= %(visible)s
        AND ({above} OR f.{child}_id = ANY(%(below)s))
    GROUP BY 1, 2, 3, 4 HAVING sum(f.delta) <> 0),
few AS (SELECT DISTINCT matter_id FROM x LIMIT %(most)s + 1)
SELECT m.id, m.lon, m.lat, x.top, x.part, x.measure, x.n
FROM few JOIN x ON x.matter_id = few.matter_id JOIN matters_matter m ON m.id = few.matter_id"""


# the subdistricts in which a unit counts anything of some measures in some months
WHERE_A_UNIT_COUNTS = f"""
SELECT t.scope FROM figures_count t
WHERE t.generation = (SELECT generation FROM figures_folding WHERE id = 1) AND t.cube = 'unit' AND t.grain = 'm'
    AND t.scope = ANY(%(subdistricts)s) AND t.start >= %(since)s AND t.start < %(until)s AND t.member = %(member)s
    AND t.measure = ANY(%(measures)s) AND t.visibility <= %(visible)s AND t.n <> 0
UNION
SELECT f.subdistrict_id FROM {_FRESH}
WHERE f.unit_id::text = %(member)s AND {_MEASURE} = ANY(%(measures)s) AND f.subdistrict_id = ANY(%(subdistricts)s)"""

# -- rebuild and check (figures.ledger) --

# what a span of matters counts that is not waiting to be folded, added to a generation; the days of grids that would
# be forgotten again at once are left out
COUNT_SPAN = f"""
WITH d AS MATERIALIZED (SELECT f.* FROM matters_fact f WHERE f.matter_id BETWEEN %(since)s AND %(until)s
    AND NOT EXISTS (SELECT FROM matters_unfolded u WHERE u.matter_id = f.matter_id AND u.seq = f.seq)),
{_add("d f", DAY.format(zone="%(zone)s", start="%(day_start)s"), "%(generation)s::smallint", "%(oldest)s::date")}
SELECT (SELECT count(*) FROM d), (SELECT count(*) FROM c) + (SELECT count(*) FROM h)"""


def first_count(line: Line) -> str:
    """What all facts sum up to in one line, where no cube holds anything yet and none waits to be folded."""
    day = DAY.format(zone="%(zone)s", start="%(day_start)s")
    return f"""INSERT INTO figures_count
        (generation, cube, grain, scope, start, member, measure, visibility, n, minutes)
    SELECT %(generation)s::smallint, q.* FROM (
        {sums("matters_fact f", day, "%(oldest)s::date", once=False, lines=(line,))}) q
    WHERE q.n <> 0 OR q.minutes <> 0"""


FIRST_HOURS = f"""INSERT INTO figures_duehour (generation, cube, scope, hour, member, clock, visibility, n)
SELECT %(generation)s::smallint, q.* FROM ({hours("matters_fact f")}) q WHERE q.n <> 0"""
_FOLDED = """(SELECT f.* FROM matters_fact f
    WHERE NOT EXISTS (SELECT FROM matters_unfolded u WHERE u.matter_id = f.matter_id AND u.seq = f.seq)) f
    CROSS JOIN (SELECT zone, day_start FROM figures_folding WHERE id = 1) s"""
# where the cubes in force are not what the folded facts sum up to
DIFFERENT = f"""
SELECT cube, grain, scope, start, member, measure, visibility, coalesce(q.n, 0), coalesce(t.n, 0),
    coalesce(q.minutes, 0), coalesce(t.minutes, 0)
FROM ({sums(_FOLDED, _STATE_DAY, once=False)}) q
FULL JOIN (SELECT * FROM figures_count WHERE generation = (SELECT generation FROM figures_folding WHERE id = 1)) t
    USING (cube, grain, scope, start, member, measure, visibility)
WHERE (coalesce(q.n, 0) <> coalesce(t.n, 0) OR coalesce(q.minutes, 0) <> coalesce(t.minutes, 0))
    AND NOT (cube = 'grid' AND grain = 'd' AND start < %(today)s::date - {GRID_DAYS})
ORDER BY 1, 2, 3, 4, 5, 6, 7 LIMIT %(most)s"""
DIFFERENT_HOURS = f"""
SELECT cube, scope, hour, member, clock, visibility, coalesce(q.n, 0), coalesce(t.n, 0)
FROM ({hours(_FOLDED)}) q
FULL JOIN (SELECT * FROM figures_duehour WHERE generation = (SELECT generation FROM figures_folding WHERE id = 1)) t
    USING (cube, scope, hour, member, clock, visibility)
WHERE coalesce(q.n, 0) <> coalesce(t.n, 0)
ORDER BY 1, 2, 3, 4, 5, 6 LIMIT %(most)s"""
