"""The statements that fold facts into cubes, read cubes with what is not folded yet, and count cubes anew.

Each reads the facts of entries through one text: the day of a fact, the lines of the cubes (figures.cubes). The numbers
of a count stand in one array, each at the place of its measure (figures_measure; empty where there is none). A reader
takes the cube and the unfolded facts in one statement, so in one snapshot: folding takes an entry's row out of
matters_unfolded in the transaction that adds its facts to the cubes, and a reader sees both or neither.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from civicloop.figures.cubes import HELD, HOUR_LINES, LINES, Line

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
_HELD = "f.name IN (" + ", ".join(f"'{name}'" for name in HELD) + ")"
_RUNNING = "CASE f.name WHEN 'done' THEN -f.delta ELSE f.delta END"


def _values(lines: Sequence[Line]) -> str:
    """The lines of the hours as rows: (cube, scope, member)."""
    found = [f"('{line.cube}'::text, ({line.scope})::bigint, coalesce(({line.member})::text, ''))" for line in lines]
    return "(VALUES " + ",\n        ".join(found) + ") AS c(cube, scope, member)"


def told(facts: str, day: str, *, once: bool = True) -> str:
    """Some facts (`facts` gives rows of matters_fact as f) as the lines of the cubes read them, a common table `p`.

    `once`: they are kept for all lines, not read anew for each; what is much would fill the disk. A measure that has no
    place yet has the number NULL.
    """
    kept = "MATERIALIZED" if once else "NOT MATERIALIZED"
    return f"""p AS {kept} (
        SELECT f.district_id, f.subdistrict_id, f.community_id, f.grid_id, f.unit_id, f.kind_id, k.kind_class_id,
            f.channel, ({_MEASURE})::text AS measure, w.no, f.visibility, f.delta, f.minutes,
            {day} AS d, date_trunc('month', {day})::date AS m
        FROM {facts} {_KIND} LEFT JOIN figures_measure w ON w.name = {_MEASURE}
        WHERE {_HELD})"""


def sums(many: int, lines: Sequence[Line] = LINES) -> str:
    """What the facts `p` sum up to in each line by itself, where so many measures have a place."""
    return " UNION ALL ".join(_sum(line, many) for line in lines)


def _sum(line: Line, many: int) -> str:
    member, only = line.member.replace("k.", "f."), line.only or "TRUE"
    return f"""SELECT '{line.cube}'::text AS cube, '{line.grain}'::text AS grain, x.scope, x.start,
        coalesce(x.member::text, '') AS member, x.visibility, {_placed("x.n", many)} AS n,
        CASE WHEN count(x.minutes) > 0 THEN {_placed("x.minutes", many)} END AS minutes
    FROM (SELECT ({line.scope})::bigint AS scope, f.{line.grain} AS start, {member} AS member, f.visibility, f.no,
            nullif(sum(f.delta), 0) AS n, nullif(sum(f.minutes), 0) AS minutes
        FROM p f WHERE f.no IS NOT NULL AND {only} GROUP BY 1, 2, 3, 4, 5) x
    WHERE x.n IS NOT NULL OR x.minutes IS NOT NULL
    GROUP BY x.scope, x.start, x.member, x.visibility"""


def _placed(number: str, many: int) -> str:
    """The numbers of a group, each at the place of its measure."""
    each = ", ".join(f"max({number}) FILTER (WHERE x.no = {place})" for place in range(1, many + 1))
    return f"ARRAY[{each}]::bigint[]"


def hours(facts: str) -> str:
    """The same for the hours in which limits fall due."""
    return f"""SELECT c.cube, c.scope, date_trunc('hour', f.at, 'UTC') AS hour, c.member, {_CLOCK} AS clock,
        f.visibility, sum({_RUNNING}) AS n
    FROM {facts} CROSS JOIN LATERAL {_values(HOUR_LINES)}
    WHERE {_HOURS}
    GROUP BY 1, 2, 3, 4, 5, 6"""


def _together(column: str) -> str:
    """Two arrays of a count, place by place; what cancels out is empty."""
    return f"""(SELECT array_agg(nullif(coalesce(x.a, 0) + coalesce(x.b, 0), 0) ORDER BY x.place)
        FROM unnest(t.{column}, excluded.{column}) WITH ORDINALITY AS x(a, b, place))"""


def _add(facts: str, day: str, generation: str, many: int) -> str:
    return f"""{told(facts, day)},
