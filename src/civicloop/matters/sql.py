"""The hot statements of the loop. Each names the matter's id as a parameter in every table it touches, so that only
one partition is looked at; all run prepared with a generic plan (foundation.hot).

Variable numbers of rows travel as JSON arrays, so that each statement has one text; that of an act has one for each
choice of parts that have something to write. Parts of one statement run in no order: what must follow another part
reads from it.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from civicloop.people import sql as people

MATTER_COLUMNS = (
    "id", "number", "procedure_id", "parent_id", "title", "channel", "confidentiality", "kind_id", "condition_id",
    "class_code", "district_id", "subdistrict_id", "community_id", "grid_id", "step", "stage", "end", "step_version",
    "step_at", "seq", "unit_id", "desk_roles", "desk_level", "desk_person_id", "seats", "run", "handlers",
    "received_at", "oral_at", "emergency", "due_at", "hold_until", "ended_at", "lon", "lat", "address", "check_code",
    "complained_of", "answers", "lead_id", "joined_at", "component_id", "standing",
)  # fmt: skip

_TASKS = """(SELECT jsonb_agg(jsonb_build_object('no', t.no, 'group', t."group", 'lead', t.lead, 'unit_id', t.unit_id,
    'child_id', t.child_id, 'state', t.state, 'answer', t.answer, 'stars', t.stars) ORDER BY t.no)
    FROM matters_task t WHERE t.matter_id = %(id)s)"""
_CLOCKS = """(SELECT jsonb_agg(jsonb_build_object('no', c.no, 'name', c.name, 'task_no', c.task_no,
    'calendar', c.calendar, 'calendar_version', c.calendar_version, 'limit', c."limit", 'started_at', c.started_at,
    'due_at', c.due_at, 'provisional', c.provisional, 'state', c.state, 'stopped_at', c.stopped_at,
    'pauses', c.pauses, 'extensions', c.extensions, 'exempt', c.exempt, 'mark', c.mark, 'mark_at', c.mark_at,
    'first_limit', c.first_limit, 'unit_id', c.unit_id)
    ORDER BY c.no)
    FROM matters_clock c WHERE c.matter_id = %(id)s)"""
_REQUESTS = """(SELECT jsonb_agg(jsonb_build_object('no', r.no, 'action', r.action, 'result', r.result,
    'level', r.level, 'desk_roles', r.desk_roles, 'asked_by', r.asked_by, 'asked_at', r.asked_at,
    'asked_role', r.asked_role, 'state', r.state,
    'step_version', r.step_version, 'due_at', r.due_at, 'data', r.data) ORDER BY r.no)
    FROM matters_approvalrequest r WHERE r.matter_id = %(id)s)"""
_EVIDENCE = """(SELECT jsonb_agg(jsonb_build_object('id', v.id, 'stage', v.stage, 'media', v.media_type,
    'at', v.created_at) ORDER BY v.created_at)
    FROM evidence_evidence v WHERE v.matter_id = %(id)s)"""
_COMPLAINED = people.UNITS_BELOW.format(units="m.complained_of")
_COLUMNS = ", ".join(f'm."{name}"' for name in MATTER_COLUMNS)

# all that an act must know; `seq_now` differs from m.seq when a lock was waited for (see actions.act)
READ = f"""
SELECT {_COLUMNS}, last.hash,
    {_TASKS} AS tasks, {_CLOCKS} AS clocks, {_REQUESTS} AS requests, {_EVIDENCE} AS evidence,
    done.seq, done.fingerprint, done.step, done.step_version, done.action, done.result,
    (SELECT max(e.seq) FROM matters_entry e WHERE e.matter_id = %(id)s) AS seq_now, {_COMPLAINED} AS complained
