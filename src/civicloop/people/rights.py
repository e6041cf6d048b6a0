"""What an account may do and who granted it: posts, stand-ins, delegations, tokens, and the duties that come of them.

Rights only, never what somebody did with them: the product follows matters, not people.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from civicloop.foundation import clock
from civicloop.people import access, exchange
from civicloop.people.access import AREA_ROLES, PERSONAL, Actor
from civicloop.people.choices import Role
from civicloop.people.models import Absence, Account, ApiToken, Delegation, Handover, Holding, Post, StandIn, Unit
from civicloop.people.selectors import actors_of_account, held, posts
from civicloop.places import selectors as places
from civicloop.places.selectors import AreaRef
from civicloop.records.models import AuditEntry

SOON = timedelta(days=30)
MOST = 200  # lines of each part
State = Literal["now", "to_come", "past"]
Group = Literal["see", "do", "administer"]
GROUPS: tuple[Group, ...] = ("see", "do", "administer")
# what each duty means in plain words, and whether it is seeing, doing or administering; a test holds it complete
WORDS: Mapping[str, tuple[Group, Promise]] = {
    "matters.list": ("see", _("Matters in the reach of the post")),
    "map.view": ("see", _("The map of matters in the reach of the post")),
    "areas.view": ("see", _("Areas and their boundaries")),
    "calendars.view": ("see", _("Working calendars")),
    "catalogue.view": ("see", _("Kinds, conditions, limits and who answers for them")),
    "units.view": ("see", _("Units and their duty phones")),
    "procedures.view": ("see", _("Procedures")),
    "lists.use": ("see", _("Which units and components there are, and which kind a text is about, for programs")),
    "style.view": ("see", _("The page of components")),
    "posts.view": ("see", _("Posts and who holds them, tokens, links to the sign-in service")),
    "delegations.view": ("see", _("Delegated affairs in the reach of the post")),
    "standins.view": ("see", _("Who is away and who stands in, in the reach of the post")),
    "signals.view": ("see", _("Signals: what asks for a second look")),
    "clusters.watch": ("see", _("What is reported again and again, and where it comes back")),
    "orders.view": ("see", _("Supervision orders in the reach of the post")),
    "figures.work": ("see", _("The workload of the own post")),
    "figures.workload": ("see", _("The workload of the posts below, without names")),
    "figures.view": ("see", _("Figures of the own area or unit")),
    "classifier.view": ("see", _("How good the suggestions of kinds are")),
    "settings.view": ("see", _("Settings and their history")),
    "erasure.view": ("see", _("Lists of erasures and their certificates")),
    "notices.own": ("see", _("The own inbox and how one is told")),
    "notices.log": ("see", _("What was sent and what could not be sent, and the wording of notices")),
    "audit.view": ("see", _("Audit log, read log and unusual log lines")),
    "rights.view": ("see", _("What somebody may do, and why a matter or a page does not open")),
    "matters.report": ("do", _("Report matters")),
    "alike.judge": ("do", _("Say that two reports are not the same")),
    "clusters.join": ("do", _("Join reports of the same to one case, and take them out again")),
    "signals.judge": ("do", _("Judge signals")),
    "notices.broadcast": ("do", _("Send one answer to all who reported the same")),
    "orders.open": ("do", _("Open, raise and withdraw supervision orders")),
    "orders.answer": ("do", _("Answer supervision orders to the own unit")),
    "orders.review": ("do", _("Review answers to supervision orders")),
    "figures.keep": ("do", _("Keep figures as they are at a moment")),
    "figures.publish": ("do", _("Show kept figures to everybody")),
    "figures.weigh": ("do", _("Propose weights of scores, and decide on those that another one proposed")),
    "photos.publish": ("do", _("Cover faces and plates in photos and show the photos to the public")),
    "phrases.change": ("do", _("Change the phrases of the own unit; the system administrator those of the city")),
    "catalogue.try": ("do", _("Try changes of who answers on past matters")),
    "leave.own": ("do", _("Enter the own leave, hand over the own shift")),
    "standins.change": ("administer", _("Name stand-ins and enter leave, in the reach of the post")),
    "delegations.change": ("administer", _("Delegate affairs of a unit and take them back")),
    "boundaries.view": ("see", _("Proposals of new boundaries and what they would change")),
    "boundaries.propose": ("administer", _("Propose new boundaries")),
    "boundaries.decide": ("administer", _("Approve or refuse new boundaries that somebody else has proposed")),
    "boundaries.move": ("administer", _("Move open matters to the areas of new boundaries")),
    "areas.change": ("administer", _("Change areas")),
    "calendars.change": ("administer", _("Change working calendars")),
    "catalogue.change": ("administer", _("Change kinds, conditions, limits and who answers for them")),
    "units.change": ("administer", _("Change units")),
    "posts.change": ("administer", _("Change accounts, posts, who holds them, and tokens")),
    "posts.decide": ("administer", _("Decide whether somebody gets a post that reaches far")),
    "notices.resend": ("administer", _("Send again what could not be sent")),
    "settings.change": ("administer", _("Change settings")),
    "erasure.propose": ("administer", _("Make lists of what has come to the end of its period")),
    "erasure.decide": ("administer", _("Approve or refuse lists of erasures, keep matters beyond their period")),
}
# what may be opened for a purpose; each opening stands in the read log
SEALED: Mapping[str, Promise] = {
    "reporter": _("Open who reported, for a purpose"),
    "household": _("Open the facts of a household, for a purpose"),
    "applicant": _("Open who applied for a service, for a purpose"),
    "party": _("Open the parties of a dispute, for a purpose"),
    "photo": _("Open original photos, for a purpose"),
    "paper": _("Open original papers of the staff, for a purpose"),
    "letter": _("Open original papers from outside, for a purpose"),
}


@dataclass(frozen=True)
class Grant:
    """Who gave or ended it and when, as the audit log says it; `file` is the name of the file that brought it."""

    by: str
    at: datetime
    file: str = ""


@dataclass(frozen=True)
class PostLine:
    """A post with its holding: until when (the sooner end of both), where, by whom."""

    post: Post
    since: datetime
    until: datetime | None
    state: State
    roles: list[str]
    area: list[AreaRef]
    granted: Grant | None
    ended: Grant | None


@dataclass(frozen=True)
class StandInLine:
    """A post of somebody else in which the person acts, or would: named as stand-in, or by a shift's hand-over."""

    post_code: str
    post: Post | None
    whose: list[Account]
    since: datetime
    until: datetime | None
    state: State
    shift: bool
    acts_now: bool
    granted: Grant | None
    leave: Absence | None = None  # why it acts now: the leave of its holder that ends first