c AS (INSERT INTO figures_count AS t (generation, cube, grain, scope, start, member, visibility, n, minutes)
    SELECT {generation}, q.* FROM ({sums(many)}) q
    ORDER BY 2, 3, 4, 5, 6, 7
    ON CONFLICT (generation, cube, grain, scope, start, member, visibility)
    DO UPDATE SET n = {_together("n")}, minutes = CASE
        WHEN excluded.minutes IS NULL THEN t.minutes ELSE {_together("minutes")} END
    RETURNING 1),
h AS (INSERT INTO figures_duehour AS t (generation, cube, scope, hour, member, clock, visibility, n)
    SELECT {generation}, q.* FROM ({hours(facts)}) q WHERE q.n <> 0
    ON CONFLICT (generation, cube, scope, hour, member, clock, visibility)
    DO UPDATE SET n = t.n + excluded.n RETURNING 1),
w AS (SELECT array_agg(DISTINCT measure) AS missing FROM p WHERE no IS NULL)"""


# the measures that have a place, in the order of their places, which are 1, 2, 3 …
MEASURES = "SELECT name FROM figures_measure ORDER BY no"
NEW_MEASURES = """INSERT INTO figures_measure (no, name)
SELECT (SELECT coalesce(max(no), 0) FROM figures_measure) + row_number() OVER (ORDER BY x.place), x.name
FROM unnest(%(names)s::text[]) WITH ORDINALITY AS x(name, place)
WHERE NOT EXISTS (SELECT FROM figures_measure w WHERE w.name = x.name)"""
# those of all facts, the most frequent first
ALL_MEASURES = f"""SELECT {_MEASURE} FROM matters_fact f WHERE {_HELD} GROUP BY 1 ORDER BY count(*) DESC, 1"""


def fold(many: int) -> str:
    """Take a batch of entries and add what they count: one statement, under FOLD_ALONE.

    Answers entries, facts, counts, and the measures that have no place yet: then nothing of it must stay.
    """
    return f"""
WITH gone AS (
    DELETE FROM matters_unfolded WHERE (matter_id, seq) IN (
        SELECT matter_id, seq FROM matters_unfolded ORDER BY matter_id, seq LIMIT %(batch)s)
    RETURNING matter_id, seq),
d AS MATERIALIZED (SELECT f.* FROM gone JOIN matters_fact f ON f.matter_id = gone.matter_id AND f.seq = gone.seq),
s AS MATERIALIZED (SELECT zone, day_start, generation FROM figures_folding WHERE id = 1),
{_add("d f CROSS JOIN s", _STATE_DAY, "(SELECT generation FROM s)", many)}
SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM d), (SELECT count(*) FROM c) + (SELECT count(*) FROM h),
    (SELECT missing FROM w)"""


FORGET_EMPTY = "DELETE FROM figures_duehour WHERE n = 0"

# the facts that no cube holds yet, entry by entry: a plan that begins with the facts reads all that there ever were
_FRESH = """matters_unfolded u CROSS JOIN LATERAL (
        SELECT * FROM matters_fact a WHERE a.matter_id = u.matter_id AND a.seq = u.seq OFFSET 0) f"""


TIMED = "left:"  # measures that tell minutes as well


def timed(measures: Sequence[str]) -> list[int]:
    """The places, among these measures, of those that tell minutes."""
    return [place for place, each in enumerate(measures) if each.startswith(TIMED)]


@dataclass(frozen=True, slots=True)
class Segment:
    """What is read of one line: some measures (also the value `name`), from the value `since` to before `until`.

    With `minus` it is taken away, under its month.
    """

    line: Line
    measures: Sequence[str]
    name: str
    since: str
    until: str
    minus: bool = False


@dataclass(frozen=True, slots=True)
class How:
    """What the rows of a reading stand for: of some members only, by day or month, by measure."""

    of_members: bool
    by_start: bool
    by_measure: bool = True


def reading(segments: Sequence[Segment], measures: Sequence[str], how: How, after: Line | None) -> str:
    """(member, start, measure, n, minutes) of one cube within some scopes: cube and fresh facts, in one statement.

    Where no measure is named, the numbers are those of all `measures` in their order, the minutes those of the ones
    that are `timed`. What is anchored from `from` on is taken away by the line `after`, for a cube that keeps months
    only. Without `by_start` the period is one sum, from `since` on; without `by_measure` all measures are one, "".
    What is not folded yet is looked up once, however many parts ask for it.
    """
    parts = [_segment(each, measures, how) for each in segments]
    if after is not None:
        parts.append(_cut_off(after, how))
    return f"""