FROM matters_matter m
LEFT JOIN matters_entry last ON last.matter_id = %(id)s AND last.seq = m.seq
LEFT JOIN matters_entry done ON done.matter_id = %(id)s AND done.act_id = %(act_id)s
WHERE m.id = %(id)s"""
READ_LOCKED = READ + " FOR NO KEY UPDATE OF m"
EXTRA_COLUMNS = (
    "last_hash", "tasks", "clocks", "requests", "evidence", "done_seq", "done_fingerprint", "done_step",
    "done_step_version", "done_action", "done_result", "seq_now", "complained",
)  # fmt: skip

_TEXTS = """INSERT INTO matters_entrytext (matter_id, seq, field, value, salt)
    SELECT %(id)s, %(next)s, x.field, x.value, decode(x.salt, 'hex')
    FROM {gate}, jsonb_to_recordset(%(texts)s::jsonb) AS x(field text, value text, salt text)"""
_SEALED = """INSERT INTO records_sealedvalue (matter_id, no, field, envelope, lookup, retention, created_at)
    SELECT %(id)s, x.no, x.field, decode(x.envelope, 'base64'), decode(x.lookup, 'base64'), x.retention, %(now)s
    FROM {gate}, jsonb_to_recordset(%(sealed)s::jsonb)
        AS x(no integer, field text, envelope text, lookup text, retention text)"""
_TASKS_NEW = """INSERT INTO matters_task (matter_id, no, "group", lead, unit_id, child_id, state, answer, opened_at)
    SELECT %(id)s, x.no, x."group", x.lead, x.unit_id, x.child_id, 'open', '', %(now)s
    FROM {gate}, {after} jsonb_to_recordset(%(tasks_new)s::jsonb)
        AS x(no smallint, "group" text, lead boolean, unit_id bigint, child_id uuid)"""
_CLOCKS_NEW = """INSERT INTO matters_clock (matter_id, no, name, task_no, calendar, calendar_version, "limit",
        started_at, due_at, provisional, state, stopped_at, pauses, extensions, exempt, mark, mark_at,
        first_limit, unit_id)
    SELECT %(id)s, x.no, x.name, x.task_no, x.calendar, x.calendar_version, x."limit", x.started_at, x.due_at,
        x.provisional, x.state, x.stopped_at, x.pauses, x.extensions, x.exempt, x.mark,
        CASE WHEN x.state = 'running' THEN x.mark_at END, x.first_limit, x.unit_id
    FROM {gate}, jsonb_to_recordset(%(clocks_new)s::jsonb) AS x(no smallint, name text, task_no smallint, calendar text,
        calendar_version integer, "limit" text, started_at timestamptz, due_at timestamptz, provisional boolean,
        state text, stopped_at timestamptz, pauses jsonb, extensions smallint, exempt boolean, mark text,
        mark_at timestamptz, first_limit text, unit_id bigint)"""
_FACT_COLUMNS = """matter_id, seq, no, name, at, delta, minutes, district_id, subdistrict_id, community_id, grid_id,
        unit_id, kind_id, channel, detail, visibility"""
_FACTS = f"""INSERT INTO matters_fact ({_FACT_COLUMNS})
    SELECT %(id)s, %(next)s, x.no, x.name, x.at, x.delta, x.minutes, {{place}}, x.unit_id, {{kind}}, {{channel}},
        x.detail, {{visibility}}
    FROM {{gate}}, jsonb_to_recordset(%(facts)s::jsonb) AS x(no smallint, name text, at timestamptz, delta smallint,
        minutes integer, unit_id bigint, kind_id bigint, detail text)"""
# the class of visibility or the place has changed: all that was counted goes from the one to the other (counting.moved)
_FACTS_MOVED = f"""INSERT INTO matters_fact ({_FACT_COLUMNS})
    SELECT %(id)s, %(next)s, 1000 + row_number() OVER (), g.name, g.at, g.delta * x.sign, g.minutes * x.sign,
        {{place}}, g.unit_id, g.kind_id, u.channel, g.detail,
        CASE WHEN x.sign = 1 THEN %(visibility)s::smallint ELSE %(visibility_before)s::smallint END
    FROM u, (SELECT name, at, unit_id, kind_id, detail, sum(delta) AS delta, nullif(sum(minutes), 0) AS minutes
        FROM matters_fact WHERE matter_id = %(id)s AND visibility = %(visibility_before)s::smallint
        GROUP BY name, at, unit_id, kind_id, detail HAVING sum(delta) <> 0) g, (VALUES (-1), (1)) AS x(sign)
    WHERE {{changed}}"""
# what no cube holds yet; taken away by whoever folds it
_UNFOLDED = """INSERT INTO matters_unfolded (matter_id, seq)
    SELECT %(id)s, %(next)s FROM {gate} WHERE jsonb_array_length(%(facts)s::jsonb) > 0 OR {more}"""
_OUTBOX = """INSERT INTO matters_outbox (matter_id, seq, no, topic, body, at)
    SELECT %(id)s, %(next)s, x.no, x.topic, x.body, %(now)s
    FROM {gate}, jsonb_to_recordset(%(outbox)s::jsonb) AS x(no smallint, topic text, body jsonb)"""
_ENTRY = """INSERT INTO matters_entry (matter_id, seq, action, result, act_id, at, account_id, post_id, unit_id, role,
        step, step_version, fingerprint, body, hash)
    SELECT %(id)s, %(next)s, %(action)s, %(result)s, %(act_id)s::uuid, %(now)s, %(account_id)s::bigint,
        %(post_id)s::bigint, %(actor_unit_id)s::bigint, %(role)s, %(step)s, %(step_version)s, %(request)s, %(body)s,
        %(hash)s FROM {gate}"""

# what the map must know of it (matters.cells); a matter that is not for the map has no state there
_CELLS = """INSERT INTO matters_celldelta (matter_id, seq, no, cell, district_id, subdistrict_id, community_id, grid_id,
        state, class_code, kind_id, came, delta)
    SELECT %(id)s, %(next)s, x.no, {cell}, {place}, x.state, x.class_code, x.kind_id, %(came)s::date, x.delta
    FROM {gate}, (VALUES
        (0::smallint, %(shown_before)s::text, %(class_before)s::text, %(kind_before)s::bigint, -1::smallint),
        (1::smallint, %(shown)s::text, %(class_shown)s::text, %(kind_shown)s::bigint, 1::smallint)
        ) AS x(no, state, class_code, kind_id, delta)
    WHERE x.state <> '' AND ({moved} OR (%(shown_before)s::text, %(class_before)s::text, %(kind_before)s::bigint)
        IS DISTINCT FROM (%(shown)s::text, %(class_shown)s::text, %(kind_shown)s::bigint))"""

_CLASS = "%(visibility)s::smallint"
_PLACE = "%(district_id)s::bigint, %(subdistrict_id)s::bigint, %(community_id)s::bigint, %(grid_id)s::bigint"

_PLACE_KEPT = "u.district_id, u.subdistrict_id, u.community_id, u.grid_id"
_LEVELS = ("district", "subdistrict", "community", "grid")
# facts of what was before an act belong to the areas of before: a matter may move to others (matters.moving)
_PLACE_MOVED = ", ".join(
    f"CASE WHEN x.sign < 0 THEN %({level}_before)s::bigint ELSE u.{level}_id END" for level in _LEVELS
)
_CELL_MOVED = _PLACE_MOVED.replace("x.sign", "x.delta")
_PLACE_BEFORE = _PLACE.replace("_id)s", "_before)s")
_ELSEWHERE = f"({_PLACE_BEFORE}) IS DISTINCT FROM ({_PLACE})"
_CLASS_CHANGED = f"(%(visibility)s::smallint <> %(visibility_before)s::smallint OR {_ELSEWHERE})"

# a report: matter, first entry, lead task, clocks, facts, outbox rows, search words, sealed reporter in one statement
REPORT = f"""
WITH n AS MATERIALIZED (
    SELECT %(day)s::bigint * 10000000 + nextval('matters_number_seq') %% 10000000 AS v),
