"""New boundaries of some areas: proposed from a file, approved by a second person, in force from a moment on.

An approval writes the new versions at once, dated to their moment: from then on every process finds by them, by the
clock alone, whether a worker runs or not. The worker only notes that they hold. Whoever calls has asked people.access.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import shapely
from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.foundation import clock, trace
from civicloop.places import actions, parents, reading, selectors
from civicloop.places.areas import ImportRefused, NewArea
from civicloop.places.models import LEVELS, OVERLAY, AreaSuccession, AreaVersion, BoundaryProposal
from civicloop.places.picture import AreaRef, Picture, fill
from civicloop.places.rules import coverage, follow
from civicloop.places.rules.coverage import Flaw

TITLE, REASON = 120, 1000
MOST_AREAS = 5_000
FOLLOWS, ENDS = "replaces", "ends"  # columns of the file


class ProposalRefused(ValueError):
    """Not now, or not by this person: `code` is not_open, own_proposal, too_late, missing, nothing or overtaken."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True)
class By:
    """Who does it: account and post (None: the command line) and words for the audit log."""

    account_id: int | None = None
    post_id: int | None = None
    words: str = "command"

    @property
    def told(self) -> dict[str, Any]:
        return {"actor_id": self.account_id, "post_id": self.post_id, "actor_words": self.words}