WITH w AS MATERIALIZED (
    SELECT array_agg(m.no ORDER BY x.place) AS p
    FROM unnest(%(measures)s::text[]) WITH ORDINALITY AS x(name, place) LEFT JOIN figures_measure m ON m.name = x.name),
p AS MATERIALIZED (
    SELECT f.district_id, f.subdistrict_id, f.community_id, f.grid_id, f.unit_id, f.kind_id, k.kind_class_id, f.channel,
        {_MEASURE} AS measure, f.delta, f.minutes, {_STATE_DAY} AS d, date_trunc('month', {_STATE_DAY})::date AS m
    FROM figures_folding s, {_FRESH} {_KIND}
    WHERE s.id = 1 AND f.visibility <= %(visible)s AND {_MEASURE} = ANY(%(measures)s))
{" UNION ALL ".join(parts)}"""


def _segment(segment: Segment, measures: Sequence[str], how: How) -> str:
    line, since, until = segment.line, segment.since, segment.until
    sign, start = ("-", "date_trunc('month', {})::date") if segment.minus else ("", "{}")
    start = start if how.by_start else "%(since)s::date"
    only = f" AND {line.only}" if line.only else ""
    members = " AND {} = ANY(%(members)s)" if how.of_members else ""
    member = f"({line.member.replace('k.', 'f.')})::text"
    numbers, minutes = _sums_of(segment, measures, sign, by_measure=how.by_measure)
    one, of_one = ("NULL::text", "f.measure") if how.by_measure else ("''::text", "''::text")
    return f"""
    SELECT t.member, {start.format("t.start")} AS start, {one} AS measure,
        ARRAY[{numbers}]::bigint[] AS n, ARRAY[{minutes}]::bigint[] AS minutes
    FROM figures_count t, w
    WHERE t.generation = (SELECT generation FROM figures_folding WHERE id = 1) AND t.cube = '{line.cube}'
        AND t.grain = '{line.grain}' AND t.scope = ANY(%(scopes)s) AND t.start >= %({since})s AND t.start < %({until})s
        AND t.visibility <= %(visible)s{members.format("t.member")}
    GROUP BY 1, 2
    UNION ALL
    SELECT {member} AS member, {start.format(f"f.{line.grain}")} AS start, {of_one} AS measure,
        ARRAY[{sign}sum(f.delta)]::bigint[], ARRAY[{sign}sum(f.minutes)]::bigint[]
    FROM p f
    WHERE ({line.scope}) = ANY(%(scopes)s) AND f.{line.grain} >= %({since})s AND f.{line.grain} < %({until})s
        AND f.measure = ANY(%({segment.name})s){only}{members.format(member)}
    GROUP BY 1, 2, 3"""


def _sums_of(segment: Segment, measures: Sequence[str], sign: str, *, by_measure: bool) -> tuple[str, str]:
    """The numbers and the minutes of a part of the cube: of each measure, or of all that the segment asks for."""
    places = {each: place for place, each in enumerate(measures, start=1)}
    if by_measure:
        sums = [f"{sign}sum(t.{{}}[w.p[{places[each]}]])" if each in segment.measures else "NULL" for each in measures]
        numbers = ", ".join(each.format("n") for each in sums)
        return numbers, ", ".join(sums[place].format("minutes") for place in timed(measures))
    asked = [places[each] for each in segment.measures]
    spent = [places[segment.measures[place]] for place in timed(segment.measures)]
    return _one(asked, "n", sign), _one(spent, "minutes", sign)


def _one(places: Sequence[int], column: str, sign: str) -> str:
    """The sum over some measures; empty where there is nothing."""
    each = " + ".join(f"coalesce(t.{column}[w.p[{place}]], 0)" for place in places)
    return f"nullif({sign}sum({each}), 0)" if each else "NULL"


def _wherever(facts: str) -> str:
    """Facts of some subdistricts and of none, each by the index: no plan that has to choose takes both by it."""
    return f"{facts} f.subdistrict_id = ANY(%(subdistricts)s) UNION ALL {facts} f.subdistrict_id IS NULL"


def _cut_off(line: Line, how: How) -> str:
    """What lies ahead, measure by measure: so that each is looked up in the index by all of its columns."""
    members = f" AND ({line.member})::text = ANY(%(members)s)" if how.of_members else ""
    only = f" AND {line.only}" if line.only else ""
    start = f"date_trunc('month', {_STATE_DAY})::date" if how.by_start else "%(since)s::date"
    facts = _wherever("""
        SELECT f.* FROM matters_fact f
        WHERE f.name = w.name AND f.detail = w.detail AND f.at >= %(from)s AND f.at < %(to)s
            AND f.name = ANY(%(names)s::text[])  -- as the partial index wants it told
            AND""")
    return f"""
    SELECT ({line.member})::text, {start}, {_MEASURE}, ARRAY[-sum(f.delta)]::bigint[], ARRAY[-sum(f.minutes)]::bigint[]
    FROM figures_folding s, unnest(%(names)s::text[], %(details)s::text[]) w(name, detail)
        CROSS JOIN LATERAL ({facts} OFFSET 0) f {_KIND}
    WHERE s.id = 1 AND ({line.scope}) = ANY(%(scopes)s) AND f.visibility <= %(visible)s{only}{members}
    GROUP BY 1, 2, 3"""


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


# -- the workload of posts (figures.workload) --

WORK_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('figures.work', 0))"
_WORK = """SELECT date_trunc('month', (e.at AT TIME ZONE %(zone)s) - %(day_start)s::interval)::date AS month, e.post_id,
        e.action, count(*)::integer AS n
    FROM matters_entry e
    WHERE e.post_id IS NOT NULL AND e.action <> ALL(%(made)s::text[]) AND e.at < %(until)s
        AND e.at >= coalesce(%(since)s::timestamptz, '-infinity')
    GROUP BY 1, 2, 3"""
WORK = f"""INSERT INTO figures_postwork AS t (month, post_id, action, n) {_WORK}
ON CONFLICT (month, post_id, action) DO UPDATE SET n = t.n + excluded.n"""
WORK_DIFFERENT = f"""SELECT post_id, month, action, coalesce(q.n, 0), coalesce(t.n, 0)
FROM ({_WORK}) q FULL JOIN figures_postwork t USING (month, post_id, action)
WHERE coalesce(q.n, 0) <> coalesce(t.n, 0) ORDER BY 1, 2, 3 LIMIT %(most)s"""

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
    AND t.visibility <= %(visible)s
    AND EXISTS (SELECT FROM figures_measure m WHERE m.name = ANY(%(measures)s) AND t.n[m.no] <> 0)
UNION
SELECT f.subdistrict_id FROM {_FRESH}
WHERE f.unit_id::text = %(member)s AND {_MEASURE} = ANY(%(measures)s) AND f.subdistrict_id = ANY(%(subdistricts)s)"""