m AS (
    INSERT INTO matters_matter (id, number, procedure_id, parent_id, title, text, channel, confidentiality, kind_id,
        condition_id, first_condition_id, class_code, lon, lat, crs_in, lon_in, lat_in, cell, address, district_id,
        subdistrict_id, community_id, grid_id, area_version, place_reason, step, stage, "end", step_version, step_at,
        seq, unit_id, desk_roles, desk_level, desk_person_id, seats, run, handlers, mark, received_at, occurred_at,
        oral_at, emergency, due_at, ended_at, fingerprint, caller, check_code, complained_of,
        answers, component_id, standing)
    SELECT %(id)s, substr(v::text, 1, 8) || '-' || substr(v::text, 9) || '-'
            || substr('0123456789ABCDEFGHJKLMNPRSTUVWX', (v %% 31)::int + 1, 1),
        %(procedure_id)s, %(parent_id)s::uuid, %(title)s, %(text)s, %(channel)s, %(confidentiality)s::smallint,
        %(kind_id)s::bigint, %(condition_id)s::bigint, %(condition_id)s::bigint, %(class_code)s, %(lon)s::float8,
        %(lat)s::float8, %(crs_in)s, %(lon_in)s::float8, %(lat_in)s::float8, %(cell)s::bigint, %(address)s, {_PLACE},
        %(area_version)s, %(place_reason)s, %(step)s, %(stage)s, '', 1, %(now)s, 1, %(unit_id)s::bigint,
        %(desk_roles)s::text[], %(desk_level)s, NULL, %(seats)s::jsonb, %(run)s::jsonb, '[]'::jsonb, 0, %(now)s,
        %(occurred_at)s::timestamptz, NULL, FALSE, %(due_at)s::timestamptz, NULL, %(fingerprint)s, %(caller)s,
        %(check_code)s, %(complained_of)s::bigint[], %(answers)s::jsonb, %(component_id)s::bigint, %(standing)s::jsonb
    FROM n ON CONFLICT (id) DO NOTHING RETURNING id, number),
e AS ({_ENTRY.format(gate="m")}),
x AS ({_TEXTS.format(gate="m")}),
s AS ({_SEALED.format(gate="m")}),
t AS ({_TASKS_NEW.format(gate="m", after="")}),
c AS ({_CLOCKS_NEW.format(gate="m")}),
f AS ({_FACTS.format(gate="m", place=_PLACE, kind="x.kind_id", channel="%(channel)s", visibility=_CLASS)}),
fu AS ({_UNFOLDED.format(gate="m", more="FALSE")}),
o AS ({_OUTBOX.format(gate="m")}),
k AS ({_CELLS.format(gate="m", cell="%(cell)s::bigint", place=_PLACE, moved="FALSE")}),
w AS (INSERT INTO matters_searchtoken (matter_id, tokens)
    SELECT %(id)s, string_to_array(%(tokens)s::text, ' ')
        || ARRAY[lower(number), substr(number, 1, 8), substr(number, 10, 7)]::text[] FROM m)