@dataclass(frozen=True)
class DelegationLine:
    """A delegation to one of the person's posts, or to its unit."""

    row: Delegation
    until: datetime
    state: State
    area: AreaRef | None
    entered_by: str


@dataclass(frozen=True)
class TokenLine:
    """A token that acts in one of the person's posts."""

    row: ApiToken
    until: datetime | None
    state: State


@dataclass(frozen=True)
class DutyLine:
    """One thing that may be seen or done, and the posts that it comes from."""

    words: str | Promise
    posts: list[str]


@dataclass(frozen=True)
class Ending:
    """Something that ends within SOON."""

    what: Literal["post", "stand_in", "delegation", "token"]
    name: str
    at: datetime


@dataclass(frozen=True)
class Rights:
    """Everything on the page of a person."""

    account: Account
    posts: list[PostLine]
    stand_ins: list[StandInLine]
    delegations: list[DelegationLine]
    tokens: list[TokenLine]
    away_until: datetime | None
    duties: list[tuple[Group, list[DutyLine]]]
    ending: list[Ending]

    @property
    def several(self) -> bool:
        """Whether the rights come from more than one post, so that each has to be named."""
        return len({code for _group, lines in self.duties for line in lines for code in line.posts}) > 1


def accounts(wanted: str = "", after: str = "") -> QuerySet[Account]:
    """Accounts by sign-in name, also those that hold nothing any more; searched by sign-in name or name."""
    rows = Account.objects.filter(username__gt=after).order_by("username")
    return rows.filter(Q(username__icontains=wanted) | Q(names__icontains=wanted)) if wanted else rows


def whom_to_ask() -> list[Unit]:
    """The units of the security administrators, who give posts; with their duty phones."""
    rows = Holding.objects.filter(
        held(), Q(post__role=Role.SECURITY_ADMIN) | Q(post__also__contains=[Role.SECURITY_ADMIN]),
        account__is_active=True, post__in=posts().values("id"),
    )  # fmt: skip
    return list(Unit.objects.filter(id__in=rows.values("post__unit_id")).order_by("code")[:10])


def of(account: Account) -> Rights:
    """What `account` may do now, what it could do before, what is to come."""
    actors = actors_of_account(account.pk)
    lines = _posts(account)
    codes = {line.post.code for line in lines if line.state == "now"}
    stand_ins = _stand_ins(account, lines, codes, actors)
    delegations = _delegations(lines)
    tokens = _tokens(account, {line.post.pk for line in lines if line.state == "now"})
    now = clock.now()
    away = Absence.objects.filter(account=account, since__lte=now, until__gt=now, ended_at=None).order_by("-until")
    return Rights(
        account=account, posts=lines, stand_ins=stand_ins, delegations=delegations, tokens=tokens,
        away_until=away.values_list("until", flat=True).first(), duties=duties(actors, _codes(actors)),
        ending=_ending(lines, stand_ins, delegations, tokens),
    )  # fmt: skip