# -- rebuild and check (figures.ledger) --


def count_span(many: int) -> str:
    """What a span of matters counts that is not waiting to be folded, added to a generation.

    Answers facts, counts, and the measures that have no place yet.
    """
    day = DAY.format(zone="%(zone)s", start="%(day_start)s")
    return f"""
WITH d AS MATERIALIZED (SELECT f.* FROM matters_fact f WHERE f.matter_id BETWEEN %(since)s AND %(until)s
    AND NOT EXISTS (SELECT FROM matters_unfolded u WHERE u.matter_id = f.matter_id AND u.seq = f.seq)),
{_add("d f", day, "%(generation)s::smallint", many)}
SELECT (SELECT count(*) FROM d), (SELECT count(*) FROM c) + (SELECT count(*) FROM h), (SELECT missing FROM w)"""


def first_count(line: Line, many: int) -> str:
    """What all facts sum up to in one line, where no cube holds anything yet and none waits to be folded."""
    day = DAY.format(zone="%(zone)s", start="%(day_start)s")
    return f"""INSERT INTO figures_count (generation, cube, grain, scope, start, member, visibility, n, minutes)
    WITH {told("matters_fact f", day, once=False)}
    SELECT %(generation)s::smallint, q.* FROM ({sums(many, (line,))}) q"""