SELECT 201, number, NULL::bytea FROM m
UNION ALL
SELECT 200, number, fingerprint FROM matters_matter WHERE id = %(id)s AND NOT EXISTS (SELECT FROM m)"""

# nothing came back from REPORT: somebody else wrote this id at this moment, and is visible to a new statement only
REPORTED = "SELECT 200, number, fingerprint FROM matters_matter WHERE id = %(id)s"

# an entry that moves nothing (a photo was added)
ENTER = f"""
WITH u AS (UPDATE matters_matter SET seq = %(next)s WHERE id = %(id)s AND seq = %(seq)s RETURNING id),
e AS ({_ENTRY.format(gate="u")})
SELECT count(*) FROM u"""

# an act: every part hangs on the matter's row still being at the seq that was read; a lost race writes nothing
_ACT = """
WITH u AS (
    UPDATE matters_matter SET seq = %(next)s, step = %(step)s, stage = %(stage)s, "end" = %(end)s,
        step_version = %(step_version)s, step_at = %(step_at)s, unit_id = %(unit_id)s::bigint,
        desk_roles = %(desk_roles)s::text[], desk_level = %(desk_level)s, desk_person_id = %(desk_person_id)s::bigint,
        seats = %(seats)s::jsonb, run = %(run)s::jsonb, handlers = %(handlers)s::jsonb, kind_id = %(kind_id)s::bigint,
        class_code = %(class_code)s, condition_id = %(condition_id)s::bigint,
        first_condition_id = COALESCE(first_condition_id, %(condition_id)s::bigint),
        oral_at = %(oral_at)s::timestamptz, emergency = %(emergency)s, due_at = %(due_at)s::timestamptz,
        hold_until = %(hold_until)s::timestamptz, ended_at = %(ended_at)s::timestamptz,
        complained_of = %(complained_of)s::bigint[], confidentiality = %(confidentiality)s::smallint,
        mark = %(mark)s::smallint, answers = %(answers)s::jsonb, lead_id = %(lead_id)s::uuid,
        joined_at = %(joined_at)s::timestamptz, component_id = %(component_id)s::bigint,
        district_id = %(district_id)s::bigint,
        subdistrict_id = %(subdistrict_id)s::bigint, community_id = %(community_id)s::bigint,
        grid_id = %(grid_id)s::bigint, area_version = COALESCE(%(area_version)s::integer, area_version),
        standing = %(standing)s::jsonb
    WHERE id = %(id)s AND seq = %(seq)s
    RETURNING district_id, subdistrict_id, community_id, grid_id, channel, cell)"""
_FACTS_KEPT = _FACTS.format(gate="u", place=_PLACE_KEPT, kind="x.kind_id", channel="u.channel", visibility=_CLASS)
# by the name of the value that it writes where it is a list (act_with)
_ACT_PARTS = {
    "entry": f"""e AS ({_ENTRY.format(gate="u")})""",
    "texts": f"""x AS ({_TEXTS.format(gate="u")})""",
    "sealed": f"""s AS ({_SEALED.format(gate="u")})""",
    "tasks_changed": """t0 AS (
    UPDATE matters_task t SET state = x.state, answer = x.answer, stars = COALESCE(x.stars, t.stars),
        closed_at = CASE WHEN t.state = 'open' THEN %(now)s ELSE t.closed_at END
    FROM u, jsonb_to_recordset(%(tasks_changed)s::jsonb) AS x(no smallint, state text, answer text, stars smallint)
    WHERE t.matter_id = %(id)s AND t.no = x.no RETURNING 1)""",
    "tasks_new": f"""t1 AS ({_TASKS_NEW.format(gate="u", after="(SELECT count(*) FROM t0) AS closed_first,")})""",
    "clocks_changed": """c0 AS (
    UPDATE matters_clock c SET state = x.state, due_at = x.due_at, provisional = x.provisional,
        stopped_at = x.stopped_at, pauses = x.pauses, extensions = x.extensions, exempt = x.exempt,
        calendar_version = x.calendar_version, "limit" = x."limit", first_limit = x.first_limit, unit_id = x.unit_id,
        mark = x.mark,
        mark_at = CASE WHEN x.state = 'running' THEN x.mark_at END, leased_until = NULL
    FROM u, jsonb_to_recordset(%(clocks_changed)s::jsonb) AS x(no smallint, state text, due_at timestamptz,
        provisional boolean, stopped_at timestamptz, pauses jsonb, extensions smallint, exempt boolean,
        calendar_version integer, "limit" text, first_limit text, unit_id bigint, mark text, mark_at timestamptz)
    WHERE c.matter_id = %(id)s AND c.no = x.no RETURNING 1)""",
    "clocks_new": f"""c1 AS ({_CLOCKS_NEW.format(gate="u")})""",
    "requests_changed": """r0 AS (
    UPDATE matters_approvalrequest r SET state = x.state, level = x.level, desk_roles = x.desk_roles, data = x.data,
        decided_at = CASE WHEN x.state = 'open' THEN NULL ELSE %(now)s END
    FROM u, jsonb_to_recordset(%(requests_changed)s::jsonb)
        AS x(no smallint, state text, level smallint, desk_roles text[], data jsonb)
    WHERE r.matter_id = %(id)s AND r.no = x.no RETURNING 1)""",
    "requests_new": """r1 AS (
    INSERT INTO matters_approvalrequest (matter_id, no, action, result, level, desk_roles, asked_by, asked_role,
        asked_at, asked_seq, step_version, due_at, data, state)
    SELECT %(id)s, x.no, x.action, x.result, x.level, x.desk_roles, x.asked_by, x.asked_role, %(now)s, %(next)s,
        %(step_version)s, x.due_at, x.data, 'open'
    FROM u, jsonb_to_recordset(%(requests_new)s::jsonb) AS x(no smallint, action text, result text, level smallint,
        desk_roles text[], asked_by bigint, asked_role text, due_at timestamptz, data jsonb))""",
    "facts": f"""f AS ({_FACTS_KEPT})""",
    "facts_moved": f"""fm AS ({_FACTS_MOVED.format(place=_PLACE_MOVED, changed=_CLASS_CHANGED)})""",
    "unfolded": f"""fu AS ({_UNFOLDED.format(gate="u", more=_CLASS_CHANGED)})""",
    "cells": f"""k AS ({_CELLS.format(gate="u", cell="u.cell", place=_CELL_MOVED, moved=_ELSEWHERE)})""",
    "words": """w AS (UPDATE matters_searchtoken s
    SET tokens = ARRAY(SELECT word FROM unnest(s.tokens) AS word WHERE left(word, 1) <> '@')
        || array_remove(ARRAY['@' || %(district_id)s::bigint, '@' || %(subdistrict_id)s::bigint], NULL)::varchar[]
    FROM u WHERE s.matter_id = %(id)s AND %(area_version)s::integer IS NOT NULL)""",
    "outbox": f"""o AS ({_OUTBOX.format(gate="u")})""",
}
_NOTHING_CLOSED = f"""t1 AS ({_TASKS_NEW.format(gate="u", after="")})"""


@cache
def act(parts: frozenset[str]) -> str:
    """The statement of an act with these parts (act_with)."""
    texts = _ACT_PARTS if "tasks_changed" in parts else {**_ACT_PARTS, "tasks_new": _NOTHING_CLOSED}
    chosen = [text for name, text in texts.items() if name in parts]
    return ",\n".join([_ACT, *chosen]) + "\nSELECT count(*) FROM u"


def act_with(values: Mapping[str, Any]) -> str:
    """The statement of an act with those parts only that have something to write.

    A part costs the database about as much whether it writes or not: it is made ready, and its table locked with all
    partitions and indexes.
    """
    parts = {"entry", *(name for name in _ACT_PARTS if values.get(name, "[]") != "[]")}
    moved = any(values[f"{level}_before"] != values[f"{level}_id"] for level in _LEVELS)
    if moved or values["visibility"] != values["visibility_before"]:
        parts |= {"facts_moved", "unfolded"}
    if "facts" in parts:
        parts.add("unfolded")
    before, after = ((values[f"shown{at}"], values[f"class_{of}"], values[f"kind_{of}"])
                     for at, of in (("_before", "before"), ("", "shown")))  # fmt: skip
    if (before[0] or after[0]) and (moved or before != after):
        parts.add("cells")
    if values["area_version"] is not None:
        parts.add("words")
    return act(frozenset(parts))


# the matter of a number: asked before a list, which then needs a plan for one partition only
NUMBERED = "SELECT id FROM matters_matter WHERE number = %(number)s"
# what every list of a reader needs to know, asked once instead of in each way: the units that no complaint shown may be
# about, and whether something open was given to one of the persons by name
OF_READER = f"""SELECT {people.UNITS_ABOVE % ("%(units)s", "%(persons)s", "%(now)s", "%(now)s")},
    EXISTS (SELECT FROM matters_matter WHERE desk_person_id = ANY(%(persons)s::bigint[]) AND "end" = '')"""
OLDEST = "SELECT id FROM matters_matter ORDER BY id LIMIT 1"

# what a proof reads: matters in the order of their ids, and all that hangs on a span of ids, whether a matter is there
# or not. Over Django's own cursor.
PROOF_END = "SELECT id FROM matters_matter WHERE id >= %(since)s ORDER BY id OFFSET %(size)s - 1 LIMIT 1"
PROOF_MATTERS = "SELECT id, seq FROM matters_matter WHERE id BETWEEN %(since)s AND %(until)s"
PROOF_TEXTS = """SELECT matter_id, seq, field, value, salt FROM matters_entrytext
WHERE matter_id BETWEEN %(since)s AND %(until)s"""
PROOF_ENTRIES = """SELECT matter_id, seq, action, result, act_id, at, account_id, post_id, unit_id, role, step,
    step_version, fingerprint, body, hash
