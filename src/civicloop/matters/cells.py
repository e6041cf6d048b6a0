"""What the map may show of a matter, and the deltas by which its room follows each act (exact and fresh, no hot rows).

A matter is on the map by its stage, or as "ended". Confidential ones and complaints about units are not: they are in no
tile and in no count of the map. An act that changes what is shown writes −1 as it was and +1 as it is, in its own
statement; the room of the map folds these rows into its counts and reads counts ∪ rows that are not folded yet.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from civicloop.foundation import locality
from civicloop.matters import sql

ENDED = "ended"
SHOWN = Q(confidentiality=0, complained_of=[])  # what may be on the map at all


def day_of(moment: datetime) -> date:
    """The day in the deciding zone."""
    return moment.astimezone(locality.zone()).date()


def shown(stage: str, end: str, confidentiality: int, complained_of: object) -> str:
    """Under what the map shows such a matter: its stage, `ENDED`, or "" for not at all."""
    if confidentiality or complained_of:
        return ""
    return ENDED if end else stage


def of_report(
    stage: str, class_code: str, kind_id: int | None, confidentiality: int, complained_of: object, now: datetime
) -> dict[str, Any]:  # fmt: skip
    """The values of sql.REPORT."""
    return {
        "shown_before": "", "class_before": "", "kind_before": 0, "class_shown": class_code,
        "shown": shown(stage, "", confidentiality, complained_of), "kind_shown": kind_id or 0, "came": day_of(now),
    }  # fmt: skip


def of_act(row: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of sql.act_with: `row` as the matter was read, `values` as it will be."""
    before, after = (
        shown(each["stage"], each["end"], each["confidentiality"], each["complained_of"]) for each in (row, values)
    )
    return {
        "shown_before": before, "class_before": row["class_code"], "kind_before": row["kind_id"] or 0,
        "shown": after, "class_shown": values["class_code"], "kind_shown": values["kind_id"] or 0,
        "came": day_of(row["received_at"]),
    }  # fmt: skip


def leave(matter_id: UUID) -> None:
    """The place of a matter is erased: it stays in the counts of its areas and leaves the map. Call it before."""
    with connection.cursor() as cursor:
        cursor.execute(sql.LEAVE_MAP, {"id": matter_id, "zone": locality.zone_name()})