@dataclass
class Plan:
    """What a file asks for: new and other areas, who follows whom, and which end."""

    areas: list[NewArea]
    successions: list[tuple[str, str]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


# -- from a file ----------------------------------------------------------------------------------------------------


def read(content: bytes, file: str, *, level: str, crs: str) -> Plan:
    """The plan of a CSV or GeoJSON file as `places import` takes it, with two columns more.

    `replaces` names the areas that a new one stands in for (codes with blanks between them): those that are not in the
    file themselves end. `ends = yes` ends an area that nobody follows. Raises ImportRefused, ValueError.
    """
    found = reading.areas(content, file, level=level, crs=crs)
    going = {str(row.get("code")) for row in found.rows if str(row.get(ENDS) or "") in ("yes", "True")}
    staying = [each for each in found.areas if each.code not in going]
    if any(each.level == OVERLAY or each.level == LEVELS[0] for each in staying):
        raise ImportRefused(["overlays and the city itself change by places import, without a proposal"])
    if len(found.areas) > MOST_AREAS:
        raise ImportRefused([f"more than {MOST_AREAS} areas; propose them in parts"])
    kept = {each.code for each in staying}
    successions, faults = [], []
    for number, row in enumerate(found.rows, start=1):
        for code in str(row.get(FOLLOWS) or "").replace(";", " ").replace(",", " ").split():
            if str(row.get("code")) in going:
                faults.append(f"row {number}: an area that ends replaces nothing")
            elif code != str(row.get("code")):
                successions.append((code, str(row.get("code"))))
    now = set(AreaVersion.objects.filter(valid_to=None).exclude(area__level=OVERLAY).values_list("code", flat=True))
    ended = sorted(({before for before, _after in successions} | going) - kept)
    faults += [f"there is no area {code} that could end or be replaced" for code in ended if code not in now]
    if faults:
        raise ImportRefused(faults)
    return Plan(staying, successions, ended, found.mended)


# -- the steps ------------------------------------------------------------------------------------------------------


@transaction.atomic
def propose(by: By, *, title: str, reason: str, file: str, plan: Plan, effective_at: datetime) -> BoundaryProposal:
    """Keep a proposal. Raises ProposalRefused missing, too_late, nothing; ImportRefused where it could not be taken."""
    title, reason = title.strip(), reason.strip()
    if not title or not reason or len(title) > TITLE or len(reason) > REASON:
        raise ProposalRefused("missing", _("A title and a reason are needed."))
    if effective_at < clock.now():
        raise ProposalRefused("too_late", _("This moment has passed. Choose one that is still to come."))
    _would_do(plan, effective_at)
    row = BoundaryProposal.objects.create(
        title=title, reason=reason, file=file[:TITLE], areas=[_packed(each) for each in plan.areas], ended=plan.ended,
        successions=[list(pair) for pair in plan.successions], said=plan.said[:200], effective_at=effective_at,
        based_on=selectors.layers_now(), proposed_at=clock.now(), proposed_by=by.account_id, proposed_post=by.post_id,
    )  # fmt: skip
    _tell("propose", row, by, {"areas": len(plan.areas), "ended": len(plan.ended)})
    return row


def _would_do(plan: Plan, at: datetime) -> None:
    """Take it and give it back: what would be refused later is refused now."""
    with transaction.atomic():
        change = actions.take(plan.areas, at=at, ended=plan.ended, successions=plan.successions)
        transaction.set_rollback(True)
    if not change:
        raise ProposalRefused("nothing", _("That is how the areas are already."))


@transaction.atomic
def approve(by: By, *, proposal_id: int, words: str) -> BoundaryProposal:
    """Approve as a second person: the new versions are written, dated to the proposal's moment (at the earliest now).

    Raises ProposalRefused not_open, own_proposal, overtaken; ImportRefused where areas have changed so that it cannot
    be taken any more.
    """
    row = _open(proposal_id)
    _second(row, by)
    if row.based_on != selectors.layers_now():
        raise ProposalRefused(
            "overtaken", _("The areas have changed since this was proposed. Refuse it, and let it be proposed anew.")
        )
    row.effective_at = max(row.effective_at, clock.now())
    plan = plan_of(row)
    change = actions.take(
        plan.areas, at=row.effective_at, ended=plan.ended, successions=plan.successions, by=by.told
    )  # fmt: skip
    row.revision = change.revision
    return _decided(row, by, "approved", words)


@transaction.atomic
def refuse(by: By, *, proposal_id: int, words: str) -> BoundaryProposal:
    """Refuse as a second person, with a reason. Raises ProposalRefused not_open, own_proposal, missing."""
    row = _open(proposal_id)
    _second(row, by)
    if not words.strip():
        raise ProposalRefused("missing", _("Say why."))
    return _decided(row, by, "refused", words)


@transaction.atomic
def withdraw(by: By, *, proposal_id: int, words: str) -> BoundaryProposal:
    """Take a proposal back, also an approved one as long as it does not hold yet. Raises ProposalRefused not_open."""
    row = BoundaryProposal.objects.select_for_update().filter(id=proposal_id).first()
    if row is None or row.state not in ("proposed", "approved") or _holds(row):
        raise _not_open()
    if row.state == "approved":
        _take_back(row)
    row.state, row.decision = "withdrawn", words.strip()[:REASON]
    row.save(update_fields=["state", "decision"])
    _tell("withdraw", row, by, {})
    return row


def _holds(row: BoundaryProposal) -> bool:
    return row.state == "in_force" or (row.state == "approved" and row.effective_at <= clock.now())


def _take_back(row: BoundaryProposal) -> None:
    """Versions that have not begun end where they would have begun; those before them go on."""
    planned = AreaVersion.objects.filter(valid_from=row.effective_at, valid_to=None).exclude(area__level=OVERLAY)
    codes = {each["code"] for each in row.areas}
    mine = [version for version in planned.select_related("area") if version.code in codes]
    AreaVersion.objects.filter(pk__in=[version.pk for version in mine]).update(valid_to=row.effective_at)
    before = AreaVersion.objects.filter(valid_to=row.effective_at).exclude(valid_from=row.effective_at)
    before = before.exclude(area__level=OVERLAY)
    ids = {version.area_id for version in mine}
    going = [old.pk for old in before if old.area_id in ids or old.code in row.ended]
    AreaVersion.objects.filter(pk__in=going).update(valid_to=None)
    codes_of = dict(AreaVersion.objects.filter(valid_from__lte=row.effective_at).values_list("area_id", "code"))
    pairs = {(before_, after) for before_, after in row.successions}
    planned_links = AreaSuccession.objects.filter(at=row.effective_at, taken_back=False)
    links = [
        link.pk for link in planned_links
        if (codes_of.get(link.predecessor_id), codes_of.get(link.successor_id)) in pairs
    ]  # fmt: skip
    AreaSuccession.objects.filter(pk__in=links).update(taken_back=True)
    actions.noted(clock.now())
    transaction.on_commit(selectors.forget)


def listed() -> list[BoundaryProposal]:
    """The newest proposals first."""
    return list(BoundaryProposal.objects.order_by("-id")[:200])


def announce() -> int:
    """Note of every approved proposal whose moment has come that it holds now; how many. May run at any time."""
    done = 0
    due = BoundaryProposal.objects.filter(state="approved", effective_at__lte=clock.now()).order_by("effective_at")
    for identifier in list(due.values_list("id", flat=True)):
        with transaction.atomic():
            row = BoundaryProposal.objects.select_for_update(skip_locked=True).filter(id=identifier).first()
            if row is None or row.state != "approved":
                continue
            row.state, row.announced_at = "in_force", clock.now()
            row.save(update_fields=["state", "announced_at"])
            late = int((clock.now() - row.effective_at).total_seconds())
            _tell("in_force", row, By(words="worker"), {"late_seconds": late})
            done += 1
    return done


def _open(proposal_id: int) -> BoundaryProposal:
    row = BoundaryProposal.objects.select_for_update().filter(id=proposal_id).first()
    if row is None or row.state != "proposed":
        raise _not_open()
    return row


def _not_open() -> ProposalRefused:
    return ProposalRefused("not_open", _("This proposal is not open any more. Nothing was changed."))


def _second(row: BoundaryProposal, by: By) -> None:
    if by.account_id is None or by.account_id == row.proposed_by:
        raise ProposalRefused("own_proposal", _("Somebody else decides about a proposal. Nothing was changed."))


def _decided(row: BoundaryProposal, by: By, state: str, words: str) -> BoundaryProposal:
    row.state, row.decision, row.decided_at = state, words.strip()[:REASON], clock.now()
    row.decided_by, row.decided_post = by.account_id, by.post_id
    row.save()
    _tell("approve" if state == "approved" else "refuse", row, by, {"effective_at": row.effective_at.isoformat()})
    return row


def _tell(what: str, row: BoundaryProposal, by: By, detail: Mapping[str, object]) -> None:
    trace.tell(action=f"places.boundaries.{what}", object=str(row.pk), detail=detail, **by.told)


# -- as rows, and back ----------------------------------------------------------------------------------------------


def _packed(area: NewArea) -> dict[str, Any]:
    shape = shapely.to_wkb(area.polygon, hex=True) if area.polygon is not None else ""
    return {name: getattr(area, name) for name in NAMES} | {"names": dict(area.names), "polygon": shape}


NAMES = ("code", "level", "parent", "organ_kind", "synthetic", "layer", "scheme", "source")


def plan_of(row: BoundaryProposal) -> Plan:
    """What a proposal asks for."""
    areas = [
        NewArea(**{**each, "polygon": shapely.from_wkb(each["polygon"]) if each["polygon"] else None})
        for each in row.areas
    ]
    return Plan(areas, [(before, after) for before, after in row.successions], list(row.ended), list(row.said))


# -- what it would do -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compared:
    """The areas as they would be without a proposal and with it; new areas have ids below zero until it is approved.

    `touched` are the ids of areas that are new, other or gone, `followers` those that stand in for the ended ones,
    `flaws` what the new boundaries leave open.
    """

    before: Picture
    after: Picture
    touched: frozenset[int]
    ended: frozenset[int]
    followers: Mapping[int, tuple[int, ...]]
    flaws: Sequence[Flaw]
    shapes: Sequence[tuple[str, str, Any]]  # (code, before or after, polygon)


def compared(row: BoundaryProposal) -> Compared:
    """Both states of the areas at the proposal's moment."""
    moment = max(row.effective_at, clock.now()) if row.state == "proposed" else row.effective_at
    holding = row.state in ("approved", "in_force")
    stated = AreaVersion.objects.filter(valid_from__lt=moment).exclude(valid_to__lt=moment).select_related("area")
    stated = stated.exclude(area__level=OVERLAY).exclude(valid_from=moment)
    old = [version for version in stated if version.valid_to is None or version.valid_to >= moment]
    plan = plan_of(row)
    areas = {each.code: each for each in parents.completed(plan.areas, old)}
    before = fill(Picture(), [(_ref(each), bytes(each.polygon) if each.polygon else None) for each in old])
    ids = {ref.code: ref.id for ref in before.by_code.values()}
    if holding:
        begun = AreaVersion.objects.filter(valid_from=moment, code__in=list(areas))
        ids |= dict(begun.values_list("code", "area_id"))
    for number, code in enumerate(sorted(set(areas) - set(ids)), start=1):
        ids[code] = -number
    rows: list[tuple[AreaRef, bytes | None]] = [
        (_ref(each), bytes(each.polygon) if each.polygon else None)
        for each in old
        if each.code not in areas and each.code not in plan.ended
    ]
    for each in areas.values():
        parent = ids.get(each.parent)
        ref = AreaRef(ids[each.code], each.level, each.code, each.names, each.synthetic, parent, each.layer)
        rows.append((ref, shapely.to_wkb(each.polygon) if each.polygon is not None else None))
    after = fill(Picture(), rows)
    touched = frozenset(ids[code] for code in [*areas, *plan.ended])
    codes = frozenset([*areas, *plan.ended])
    polygons = {each.code: shapely.from_wkb(bytes(each.polygon)) for each in old if each.polygon}
    return Compared(
        before, after, touched, frozenset(ids[code] for code in plan.ended), _followers(plan, ids),
        coverage.flaws(
            _asked(before, polygons), _asked(after, polygons | {c: a.polygon for c, a in areas.items() if a.polygon}),
            codes, _above(areas, polygons),
        ),
        [*((code, "before", polygons[code]) for code in sorted(codes) if code in polygons),
         *((code, "after", areas[code].polygon) for code in sorted(areas) if areas[code].polygon is not None)],
    )  # fmt: skip


def _followers(plan: Plan, ids: Mapping[str, int]) -> dict[int, tuple[int, ...]]:
    ended = set(plan.ended)
    pairs = [(ids[before], ids[after]) for before, after in plan.successions if before in ended]
    return dict(follow.chains(pairs, lambda area: area not in {ids[code] for code in ended}))


def _ref(row: AreaVersion) -> AreaRef:
    return AreaRef(row.area_id, row.area.level, row.code, row.names, row.synthetic, row.parent_id, row.layer)


def _asked(picture: Picture, polygons: Mapping[str, Any]) -> dict[str, Any]:
    return {ref.code: polygons[ref.code] for ref in picture.deepest.areas}


def _above(areas: Mapping[str, NewArea], polygons: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    found = {}
    for code, area in areas.items():
        new = areas.get(area.parent)
        ground = new.polygon if new is not None and new.polygon is not None else polygons.get(area.parent)
        if ground is not None:
            found[code] = (area.parent, ground)
    return found