FROM matters_entry WHERE matter_id BETWEEN %(since)s AND %(until)s ORDER BY matter_id, seq"""


# the first moment within a span at which something of a matter falls due; least() leaves out what there is none of
NEXT_DUE = """
SELECT least(
    (SELECT min(due_at) FROM matters_clock
        WHERE matter_id = %(id)s AND state = 'running' AND due_at > %(after)s AND due_at < %(until)s),
    (SELECT min(mark_at) FROM matters_clock
        WHERE matter_id = %(id)s AND mark_at > %(after)s AND mark_at < %(until)s),
    (SELECT min(due_at) FROM matters_approvalrequest
        WHERE matter_id = %(id)s AND state = 'open' AND due_at > %(after)s AND due_at < %(until)s),
    (SELECT hold_until FROM matters_matter
        WHERE id = %(id)s AND "end" = '' AND hold_until > %(after)s AND hold_until < %(until)s))"""

# -- marks of the ladder (matters.marks) --

# what is due is found by an index of its own and claimed with a lease, since a cluster knows no SKIP LOCKED over many
# matters; nothing due costs one look at the index. Claims wait for one another: an UPDATE of many rows locks them in
# any order, and two of them at once would stand in each other's way.
# Whether any is due is asked in the index's order, so that a plan made for any moment does not read every clock.
ANY_MARK = """
SELECT 1 FROM matters_clock WHERE mark_at <= %(now)s AND (leased_until IS NULL OR leased_until < %(now)s)
ORDER BY mark_at LIMIT 1"""
NEXT_MARK = "SELECT min(mark_at) FROM matters_clock WHERE matter_id = %(id)s AND mark_at <= %(now)s"
CLAIM_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('matters.marks', 0))"
CLAIM_MARKS = """
UPDATE matters_clock SET leased_until = %(until)s
WHERE (matter_id, no) IN (
    SELECT matter_id, no FROM matters_clock
    WHERE mark_at <= %(now)s AND (leased_until IS NULL OR leased_until < %(now)s)
    ORDER BY mark_at LIMIT %(batch)s)
  AND mark_at <= %(now)s AND (leased_until IS NULL OR leased_until < %(now)s)