def duties(actors: Sequence[Actor], codes: Mapping[int, str]) -> list[tuple[Group, list[DutyLine]]]:
    """What these posts may, grouped; asked of `access` itself, duty by duty."""
    found: dict[Group, list[DutyLine]] = {group: [] for group in GROUPS}

    def add(group: Group, words: str | Promise, which: Iterable[Actor]) -> None:
        names = sorted({codes[each.post_id or 0] for each in which})
        if names:
            found[group].append(DutyLine(words, names))

    listing = [each for each in actors if access.may(each, "matters.list").allowed]
    add("see", _("Every matter of the area of the post"), [each for each in listing if each.roles & AREA_ROLES])
    add("see", _("Matters in which the own unit or the person takes part"), listing)
    for duty, (group, words) in WORDS.items():
        if duty != "matters.list":
            add(group, words, [each for each in actors if access.may(each, duty).allowed])
    for whose, words in SEALED.items():
        add("see", words, [each for each in listing if each.roles & PERSONAL[whose]])
    add("do", _("Act on matters, where their procedure names a role of the post"), listing)
    return [(group, found[group]) for group in GROUPS]


def _codes(actors: Iterable[Actor]) -> dict[int, str]:
    wanted = [each.post_id for each in actors if each.post_id is not None]
    return dict(Post.objects.filter(id__in=wanted).values_list("id", "code"))


def _state(since: datetime, until: datetime | None) -> State:
    now = clock.now()
    if until is not None and until <= now:
        return "past"
    return "now" if since <= now else "to_come"


def _sooner(*ends: datetime | None) -> datetime | None:
    return min((end for end in ends if end is not None), default=None)


def _place(area_id: int) -> list[AreaRef]:
    return list(places.path(area_id).values())


def _names(ids: Iterable[int | None]) -> dict[int, str]:
    return dict(Account.objects.filter(id__in={each for each in ids if each}).values_list("id", "username"))


def _posts(account: Account) -> list[PostLine]:
    rows = list(
        Holding.objects.filter(account=account).select_related("post", "post__unit").order_by("-since", "-id")[:MOST]
    )
    log = list(
        AuditEntry.objects.filter(
            action__in=("post.hold", "post.release"), object__in={row.post.code for row in rows},
            detail__user=account.username,
        ).order_by("at", "id")
    )  # fmt: skip
    files = {
        str(entry.detail.get("effective")): entry
        for entry in AuditEntry.objects.filter(
            action="people.import", detail__effective__in={exchange.written(row.since) for row in rows}
        )
    }
    lines = []
    for row in rows:
        until = _sooner(row.until, row.post.valid_to)
        given = _entry(log, "post.hold", row.post.code, row.since)
        file = files.get(exchange.written(row.since))
        granted = given or (Grant(file.words, file.at, file.object) if file else None)
        state = _state(row.since, until)
        ended = _entry(log, "post.release", row.post.code, row.until) if row.until and state == "past" else None
        roles = [str(Role(role).label) for role in (row.post.role, *row.post.also)]
        lines.append(PostLine(row.post, row.since, until, state, roles, _place(row.post.area_id), granted, ended))
    return sorted(lines, key=lambda line: ("now", "to_come", "past").index(line.state))


def _entry(log: Iterable[AuditEntry], action: str, code: str, moment: datetime) -> Grant | None:
    """The line of the act that set `moment`: written in the same transaction, a moment later."""
    near = [
        entry
        for entry in log
        if (entry.action, entry.object) == (action, code) and moment <= entry.at <= moment + timedelta(minutes=1)
    ]
    return Grant(near[0].words, near[0].at) if near else None


def _at_a_time(lines: Iterable[PostLine], since: datetime, until: datetime | None) -> bool:
    """Whether one of these posts was held, is or will be while the other right is good."""
    return any((line.until is None or line.until > since) and (until is None or line.since < until) for line in lines)


