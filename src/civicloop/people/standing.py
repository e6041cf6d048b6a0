"""替岗: who is away, who stands in, and shifts that are handed over. Writes with an audit entry each, and their reads.

Who stands in acts in the post by itself, as long as nobody who holds it is there (sql.ACTORS_OF_ACCOUNT). Standing in
does not go on to a third post: who is away stands in for nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from civicloop.foundation import clock
from civicloop.people import sql
from civicloop.people.access import SEPARATED, Actor
from civicloop.people.access import may as access_may
from civicloop.people.actions import PeopleError, note, require
from civicloop.people.choices import AbsenceReason, Role
from civicloop.people.models import Absence, Account, Handover, Holding, Post, StandIn
from civicloop.people.selectors import held, posts, valid
from civicloop.places import selectors as places

LONGEST_LEAVE = timedelta(days=366)
LONGEST_SHIFT = timedelta(days=3)
LONGEST_NOTE = 2000
MOST = 200  # rows that a page shows


# -- in whose reach a post lies -------------------------------------------------------------------------------------


def reaches(actor: Actor, post: Post) -> bool:
    """Whether the leave and the stand-ins of a post are `actor`'s to look after."""
    if actor.kind == "system" or actor.roles & SEPARATED:
        return True
    if SEPARATED & {post.role, *post.also}:
        return False
    if Role.UNIT_HEAD in actor.roles and post.unit_id == actor.unit_id:
        return True
    if not actor.roles & {Role.SUPERVISOR, Role.LEADER}:
        return False
    place = places.path(post.area_id).get(actor.level)
    return place is not None and place.id == actor.area_id


def _reachable(actor: Actor, code: str) -> Post:
    post = posts().filter(code=code).first()
    if post is None:
        raise PeopleError("no_such_post", _("There is no such post."))
    if not reaches(actor, post):
        raise PeopleError("out_of_reach", _("This post is not yours to look after."))
    return post


# -- stand-ins ------------------------------------------------------------------------------------------------------


@transaction.atomic
def name_stand_in(actor: Actor, *, post: str, stand_in: str) -> StandIn:
    """Name the post that takes over `post` while nobody who holds it is there; both by code.

    Two posts may stand in for each other (AB角), a longer ring is refused: at its end nobody would be left. Raises
    PeopleError `forbidden`, `no_such_post`, `out_of_reach`, `same_post`, `named_already`, `circular`,
    `separate_hands`, `own_gain`.
    """
    require(actor, "standins.change")
    with connection.cursor() as cursor:
        cursor.execute(sql.LOCK_STAND_INS)  # two lines at once could close a ring that neither of them sees
    one, other = _reachable(actor, post), _reachable(actor, stand_in)
    if post == stand_in:
        raise PeopleError("same_post", _("A post cannot stand in for itself."))
    named = list(StandIn.objects.filter(valid()).values_list("post_code", "stand_in_code"))
    if (post, stand_in) in named:
        raise PeopleError("named_already", _("This post is named as the stand-in already."))
    if _closes_a_ring(named, post, stand_in):
        words = _("This would close a ring of stand-ins: at its end nobody would be left. Name another post.")
        raise PeopleError("circular", words)
    if len(SEPARATED & {one.role, *one.also, other.role, *other.also}) > 1:
        raise PeopleError("separate_hands", _("System, security and audit administration are separate hands."))
    if actor.account_id is not None and Holding.objects.filter(held(), account=actor.account_id, post=other).exists():
        raise PeopleError("own_gain", _("Nobody gives a post to himself: somebody else must name your post."))
    found = StandIn.objects.create(post_code=post, stand_in_code=stand_in, valid_from=clock.now())
    note(actor, "standin.name", post, {"stand_in": stand_in})
    return found


def _closes_a_ring(named: Iterable[tuple[str, str]], post: str, stand_in: str) -> bool:
    """Whether from `stand_in` over its stand-ins one comes back to `post` in more than one step."""
    following: dict[str, set[str]] = {}
    for one, other in named:
        following.setdefault(one, set()).add(other)
    seen, waiting = {stand_in}, [code for code in following.get(stand_in, ()) if code != post]
    while waiting:
        code = waiting.pop()
        if code == post:
            return True
        if code not in seen:
            seen.add(code)
            waiting += following.get(code, ())
    return False


@transaction.atomic
def end_stand_in(actor: Actor, *, stand_in_id: int) -> StandIn:
    """End it now. Raises PeopleError `forbidden`, `out_of_reach`; StandIn.DoesNotExist."""
    require(actor, "standins.change")
    found = StandIn.objects.select_for_update(no_key=True).get(id=stand_in_id)
    _reachable(actor, found.post_code)
    if found.valid_to is None:
        found.valid_to = clock.now()
        found.save(update_fields=["valid_to"])
        note(actor, "standin.end", found.post_code, {"stand_in": found.stand_in_code})
    return found