RETURNING matter_id, no"""
CLAIM_MARKS_OF_MATTER = """
UPDATE matters_clock SET leased_until = %(until)s
WHERE matter_id = %(id)s AND mark_at <= %(now)s AND (leased_until IS NULL OR leased_until < %(now)s)
RETURNING matter_id, no"""
RELEASE_MARK = """
UPDATE matters_clock SET leased_until = NULL WHERE matter_id = %(id)s AND no = %(no)s AND leased_until = %(until)s
RETURNING 1"""
POINT_MARK = """
UPDATE matters_clock SET leased_until = NULL, mark = %(mark)s, mark_at = %(at)s::timestamptz
WHERE matter_id = %(id)s AND no = %(no)s AND leased_until = %(until)s
RETURNING 1"""
MARKED_COLUMNS = (
    "id", "number", "procedure_id", "step", "end", "step_version", "seq", "unit_id", "district_id", "subdistrict_id",
    "raised_to", "seats", "standing", "hash", "clocks", "tasks",
)  # fmt: skip
READ_MARKED = f"""
SELECT m.id, m.number, m.procedure_id, m.step,
    CASE WHEN m.lead_id <> m.id THEN 'joined' ELSE m."end" END, m.step_version, m.seq,
    m.unit_id, m.district_id, m.subdistrict_id, m.raised_to, m.seats, m.standing, last.hash,
    {_CLOCKS.replace("%(id)s", "m.id")}, {_TASKS.replace("%(id)s", "m.id")}
FROM matters_matter m LEFT JOIN matters_entry last ON last.matter_id = m.id AND last.seq = m.seq
WHERE m.id = ANY(%(ids)s::uuid[])"""
MARK = f"""
WITH u AS (
    UPDATE matters_matter SET seq = %(next)s, mark = %(mark)s::smallint, raised_to = %(raised_to)s,
        standing = COALESCE(%(standing)s::jsonb, standing)
    WHERE id = %(id)s AND seq = %(seq)s
    RETURNING district_id, subdistrict_id, community_id, grid_id, channel, kind_id,
        COALESCE((standing->>'visibility')::smallint, 0) AS visibility),
e AS ({_ENTRY.format(gate="u")}),
c AS (
    UPDATE matters_clock SET mark = %(mark_next)s, mark_at = %(mark_at)s::timestamptz, leased_until = NULL,
        act = CASE WHEN %(act)s::text = '' THEN act ELSE %(act)s::text END
    FROM u WHERE matter_id = %(id)s AND no = %(clock_no)s RETURNING 1),
f AS ({_FACTS.format(gate="u", place=_PLACE_KEPT, kind="u.kind_id", channel="u.channel", visibility="u.visibility")}),
fu AS ({_UNFOLDED.format(gate="u", more="FALSE")}),
o AS ({_OUTBOX.format(gate="u")})
SELECT count(*) FROM u"""

# an act that a mark asked for is done, or cannot be done any more
ACT_ANSWERED = """
UPDATE matters_clock SET act = '' WHERE matter_id = %(id)s AND no = %(no)s AND act = %(act)s RETURNING 1"""

# -- the outbox (matters.outbox) --

OUTBOX_WAITING = "SELECT 1 FROM matters_outbox WHERE taken_at IS NULL ORDER BY at LIMIT 1"
TAKE_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('matters.outbox', 0))"
TAKE_OUTBOX = """
UPDATE matters_outbox SET taken_at = %(now)s
WHERE (matter_id, seq, no) IN (
    SELECT matter_id, seq, no FROM matters_outbox WHERE taken_at IS NULL AND (matter_id, seq, no) NOT IN (
        SELECT * FROM unnest(%(left_ids)s::uuid[], %(left_seqs)s::integer[], %(left_nos)s::smallint[]))
    ORDER BY at LIMIT %(batch)s)
  AND taken_at IS NULL
