"""The workload of posts (岗位): acts on what came to a post, by month; amounts beside the median of like posts.

GB/T 30428.4 evaluates posts, too; here they have amounts only, no score, no rank and no name. What somebody makes by
oneself (reports, what is handled on the spot) is not counted at all, so that nobody is measured by how much they
report. Counted from the timelines when a day is over: no act pays for it. A post is told by its code: one that changed
has rows of its own under the same code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from civicloop.figures import folding, periods, sql
from civicloop.figures.models import Folding, PostWork
from civicloop.figures.periods import Period
from civicloop.foundation import clock, locality
from civicloop.foundation.names import shown
from civicloop.matters.errors import Refused, invalid
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.choices import role_words
from civicloop.people.models import Post
from civicloop.places import selectors as places
from civicloop.records import days

OWN, OTHERS = "figures.work", "figures.workload"  # duties
SELF_MADE = ("report", "handle_on_spot", "evidence")  # no work that came to a post
PATIENCE = timedelta(minutes=10)  # after a day's end, for acts whose transaction is not over
LIKE = 5  # below so many like posts a median would tell what one of them did
MOST = 200  # posts of a page


# -- counting -----------------------------------------------------------------------------------------------------


def count() -> bool:
    """Add the days that are over and not counted yet; whether there were any. One statement, whatever it adds."""
    until = days.day_of(clock.now() - PATIENCE)
    if not _waits(folding.state(), until):
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.WORK_ALONE)
        state = folding.state()
        if not _waits(state, until):
            return False
        since = None if state.worked_until is None else days.bounds(state.worked_until)[0]
        cursor.execute(sql.WORK, _span(since, until))
        Folding.objects.filter(id=1).update(worked_until=until)
    return True


def _waits(state: Folding, until: date) -> bool:
    return state.worked_until is None or state.worked_until < until


def _span(since: datetime | None, until: date) -> dict[str, Any]:
    return {
        "since": since, "until": days.bounds(until)[0], "made": list(SELF_MADE), "zone": locality.zone_name(),
        "day_start": folding.state().day_start,
    }  # fmt: skip


def forget() -> None:
    """Have all of it counted anew by the next round: for a rebuild, as the owner."""
    PostWork.objects.all().delete()
    Folding.objects.filter(id=1).update(worked_until=None)


def different() -> list[tuple[int, date, str, int, int]]:
    """(post, month, action, by the timelines, kept) where they differ (figures.ledger)."""
    state = folding.state()
    if state.worked_until is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql.WORK_DIFFERENT, {**_span(None, state.worked_until), "most": 50})
        return list(cursor.fetchall())


# -- reading ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A post with its acts in a month; `like` is the median of its like, None where they are too few to tell."""

    code: str
    role: str
    unit: str
    acts: int
    like: float | None


@dataclass(frozen=True, slots=True)
class Workload:
    """What a reader may see: the own post with its acts, and the posts below in the order of codes."""

    period: Period
    until: date | None  # counted up to here
    own: Line | None
    actions: Mapping[str, int]
    lines: Sequence[Line]
    roles: Sequence[str]
    role: str
    more: bool


def workload(actor: Actor, *, period: str = "", role: str = "") -> Workload:
    """The own post's workload and that of the posts below, in a month. Raises Refused."""
    if not access.may(actor, OWN).allowed or actor.post_id is None:
        raise Refused("forbidden", 403, _("Your post has no workload."))
    try:
        found = periods.parse(period) if period else periods.of_kind(periods.MONTH, days.day_of(clock.now()))
    except periods.NoPeriod:
        found = None
    if found is None or found.kind != periods.MONTH:
        raise invalid("period", "no_period", _("Workload is told by month, written as 2026-03."))
    mine = Post.objects.select_related("unit", "area").get(id=actor.post_id)
    below = _below(actor)
    roles = sorted({each.role for each in below})
    chosen = role if role in roles else next(iter(roles), "")
    shown_posts = [each for each in below if each.role == chosen]
    kinds = {mine.role, *([chosen] if chosen else [])}
    acts, likes = _acts(found.since, kinds)
    actions = PostWork.objects.filter(month=found.since, post_id__in=_ids(mine.code)).values_list("action")
    return Workload(
        found, folding.state().worked_until, _line(mine, acts, likes),
        dict(actions.annotate(total=Sum("n")).order_by("action")),
        [_line(each, acts, likes) for each in shown_posts[:MOST]], roles, chosen, len(shown_posts) > MOST,
    )  # fmt: skip


def _ids(code: str) -> list[int]:
    return list(Post.objects.filter(code=code).values_list("id", flat=True))


def _below(actor: Actor) -> list[Post]:
    """The posts of the own unit for its head, those of the own area for a supervisor or leader; not the own one."""
    if not access.may(actor, OTHERS).allowed or actor.post_id is None or actor.unit_id is None:
        return []
    rows = Post.objects.filter(valid_to=None).exclude(id=actor.post_id).select_related("unit", "area").order_by("code")
    if not actor.roles & access.AREA_ROLES or actor.area_id is None:
        return list(rows.filter(unit_id=actor.unit_id))
    return [each for each in rows if actor.area_id in _areas(each.area_id)]


def _areas(area_id: int) -> set[int]:
    return {ref.id for ref in places.path(area_id).values()}


def _acts(month: date, roles: set[str]) -> tuple[dict[str, int], dict[tuple[str, str], list[int]]]:
    """(acts by code of post, acts of all posts of these roles by role and level)."""
    counted = dict(PostWork.objects.filter(month=month).values_list("post_id").annotate(total=Sum("n")))
    acts: dict[str, int] = {}
    for number, code in Post.objects.filter(role__in=roles).values_list("id", "code"):
        acts[code] = acts.get(code, 0) + counted.get(number, 0)
    likes: dict[tuple[str, str], list[int]] = {}
    now = Post.objects.filter(role__in=roles, valid_to=None).values_list("role", "area__level", "code")
    for role, level, code in now:
        likes.setdefault((role, level), []).append(acts.get(code, 0))
    return acts, likes


def _line(post: Post, acts: Mapping[str, int], likes: Mapping[tuple[str, str], list[int]]) -> Line:
    alike = likes.get((post.role, post.area.level), [])
    unit = shown(post.unit.names, get_language() or "zh-hans")
    like = median(alike) if len(alike) >= LIKE else None
    return Line(post.code, role_words(post.role), unit, acts.get(post.code, 0), like)