def _stand_ins(
    account: Account, lines: Sequence[PostLine], codes: set[str], actors: Sequence[Actor]
) -> list[StandInLine]:
    by_code: dict[str, list[PostLine]] = {}
    for line in lines:
        by_code.setdefault(line.post.code, []).append(line)
    named = [
        row
        for row in StandIn.objects.filter(stand_in_code__in=by_code).order_by("-valid_from", "-id")[:MOST]
        if _at_a_time(by_code[row.stand_in_code], row.valid_from, row.valid_to)
    ]
    taken = Q(taker_code__in=codes, until__gt=clock.now()) | Q(confirmed_by=account.pk)
    shifts = list(
        Handover.objects.filter(taken, confirmed_at__isnull=False)
        .select_related("giver")
        .order_by("-given_at", "-id")[:MOST]
    )
    wanted = {row.post_code for row in named} | {shift.post_code for shift in shifts}
    current = {post.code: post for post in posts().filter(code__in=wanted)}
    borrowed = {each.post_id for each in actors if each.stands_in_from is not None}
    holders: dict[int, list[Account]] = {}
    for holding in Holding.objects.filter(held(), post__in=current.values()).select_related("account"):
        holders.setdefault(holding.post_id, []).append(holding.account)
    now = clock.now()
    leave: dict[int, Absence] = {}
    for absence in Absence.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=now), since__lte=now, until__gt=now,
        account__in={person.pk for people in holders.values() for person in people},
    ).order_by("until"):  # fmt: skip
        leave.setdefault(absence.account_id, absence)
    log = list(AuditEntry.objects.filter(action="standin.name", object__in=wanted).order_by("at", "id"))
    found = []
    for row in named:
        post, state = current.get(row.post_code), _state(row.valid_from, row.valid_to)
        if row.stand_in_code not in codes:
            state = "past"
        mine = [entry for entry in log if entry.detail.get("stand_in") == row.stand_in_code]
        acts = state == "now" and post is not None and post.pk in borrowed
        whose = holders.get(post.pk, []) if post else []
        away = sorted((leave[each.pk] for each in whose if each.pk in leave), key=lambda each: each.until)
        found.append(
            StandInLine(
                row.post_code, post, whose, row.valid_from, row.valid_to, state, False, acts,
                _entry(mine, "standin.name", row.post_code, row.valid_from), away[0] if acts and away else None,
            )
        )  # fmt: skip
    for shift in shifts:
        post, until = current.get(shift.post_code), _sooner(shift.until, shift.ended_at)
        begin = shift.confirmed_at or shift.given_at
        granted = Grant(shift.giver.username, shift.given_at)
        state = _state(begin, until)
        acts = state == "now" and post is not None and post.pk in borrowed
        found.append(StandInLine(shift.post_code, post, [shift.giver], begin, until, state, True, acts, granted))
    return sorted(found, key=lambda line: ("now", "to_come", "past").index(line.state))


def _delegations(lines: Sequence[PostLine]) -> list[DelegationLine]:
    by_code: dict[str, list[PostLine]] = {}
    by_unit: dict[int, list[PostLine]] = {}
    for line in lines:
        by_code.setdefault(line.post.code, []).append(line)
        by_unit.setdefault(line.post.unit_id, []).append(line)
    ever = Q(to_post_code__in=by_code) | Q(to_unit__in=by_unit)
    mine = [line for line in lines if line.state == "now"]
    codes, units = {line.post.code for line in mine}, {line.post.unit_id for line in mine}
    rows = list(Delegation.objects.filter(ever).select_related("from_unit", "to_unit").order_by("-id")[:MOST])
    who = _names(row.entered_by for row in rows)
    found = []
    for row in rows:
        until = _sooner(row.valid_to, row.revoked_at) or row.valid_to
        held_now = row.to_unit_id in units or row.to_post_code in codes
        state: State = _state(row.valid_from, until) if held_now else "past"
        if not _at_a_time(by_code.get(row.to_post_code) or by_unit.get(row.to_unit_id or 0, []), row.valid_from, until):
            continue
        area = next(reversed(_place(row.area_id)), None)
        found.append(DelegationLine(row, until, state, area, who.get(row.entered_by or 0, "")))
    return sorted(found, key=lambda line: ("now", "to_come", "past").index(line.state))


def _tokens(account: Account, held_posts: set[int]) -> list[TokenLine]:
    found = []
    for row in ApiToken.objects.filter(account=account).select_related("post").order_by("-id")[:MOST]:
        until = _sooner(row.expires_at, row.revoked_at)
        state: State = _state(row.created_at, until) if row.post_id in held_posts else "past"
        found.append(TokenLine(row, until, state))
    return sorted(found, key=lambda line: ("now", "to_come", "past").index(line.state))


def _ending(
    lines: Iterable[PostLine], stand_ins: Iterable[StandInLine], delegations: Iterable[DelegationLine],
    tokens: Iterable[TokenLine],
) -> list[Ending]:  # fmt: skip
    ends: list[tuple[Literal["post", "stand_in", "delegation", "token"], str, State, datetime | None]] = [
        *(("post", line.post.code, line.state, line.until) for line in lines),
        *(
            ("stand_in", line.post_code, line.state, _sooner(line.until, line.leave.until if line.leave else None))
            for line in stand_ins
        ),
        *(("delegation", line.row.paper_number, line.state, line.until) for line in delegations),
        *(("token", line.row.name or line.row.post.code, line.state, line.until) for line in tokens),
    ]
    last = clock.now() + SOON
    found = [Ending(what, name, at) for what, name, state, at in ends if state == "now" and at and at <= last]
    return sorted(found, key=lambda each: (each.at, each.what, each.name))