FIRST_HOURS = f"""INSERT INTO figures_duehour (generation, cube, scope, hour, member, clock, visibility, n)
SELECT %(generation)s::smallint, q.* FROM ({hours("matters_fact f")}) q WHERE q.n <> 0"""
_FOLDED = """(SELECT f.* FROM matters_fact f
    WHERE NOT EXISTS (SELECT FROM matters_unfolded u WHERE u.matter_id = f.matter_id AND u.seq = f.seq)) f
    CROSS JOIN (SELECT zone, day_start FROM figures_folding WHERE id = 1) s"""
CUBES = tuple(sorted({(line.cube, line.grain) for line in LINES}))


def different(cube: str, grain: str, many: int) -> str:
    """Where a cube in force is not what the folded facts sum up to: (scope, start, member, visibility, measure, number
    and minutes as the facts say them and as they lie there)."""
    lines = [line for line in LINES if (line.cube, line.grain) == (cube, grain)]
    return f"""
WITH {told(_FOLDED, _STATE_DAY, once=False)}
SELECT q.scope, q.start, q.member, q.visibility, coalesce(w.name, '?'), coalesce(x.n, 0), coalesce(x.t_n, 0),
    coalesce(x.minutes, 0), coalesce(x.t_minutes, 0)
FROM (SELECT scope, start, member, visibility, a.n, a.minutes, t.n AS t_n, t.minutes AS t_minutes
    FROM ({sums(many, lines)}) a
    FULL JOIN (SELECT * FROM figures_count
        WHERE generation = (SELECT generation FROM figures_folding WHERE id = 1)
            AND cube = '{cube}' AND grain = '{grain}') t
        USING (scope, start, member, visibility)
    WHERE a.n IS DISTINCT FROM t.n OR a.minutes IS DISTINCT FROM t.minutes) q
CROSS JOIN LATERAL unnest(q.n, q.t_n, q.minutes, q.t_minutes) WITH ORDINALITY AS x(n, t_n, minutes, t_minutes, no)
LEFT JOIN figures_measure w ON w.no = x.no
WHERE coalesce(x.n, 0) <> coalesce(x.t_n, 0) OR coalesce(x.minutes, 0) <> coalesce(x.t_minutes, 0)
ORDER BY 1, 2, 3, 4, 5 LIMIT %(most)s"""


# counts of which no line tells
STRANGE = f"""SELECT cube, grain, count(*) FROM figures_count
WHERE generation = (SELECT generation FROM figures_folding WHERE id = 1)
    AND (cube, grain) NOT IN ({", ".join(f"('{cube}', '{grain}')" for cube, grain in CUBES)})
GROUP BY 1, 2 ORDER BY 1, 2"""
DIFFERENT_HOURS = f"""
SELECT cube, scope, hour, member, clock, visibility, coalesce(q.n, 0), coalesce(t.n, 0)
FROM ({hours(_FOLDED)}) q
FULL JOIN (SELECT * FROM figures_duehour WHERE generation = (SELECT generation FROM figures_folding WHERE id = 1)) t
    USING (cube, scope, hour, member, clock, visibility)
WHERE coalesce(q.n, 0) <> coalesce(t.n, 0)
ORDER BY 1, 2, 3, 4, 5, 6 LIMIT %(most)s"""