RETURNING matter_id, seq, no, topic, body, at"""
TAKE_OLD_OUTBOX = """
UPDATE matters_outbox SET taken_at = %(now)s
WHERE (matter_id, seq, no) IN (
    SELECT matter_id, seq, no FROM matters_outbox WHERE taken_at IS NULL AND at < %(before)s ORDER BY at
    LIMIT %(batch)s)
  AND taken_at IS NULL"""

# -- what the map folds in (matters.cells) --

# the rows are taken by deleting them in the folder's own transaction: whoever is killed has taken nothing
TAKE_CELLS = """
DELETE FROM matters_celldelta WHERE (matter_id, seq, no) IN (
    SELECT matter_id, seq, no FROM matters_celldelta LIMIT %(batch)s)
RETURNING cell, district_id, subdistrict_id, community_id, grid_id, state, class_code, kind_id, came, delta"""
# a matter whose place is erased leaves the map
LEAVE_MAP = """
INSERT INTO matters_celldelta (matter_id, seq, no, cell, district_id, subdistrict_id, community_id, grid_id, state,
    class_code, kind_id, came, delta)
SELECT m.id, m.seq, x.no, CASE WHEN x.delta < 0 THEN m.cell END, m.district_id, m.subdistrict_id, m.community_id,
    m.grid_id, CASE WHEN m."end" = '' THEN m.stage ELSE 'ended' END, m.class_code, COALESCE(m.kind_id, 0),
    (m.received_at AT TIME ZONE %(zone)s)::date, x.delta