# -- leave ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def enter_leave(actor: Actor, *, account_id: int, since: datetime, until: datetime, reason: str) -> Absence:
    """Somebody is away from every post: entered by the person, or by who looks after one of the posts.

    Raises PeopleError `forbidden`, `out_of_reach`, `reason_unknown`, `no_time`, `too_long`, `overlapping`.
    """
    _may_for(actor, account_id)
    if reason not in AbsenceReason.values:
        raise PeopleError("reason_unknown", _("Choose why."))
    if until <= since or until <= clock.now():
        raise PeopleError("no_time", _("The end must lie after the beginning and in the future."))
    if until - since > LONGEST_LEAVE:
        raise PeopleError("too_long", _("Longer than a year: end the post instead."))
    account = Account.objects.select_for_update(no_key=True).get(id=account_id)
    both = Absence.objects.filter(account=account, since__lt=until, until__gt=since)
    if both.filter(Q(ended_at=None) | Q(ended_at__gt=since)).exists():
        raise PeopleError("overlapping", _("This person is away in a part of this time already."))
    found = Absence.objects.create(
        account=account, since=since, until=until, reason=reason, entered_by=actor.account_id, entered_at=clock.now()
    )
    note(actor, "leave.enter", account.username, {"since": since.isoformat(), "until": until.isoformat()})
    return found


@transaction.atomic
def end_leave(actor: Actor, *, absence_id: int) -> Absence:
    """The person is back before the end, or does not go. Raises PeopleError `forbidden`, `out_of_reach`."""
    found = Absence.objects.select_for_update(no_key=True).select_related("account").get(id=absence_id)
    _may_for(actor, found.account_id)
    if found.ended_at is None and found.until > clock.now():
        found.ended_at = clock.now()
        found.save(update_fields=["ended_at"])
        note(actor, "leave.end", found.account.username)
    return found


def _may_for(actor: Actor, account_id: int) -> None:
    if actor.account_id == account_id and access_may(actor, "leave.own").allowed:
        return
    require(actor, "standins.change")
    theirs = Holding.objects.filter(held(), account=account_id).select_related("post")
    if not any(reaches(actor, line.post) for line in theirs):
        raise PeopleError("out_of_reach", _("This post is not yours to look after."))


# -- shift change ---------------------------------------------------------------------------------------------------


def takers(actor: Actor) -> list[Post]:
    """The posts that may take over the acting post's shift: of its unit and main role, else named stand-ins."""
    mine = Post.objects.get(id=actor.post_id or 0)
    named = StandIn.objects.filter(valid(), post_code=mine.code).values_list("stand_in_code", flat=True)
    rows = posts().filter(Q(unit=mine.unit_id, role=mine.role) | Q(code__in=list(named))).exclude(code=mine.code)
    return list(rows[:MOST])


@transaction.atomic
def hand_over(actor: Actor, *, taker: str, note_text: str, until: datetime, open_matters: int) -> Handover:
    """Give the acting post over to the post `taker` until the end of the shift; it counts once the taker confirms.

    Raises PeopleError `forbidden`, `not_yours`, `no_such_taker`, `circular`, `handed_over_already`, `no_time`,
    `too_long`, `note_long`.
    """
    require(actor, "leave.own")
    if actor.post_id is None or actor.account_id is None or actor.stands_in_from is not None:
        raise PeopleError("not_yours", _("Only who holds a post hands it over."))
    now = clock.now()
    if until <= now:
        raise PeopleError("no_time", _("The end must lie after the beginning and in the future."))
    if until - now > LONGEST_SHIFT:
        raise PeopleError("too_long", _("A shift lasts three days at most; enter leave instead."))
    if len(note_text) > LONGEST_NOTE:
        raise PeopleError("note_long", _("Say it in at most %(most)s characters.") % {"most": LONGEST_NOTE})
    with connection.cursor() as cursor:
        cursor.execute(sql.LOCK_STAND_INS)
    post = Post.objects.select_related("unit").get(id=actor.post_id)
    if taker not in {each.code for each in takers(actor)}:
        words = _("Only a post of the same unit and role, or a named stand-in, may take the shift.")
        raise PeopleError("no_such_taker", words)
    if running().filter(post_code=post.code).exists():
        raise PeopleError("handed_over_already", _("This post is handed over already; take it back first."))
    if running().filter(post_code=taker, taker_code=post.code).exists():
        raise PeopleError("circular", _("That post has handed its own shift over to you."))
    found = Handover.objects.create(
        post_code=post.code, giver_id=actor.account_id, taker_code=taker, note=note_text.strip(),
        open_matters=open_matters, given_at=now, until=until,
    )  # fmt: skip
    note(actor, "shift.hand_over", post.code, {"taker": taker, "open": open_matters})
    return found


