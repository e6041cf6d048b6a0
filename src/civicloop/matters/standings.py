"""The standing of a matter as an act changes it: what its entry says of it, and the facts that its statement writes."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from civicloop.matters import counting, timeline
from civicloop.matters.choices import PUBLIC_PROCEDURES
from civicloop.matters.clockwork import judged_due, outcome
from civicloop.matters.rows import Rows
from civicloop.procedures.rules.language import Procedure
from civicloop.procedures.rules.run import Effects, RunState

RETURNS = "returns"  # the bound by which procedures count what a unit gives back (退单)


def class_of(procedure: Procedure, confidentiality: int) -> int:
    """Who may be told that the matter counts (counting.visibility)."""
    return counting.visibility(public=procedure.code in PUBLIC_PROCEDURES, confidentiality=confidentiality)


def flags(effects: Effects | None, before: RunState) -> list[str]:
    """What an act makes of a matter for good: returned, reworked, on the spot, a sample that was true or false."""
    if effects is None:
        return []
    found = []
    if effects.counted == RETURNS:
        found.append("returned")
    if effects.reopened:
        found.append(counting.REOPENED)
    if effects.on_the_spot:
        found.append("spot")
    if effects.check == "pass" and before.drawn:
        found.append("sample_true")
    if effects.check == "fail":
        found.append("sample_false" if before.drawn else "reworked")
    return found


def count(
    draft: timeline.Draft, before: Mapping[str, Any], after: Mapping[str, Any], rows: Rows, flagged: Sequence[str],
    now: datetime, unit_id: int,
) -> dict[str, Any]:  # fmt: skip
    """Let the entry say how the act changes the standing; answers the values of the statement."""
    changed = [*rows.clocks_new, *rows.clocks_changed.values()]
    rounds = [
        counting.round_of(row, judged_due(row), outcome(row))
        for row in sorted(changed, key=lambda each: int(each["no"]))
        if row["task_no"] is None
    ]
    told = counting.tally(before, after, rows.events, rounds, flagged)
    draft.plain[counting.TALLY] = told
    at = now.astimezone(UTC).isoformat()
    standing, facts = counting.advance(dict(before), told, at, unit_id)
    return {
        "standing": json.dumps(standing), "facts": json.dumps(counting.rows(facts)),
        "visibility": standing["visibility"], "visibility_before": before.get("visibility", standing["visibility"]),
    }  # fmt: skip


def events(draft: timeline.Draft, rows: Rows, now: datetime) -> str:
    """The same for an entry that makes events and leaves the standing as it is; answers the facts' values."""
    told = counting.tally({}, {}, rows.events, [], [])
    draft.plain[counting.TALLY] = told
    at = now.astimezone(UTC).isoformat()
    facts = [
        counting.Counted(each.name, each.detail, at, each.unit_id, None, each.delta) for each in rows.events
    ]  # fmt: skip
    return json.dumps(counting.rows(facts))
