"""已有人反映: what has been reported already near a place, told to a person who is about to report the same.

Nobody learns more of a report than everybody may: its kind, how near it is, since which day, how far it is. Its words
are compared only in those words that the catalogue itself has, so that nobody can try out what somebody else wrote. A
report that may accuse somebody is told of after a day, or when many have said the same. Nothing is refused by a hint:
whoever adds a voice has a report of their own, joined to the case.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from uuid import NAMESPACE_OID, UUID, uuid5

from django.conf import settings as django_settings
from django.utils.translation import gettext_lazy

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import caches, clock, keyfile, locality, ngrams
from civicloop.matters import alike, cluster_lists, clustering, clusters, nearby
from civicloop.matters.choices import PUBLIC_PROCEDURES, Stage
from civicloop.matters.errors import Refused
from civicloop.matters.likeness import FAR, Told, compare
from civicloop.matters.models import Doubt, Matter
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.places import selectors as places
from civicloop.records import settings

DAYS = 30
HINTED = 0.55  # less than a desk needs: only words of the catalogue are compared, and the person decides
FEW_KINDS = 10  # a word of so many kinds weighs whole
MOST = 3
MANY = 5  # so many reports of the same hide each of their reporters
BANDS = (50, int(FAR))  # metres: nobody is told exactly how far
# classes of the national list that are about things: nobody is accused by a lamp that is out
OF_THINGS = frozenset({"01", "02", "03", "04", "05"})
PHASES = {
    Stage.COLLECT: "received", Stage.FILE: "received", Stage.DISPATCH: "received", Stage.HANDLE: "handled",
    Stage.FEEDBACK: "handled",
}  # fmt: skip
settings.define(
    "hints.delay_hours", "int", 24, gettext_lazy("Hours until a report that may accuse somebody is hinted at"),
    low=0, high=720,
    help=gettext_lazy("Reports of things, and what many have reported, are hinted at once"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hint:
    """What everybody may know of a report near by. `voice` names it to us and to nobody else."""

    voice: str
    kind_id: int | None
    community_id: int | None
    within: int  # metres
    since: date
    phase: str  # received, handled, checked
    many: bool


@dataclass(frozen=True, slots=True)
class About:
    """What somebody is about to report: its point (WGS-84), texts and kind, as far as they are known."""

    lon: float
    lat: float
    title: str = ""
    text: str = ""
    kind_id: int | None = None


def about(
    lon: float | None, lat: float | None, crs: str, *, title: str = "", text: str = "", kind: str = ""
) -> About | None:
    """What a form says so far; None while there is no point. Raises Refused for a kind that there is not."""
    from civicloop.matters.intake import kind_of

    if lon is None or lat is None:
        return None
    try:
        found = places.locate(lon, lat, crs)
    except places.ImpossibleCoordinates:
        return None
    view = kind_of(kind)
    return About(found.lon, found.lat, title, text, view.id if view else None)


@cache
def _words() -> Mapping[str, float]:
    """The words of the catalogue, which can be compared without telling what somebody wrote, and what each weighs.

    One that few kinds bear says what a report is about; how many reports near by hold it does not matter.
    """
    counts: dict[str, int] = {}
    for kind in catalogue.kinds(family="matter"):
        for token in ngrams.tokens(*kind.names.values()):
            counts[token] = counts.get(token, 0) + 1
    return {token: min(1.0, FEW_KINDS / count) for token, count in counts.items()}


@caches.register
def forget() -> None:
    """Read the words of the catalogue anew."""
    _words.cache_clear()


def hints(wanted: About, *, leave: UUID | None = None) -> list[Hint]:
    """What has been reported already near by and is open, the likeliest first; at most three."""
    found = _near(wanted, leave)
    told = {row.id: _told(row.title, row.text, row.kind_id) for row, _away, _joined in found}
    mine = _told(wanted.title, wanted.text, wanted.kind_id)
    likely = []
    for row, away, joined in found:
        likeness = compare(mine, told[row.id], away, _words())
        if likeness.value >= HINTED and (likeness.shared or row.kind_id == wanted.kind_id):
            likely.append((likeness.value, row, away, joined))
    likely.sort(key=lambda each: (-each[0], each[1].id))
    return [_hint(row, away, joined) for _value, row, away, joined in likely[:MOST]]


def _near(wanted: About, leave: UUID | None) -> list[tuple[Matter, float, int]]:
    """Open cases near by that everybody may know of, each once: how far they are, how many are joined to them."""
    away = nearby.near(wanted.lon, wanted.lat, FAR, days=DAYS)
    apart = Doubt.objects.filter(matter_id__in=away, trusted_at=None).values("matter_id")
    # by their keys alone: with more conditions the planner may read a whole index of what is open beside
    rows = Matter.objects.filter(id__in=away).exclude(id__in=apart).select_related("procedure")
    rows = rows.defer("procedure__expanded")
    found = [row for row in rows if row.id != leave and _is_public(row)]
    counts = cluster_lists.up_to(MANY, [row.id for row in found if row.lead_id is not None])
    before = clock.now() - timedelta(hours=settings.get_int("hints.delay_hours"))
    near = [(row, away[row.id], counts.get(row.id, 0)) for row in found]
    return [each for each in near if _may_be_told(each[0], before, each[2])]


def _is_public(row: Matter) -> bool:
    """Whether everybody may know of it: an open case of its own that is no affair of one person."""
    own = row.lead_id in {None, row.id} and row.parent_id is None and not row.end
    return own and not row.confidentiality and not row.complained_of and row.procedure.code in PUBLIC_PROCEDURES


def _may_be_told(row: Matter, before: datetime, joined: int) -> bool:
    return row.class_code in OF_THINGS or row.received_at <= before or joined + 1 >= MANY


def _told(title: str, text: str, kind_id: int | None) -> Told:
    kind = catalogue.kind(kind_id) if kind_id is not None else None
    told = Told.of(title, text, kind.code if kind else "", kind.class_code if kind else "")
    return Told(told.tokens & _words().keys(), told.kind, told.kind_class)


def _hint(row: Matter, away: float, joined: int) -> Hint:
    zone = locality.zone()
    return Hint(
        voice_of(row.id), row.kind_id, row.community_id, next((band for band in BANDS if away <= band), BANDS[-1]),
        row.received_at.astimezone(zone).date(), PHASES.get(Stage(row.stage), "checked"), joined + 1 >= MANY,
    )  # fmt: skip


def voice_of(matter_id: UUID) -> str:
    """What a page carries of a case: a keyed hash, for its id would tell to the millisecond when it was reported."""
    key = keyfile.kept(django_settings.DATA_DIR / "keys" / "check-code.key")
    return hmac.new(key, b"voice:" + matter_id.bytes, "sha256").hexdigest()[:24]


def add_voice(matter_id: UUID, voice: str, actor: Actor | None = None) -> bool:
    """Join a report to the case that its reporter named by `voice`; whether it is joined now.

    It is a report like any other before and afterwards. What cannot be joined, since the case has ended meanwhile or
    is none that the reporter could be told of, stays alone, and the desk sees both.
    """
    from civicloop.matters import actions

    if not voice:
        return False
    row = Matter.objects.filter(id=matter_id).first()
    if row is None or row.lon is None or row.lat is None:
        return False
    wanted = About(row.lon, row.lat, row.title, row.text, row.kind_id)
    if actor is not None and actor.kind == "staff":
        told_of = [each.row for each in for_staff(actor, wanted)]
    else:
        told_of = [each for each, _away, _joined in _near(wanted, row.id)]
    lead = next((each for each in told_of if hmac.compare_digest(voice_of(each.id).encode(), voice.encode())), None)
    if lead is None:
        return cluster_lists.lead_of(row) is not None and voice == voice_of(row.lead_id or row.id)
    wish = actions.Act(
        matter_id,
        clusters.JOIN,
        uuid5(NAMESPACE_OID, f"{matter_id}:voice"),
        data={"lead": str(lead.id), "how": "voice"},
    )
    try:
        actions.act(clustering.SYSTEM, wish)
    except Refused:
        return False
    return True


def for_staff(actor: Actor, wanted: About) -> list[alike.Alike]:
    """The same for somebody on the staff who reports: open matters that the post may see, in all their words."""
    if not access.may(actor, "matters.list").allowed:
        return []
    draft = Matter(title=wanted.title, text=wanted.text, lon=wanted.lon, lat=wanted.lat)
    draft.kind_id = wanted.kind_id
    if wanted.kind_id is not None:
        draft.class_code = catalogue.kind(wanted.kind_id).class_code
    draft.id = UUID(int=0)
    return [each for each in alike.alike(actor, draft, most=2 * MOST) if not each.row.end][:MOST]