@transaction.atomic
def confirm_shift(actor: Actor, *, handover_id: int) -> Handover:
    """Take a shift over: by who holds the post that was named, and did not give it.

    Raises PeopleError `not_yours`, `over`; Handover.DoesNotExist.
    """
    found = Handover.objects.select_for_update(no_key=True).get(id=handover_id)
    mine = actor.stands_in_from is None and posts().filter(id=actor.post_id or 0, code=found.taker_code).exists()
    if not mine or actor.account_id == found.giver_id:
        raise PeopleError("not_yours", _("This shift was handed to somebody else."))
    if found.ended_at is not None or found.until <= clock.now():
        raise PeopleError("over", _("This hand-over is over."))
    if found.confirmed_at is None:
        found.confirmed_at, found.confirmed_by = clock.now(), actor.account_id
        found.save(update_fields=["confirmed_at", "confirmed_by"])
        note(actor, "shift.confirm", found.post_code, {"open": found.open_matters})
    return found


@transaction.atomic
def end_shift(actor: Actor, *, handover_id: int) -> Handover:
    """Take it back, or give it back, before its end. Raises PeopleError `not_yours`; Handover.DoesNotExist."""
    found = Handover.objects.select_for_update(no_key=True).get(id=handover_id)
    if actor.account_id is None or actor.account_id not in {found.giver_id, found.confirmed_by}:
        raise PeopleError("not_yours", _("This shift was handed to somebody else."))
    if found.ended_at is None:
        found.ended_at = clock.now()
        found.save(update_fields=["ended_at"])
        note(actor, "shift.end", found.post_code)
    return found


# -- reads ----------------------------------------------------------------------------------------------------------


def running() -> QuerySet[Handover]:
    """Hand-overs that are not over, confirmed or not, the newest first."""
    now = clock.now()
    rows = Handover.objects.filter(Q(ended_at=None) | Q(ended_at__gt=now), until__gt=now)
    return rows.select_related("giver").order_by("-given_at", "-id")


def leave() -> QuerySet[Absence]:
    """Leave that runs or is to come, by its beginning."""
    now = clock.now()
    rows = Absence.objects.filter(Q(ended_at=None) | Q(ended_at__gt=now), until__gt=now)
    return rows.select_related("account").order_by("since", "id")


@dataclass(frozen=True)
class Empty:
    """A post at which nobody is: its holders, who are away, and who stands in now (nobody: a gap)."""

    post: Post
    away: list[Account]
    stand_ins: list[Account]


def empty_posts(actor: Actor) -> list[Empty]:
    """The posts in `actor`'s reach at which nobody is now, those that nobody stands in for first; at most MOST."""
    with connection.cursor() as cursor:
        cursor.execute(sql.EMPTY_POSTS, {"now": clock.now()})
        rows = cursor.fetchall()
    found = {post.pk: post for post in Post.objects.filter(id__in=[row[0] for row in rows]).select_related("unit")}
    people = Account.objects.in_bulk({each for row in rows for each in (*row[1], *row[2])})
    lines = [
        Empty(found[post], [people[each] for each in away], [people[each] for each in stand_ins])
        for post, away, stand_ins in rows
        if reaches(actor, found[post])
    ]
    return sorted(lines, key=lambda line: (bool(line.stand_ins), line.post.code))[:MOST]


def named(actor: Actor, after: int = 0) -> list[tuple[StandIn, Post, Post | None]]:
    """The stand-ins in force for posts in `actor`'s reach: (line, post, the post that stands in); at most MOST."""
    lines = list(StandIn.objects.filter(valid(), id__gt=after).order_by("id"))
    codes = {code for line in lines for code in (line.post_code, line.stand_in_code)}
    by_code = {post.code: post for post in posts().filter(code__in=codes)}
    found = [(line, by_code.get(line.post_code), by_code.get(line.stand_in_code)) for line in lines]
    return [(line, post, other) for line, post, other in found if post is not None and reaches(actor, post)][:MOST]


def leave_in_reach(actor: Actor) -> list[Absence]:
    """Leave that runs or is to come, of people who hold a post in `actor`'s reach; at most MOST."""
    lines = list(leave()[: 5 * MOST])
    theirs: dict[int, list[Post]] = {}
    for line in Holding.objects.filter(held(), account__in={each.account_id for each in lines}).select_related("post"):
        theirs.setdefault(line.account_id, []).append(line.post)
    return [line for line in lines if any(reaches(actor, post) for post in theirs.get(line.account_id, ()))][:MOST]