FROM matters_matter m, (VALUES (2::smallint, -1::smallint), (3::smallint, 1::smallint)) AS x(no, delta)
WHERE m.id = %(id)s AND m.cell IS NOT NULL AND m.confidentiality = 0 AND m.complained_of = '{}'"""

# -- erasure (matters.erasure) --

# The owner's function by which personal data are destroyed: the application role may not delete them otherwise. It
# looks for itself: the list is approved by somebody other than who proposed it, the matter stands on it and has ended,
# and its newest entry says this erasure. Made anew with every migrate, as the owner.
ERASE_SIGNATURE = "civicloop_erase(bigint, uuid)"
ERASE_FUNCTION = """
CREATE OR REPLACE FUNCTION civicloop_erase(wanted_list bigint, wanted uuid,
    OUT texts integer, OUT sealed integer, OUT files integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $body$
DECLARE
    what text; last integer;
BEGIN
    SELECT l.rule INTO what FROM matters_erasurelist l JOIN matters_erasureitem i ON i.list_id = l.id
    WHERE l.id = wanted_list AND i.matter_id = wanted AND i.state = 'open' AND l.state = 'approved'
        AND l.decided_by IS NOT NULL AND l.decided_by <> l.proposed_by;
    IF what IS NULL THEN
        RAISE EXCEPTION 'no approved list % names this matter', wanted_list USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT m.seq INTO last FROM matters_matter m JOIN matters_entry e ON e.matter_id = wanted AND e.seq = m.seq
    WHERE m.id = wanted AND m."end" <> '' AND e.action = 'erase' AND e.result = wanted_list::text;
    IF last IS NULL THEN
        RAISE EXCEPTION 'the timeline does not say this erasure' USING ERRCODE = 'insufficient_privilege';
    END IF;
    texts := 0; files := 0;
    IF what = 'texts' THEN
        DELETE FROM matters_entrytext WHERE matter_id = wanted AND seq < last;
        GET DIAGNOSTICS texts = ROW_COUNT;
        DELETE FROM records_sealedvalue WHERE matter_id = wanted;
        GET DIAGNOSTICS sealed = ROW_COUNT;
        DELETE FROM evidence_signal WHERE matter_id = wanted;
        DELETE FROM evidence_boxes WHERE matter_id = wanted;
        DELETE FROM evidence_publicphoto WHERE matter_id = wanted;
        DELETE FROM evidence_film WHERE matter_id = wanted;
        DELETE FROM evidence_capture WHERE matter_id = wanted;
        DELETE FROM evidence_evidence WHERE matter_id = wanted;
        GET DIAGNOSTICS files = ROW_COUNT;
    ELSE
        DELETE FROM records_sealedvalue
        WHERE matter_id = wanted AND retention IN ('reporter', 'household', 'applicant');
        GET DIAGNOSTICS sealed = ROW_COUNT;
    END IF;
    -- a fingerprint is a hash over what was sent, names and numbers included: without it nobody can try them out
    UPDATE matters_entry SET fingerprint = '' WHERE matter_id = wanted AND seq < last;
END $body$;
REVOKE ALL ON FUNCTION civicloop_erase(bigint, uuid) FROM PUBLIC;
"""

# What the person concerned has corrected (matters.own_data): the value of before goes, once the newest entry is a
# correction and a newer value of the same field came with it.
SUPERSEDE_SIGNATURE = "civicloop_supersede(uuid)"
SUPERSEDE_FUNCTION = """
CREATE OR REPLACE FUNCTION civicloop_supersede(wanted uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $body$
DECLARE
    last integer; gone integer;
BEGIN
    SELECT m.seq INTO last FROM matters_matter m JOIN matters_entry e ON e.matter_id = wanted AND e.seq = m.seq
    WHERE m.id = wanted AND e.action = 'correct';
    IF last IS NULL THEN
        RAISE EXCEPTION 'the timeline does not say this correction' USING ERRCODE = 'insufficient_privilege';
    END IF;
    DELETE FROM records_sealedvalue v WHERE v.matter_id = wanted AND v.no < 1000 * last AND EXISTS (
        SELECT FROM records_sealedvalue f WHERE f.matter_id = wanted AND f.field = v.field AND f.no >= 1000 * last);
    GET DIAGNOSTICS gone = ROW_COUNT;
    UPDATE matters_entry SET fingerprint = '' WHERE matter_id = wanted AND seq < last
        AND action IN ('report', 'correct');
    RETURN gone;
END $body$;
REVOKE ALL ON FUNCTION civicloop_supersede(uuid) FROM PUBLIC;
"""
SUPERSEDE = "SELECT civicloop_supersede(%(id)s)"
ERASE = "SELECT texts, sealed, files FROM civicloop_erase(%(list)s::bigint, %(id)s)"

# -- clusters of joined reports (matters.clustering) --

# each open cluster once, by hopping from one lead to the next in its index: how many reports are joined costs nothing.
# Behind are those whose lead has ended or was joined itself, and those that an open lead has ended before.
CLUSTERS_BEHIND = """
WITH RECURSIVE hop AS (
    (SELECT lead_id FROM matters_matter WHERE lead_id IS NOT NULL AND "end" = '' ORDER BY lead_id LIMIT 1)
    UNION ALL
    SELECT (SELECT m.lead_id FROM matters_matter m WHERE m.lead_id > hop.lead_id AND m."end" = ''
        ORDER BY m.lead_id LIMIT 1)
    FROM hop WHERE hop.lead_id IS NOT NULL)
SELECT l.id FROM hop JOIN matters_matter l ON l.id = hop.lead_id
WHERE (l."end" <> '' OR l.lead_id IS DISTINCT FROM l.id)
    OR EXISTS (SELECT FROM matters_matter m WHERE m.lead_id = l.id AND m."end" > '')
ORDER BY l.id LIMIT 200"""

# how many reports are joined to each of some cases, each counted up to a number that says "many"
JOINED_UP_TO = """
SELECT l.id, (SELECT count(*) FROM (SELECT FROM matters_matter m WHERE m.lead_id = l.id AND m.id <> l.id
    LIMIT %(most)s) x)
FROM unnest(%(leads)s::uuid[]) AS l(id)"""

# -- what lies near a point (matters.nearby) --

# the newest of each block, so that a crowded place costs no more than a bounded number of rows. The block is compared
# together with the id: with "= block" the planner takes a block for a small one, reads it whole and sorts
NEAR = """
SELECT x.id, x.lon, x.lat FROM unnest(%(blocks)s::bigint[]) AS b(block)
CROSS JOIN LATERAL (
    SELECT m.id, m.lon, m.lat FROM matters_matter m
    WHERE ((m.cell >> 12), m.id) > (b.block, %(since)s::uuid)
        AND ((m.cell >> 12), m.id) < (b.block + 1, '00000000-0000-0000-0000-000000000000'::uuid)
        AND m.id > %(since)s::uuid
    ORDER BY (m.cell >> 12) DESC, m.id DESC LIMIT %(most)s) x"""

# the same kind of matter, received near a place after a solved one had ended and until its watching is over, the
# first one first (matters.watching). Of a place at most so many of its kind are looked at, and of a block the first
# ones since the end: where a crowd of one kind lies, one of those is it. An id is never from the future, and rarely
# much older than its receipt. A complaint about a unit is none: the entry that names it would tell the unit of it
_LOOKED_AT = 'm.id, m.kind_id, m.received_at, m.lon, m.lat, m."end", m.lead_id, m.confidentiality, m.complained_of'
CAME_AGAIN = f"""
SELECT DISTINCT x.received_at, x.id, x.lon, x.lat FROM (
    SELECT k.* FROM unnest(%(firsts)s::bigint[], %(lasts)s::bigint[]) AS r(first, last) CROSS JOIN LATERAL (
        SELECT {_LOOKED_AT} FROM matters_matter m
        WHERE (m.kind_id, m.cell) >= (%(kind)s, r.first) AND (m.kind_id, m.cell) <= (%(kind)s, r.last)
            AND m.id BETWEEN %(first)s AND %(last)s AND m.confidentiality = 0 AND m.complained_of = '{{}}'
        ORDER BY m.kind_id, m.cell LIMIT %(most)s) k
    UNION ALL
    SELECT n.* FROM unnest(%(blocks)s::bigint[]) AS b(block) CROSS JOIN LATERAL (
        SELECT {_LOOKED_AT} FROM matters_matter m
        WHERE ((m.cell >> 12), m.id) > (b.block, %(since)s::uuid)
            AND ((m.cell >> 12), m.id) < (b.block + 1, '00000000-0000-0000-0000-000000000000'::uuid)
            AND m.id BETWEEN %(since)s AND %(last)s
        ORDER BY (m.cell >> 12), m.id LIMIT %(of_block)s) n) x
WHERE x.id <> %(id)s AND x.kind_id = %(kind)s AND x.received_at > %(ended)s AND x.received_at <= %(over)s
    AND x.confidentiality = 0 AND x.complained_of = '{{}}' AND NOT (x."end" = ANY(%(refused)s))
    AND (x.lead_id IS NULL OR x.lead_id = x.id)
ORDER BY 1, 2"""
