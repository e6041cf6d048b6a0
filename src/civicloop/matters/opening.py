"""Sealed data of a matter: masked for those who may open them, opened for a purpose, each opening in the read log.

What is opened is answered once and kept nowhere; `records.sealing` writes the line before it answers.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, override, pgettext_lazy
from django.utils.translation import gettext as _

from civicloop.evidence import selectors as files
from civicloop.evidence.models import Evidence
from civicloop.foundation import chain, ciphers
from civicloop.foundation.names import shown
from civicloop.matters import errors, personal, reading
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.models import Entry
from civicloop.matters.reading import Reading
from civicloop.matters.writing import PLACES
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.choices import role_words
from civicloop.people.models import Post
from civicloop.procedures.rules.language import Procedure
from civicloop.records import openings, sealing
from civicloop.records import settings as of_the_city
from civicloop.records.models import ReadEntry, SealedValue
from civicloop.records.tries import SharedThrottle

WORDS_MOST = 150
PURPOSES: Mapping[str, str | Promise] = {
    "ask_back": gettext_lazy("Ask about what was reported"),
    "call_back": gettext_lazy("Call back after the work"),
    "visit": gettext_lazy("Arrange a visit or an appointment"),
    "apply": gettext_lazy("Handle what was applied for"),
    "check": gettext_lazy("Check whether the evidence is true"),
    "duty": gettext_lazy("Another duty by law"),
}
HOUR = 3600.0
of_the_city.define(
    "openings.most_hour", "int", 100, gettext_lazy("How often one account may open personal data within an hour"),
    low=5, high=10_000,
)  # fmt: skip
TELLING = gettext_lazy("Tell the person how it stands")  # the platform's own purpose, when it sends a notice
COPY = gettext_lazy("A copy for the person concerned")  # nobody of the staff opens anything for it
WHOSE: Mapping[str, str | Promise] = {
    "reporter": pgettext_lazy("whose data", "Reporter"), "household": pgettext_lazy("whose data", "Household"),
    "applicant": pgettext_lazy("whose data", "Applicant"), "party": pgettext_lazy("whose data", "Party"),
}  # fmt: skip
NAMES: Mapping[str, str | Promise] = {
    "name": pgettext_lazy("personal data", "Name"), "phone": pgettext_lazy("personal data", "Phone"),
    "document": pgettext_lazy("personal data", "Identity document"),
}  # fmt: skip


@dataclass(frozen=True)
class Held:
    """A sealed value, as it is shown before anybody opens it."""

    no: int
    label: str
    masked: str
    corrected_at: datetime | None = None  # by the person concerned


@dataclass(frozen=True)
class Opened:
    """A sealed value, opened: to be shown once."""

    label: str
    field: str
    text: str


@dataclass(frozen=True)
class Purpose:
    """What something is opened for: one of PURPOSES, and words of one's own."""

    code: str
    words: str

    def said(self) -> str:
        """As the read log keeps it. Raises Refused for a purpose that is none."""
        if self.code not in PURPOSES:
            raise invalid("purpose", "purpose_missing", _("Choose what you open it for. Nothing was opened."))
        words = self.words.strip()
        if not words:
            raise invalid("words", "purpose_missing", _("Say in a few words what you open it for. Nothing was opened."))
        if len(words) > WORDS_MOST or "\x00" in words:
            said = _("Say it in at most %(most)s characters. Nothing was opened.")
            raise invalid("words", "too_long", said % {"most": WORDS_MOST})
        return _("%(purpose)s: %(words)s") % {"purpose": PURPOSES[self.code], "words": words}


def held(actor: Actor, seen: Reading) -> list[Held]:
    """The sealed values that `actor` may open, masked; none of the others, not even that they exist."""
    fields = _fields(actor, seen)
    masks = sealing.masked(seen.id, fields) if fields else {}
    corrected = _corrected(seen, fields)
    return [
        Held(no, label_of(seen.procedure, field), masks[no], corrected.get(no))
        for no, field in fields.items()
        if no in masks
    ]


def _corrected(seen: Reading, numbers: Collection[int]) -> dict[int, datetime]:
    """Which sealed values the person concerned has put in the place of earlier ones, and when."""
    seqs = {no // PLACES: no for no in numbers if no >= PLACES}
    rows = Entry.objects.filter(matter_id=seen.id, seq__in=seqs, action=chain.CORRECT).values_list("seq", "at")
    times = dict(rows) if seqs else {}
    return {no: times[no // PLACES] for no in numbers if no // PLACES in times}


def _fields(actor: Actor, seen: Reading) -> dict[int, str]:
    if not access.opens_anything(actor, seen.subject).allowed:
        return {}
    return {no: field for no, field in sealing.fields_of(seen.id) if _may_open(actor, seen, field)}


def _may_open(actor: Actor, seen: Reading, field: str) -> bool:
    return access.opens(actor, seen.subject, _whose(seen.procedure, field)).allowed


def _whose(procedure: Procedure, field: str) -> str:
    """Whose a field is, by its word; what was sealed without one is the person's whom the procedure concerns."""
    word = field.partition("_")[0]
    return word if word in WHOSE else personal.whose(procedure)


def label_of(procedure: Procedure, field: str) -> str:
    """The words of a sealed field: whose it is, and what."""
    word, _line, name = field.partition("_")
    if word not in WHOSE:
        word, name = personal.whose(procedure), field
    need = procedure.needs.get(name)
    what = NAMES.get(name) or (shown(need.names, get_language() or "zh-hans") if need else name)
    return _("%(whose)s · %(what)s") % {"whose": WHOSE[word], "what": what}


def words_of(field: str) -> str:
    """The words of a sealed field where the matter is not looked at; empty for what only its procedure names."""
    word, _line, name = field.partition("_")
    if word not in WHOSE or name not in NAMES:
        return ""
    return _("%(whose)s · %(what)s") % {"whose": WHOSE[word], "what": NAMES[name]}


def open_values(actor: Actor, matter_id: UUID, numbers: Collection[int], purpose: Purpose) -> list[Opened]:
    """Open sealed values for a purpose: each leaves its line in the read log before it is answered.

    Raises Refused: not_found, forbidden, nothing_chosen, purpose_missing, too_long, cannot_open.
    """
    seen = _seen(actor, matter_id)
    if not access.opens_anything(actor, seen.subject).allowed:
        raise errors.forbidden()
    fields = dict(sealing.fields_of(matter_id))
    if not numbers:
        raise invalid("no", "nothing_chosen", _("Tick what you need to see. Nothing was opened."))
    if not set(numbers) <= set(fields):
        raise _gone()
    if not all(_may_open(actor, seen, fields[no]) for no in numbers):
        raise errors.forbidden()
    said, found = purpose.said(), []
    _bounded(actor)
    try:
        for no in sorted(set(numbers)):
            text = sealing.open_value(
                actor_id=actor.account_id, actor_words=actor.words, post_id=actor.post_id, purpose=said,
                matter_id=matter_id, no=no,
            )  # fmt: skip
            found.append(Opened(label_of(seen.procedure, fields[no]), fields[no], text))
    except SealedValue.DoesNotExist as reason:
        raise _gone() from reason
    except (ciphers.CannotOpen, ciphers.CannotSeal, OSError) as reason:
        raise _closed() from reason
    return found


def _bounded(actor: Actor) -> None:
    """Nobody copies a register by hand, nor a program with somebody's session. Raises Refused `too_often`."""
    most = of_the_city.get_int("openings.most_hour")
    wait = SharedThrottle("openings", most, HOUR).wait(str(actor.account_id))
    if wait:
        words = _("You have opened personal data %(most)s times within an hour. Go on in %(minutes)s minutes.")
        minutes = int(wait // 60) + 1
        raise Refused("too_often", 429, words % {"most": most, "minutes": minutes}, retry_after=int(wait) + 1)


# -- what the person concerned is told ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """An opening as the person concerned sees it: when, by which kind of post, for what. Never who."""

    at: datetime
    post: str
    purpose: str


def told(matter_id: UUID) -> list[Told]:
    """Every opening of sealed data of a matter, oldest first; for whoever holds its check code.

    The openers' own words stay with the auditor, since they may name people.
    """
    lines = openings.of_matter(matter_id)
    roles = dict(Post.objects.filter(id__in={line.post_id for line in lines}).values_list("id", "role"))
    return [
        Told(line.at, _post(roles.get(line.post_id or 0, ""), _own(line)), _purpose_of(line.purpose)) for line in lines
    ]


def _own(line: ReadEntry) -> bool:
    """Whether the person concerned has opened it, for a copy of the own data."""
    return line.account_id is None and line.post_id is None and line.words in personal.WHOSE


def _post(role: str, own: bool) -> str:
    if own:
        return _("You yourself, with the check code")
    return role_words(role, _("Platform"))


def _purpose_of(said: str) -> str:
    """The chosen purpose of a line in the reader's language; the line keeps it in the opener's."""
    for purpose in (*PURPOSES.values(), TELLING, COPY):
        for each, _name in settings.LANGUAGES:
            with override(each):
                beginning = str(purpose)
            if said.startswith(beginning):
                return str(purpose)
    return str(PURPOSES["duty"])


# -- originals of photos and files ----------------------------------------------------------------------------------


def originals(actor: Actor, seen: Reading) -> list[Evidence]:
    """The photos and files whose original `actor` may open."""
    if not access.opens_anything(actor, seen.subject).allowed:
        return []
    return [row for row in files.of_matter(seen.id) if access.opens(actor, seen.subject, _kind(row)).allowed]


def _kind(row: Evidence) -> str:
    """What access must know of an original: a photo or film, a paper of the staff, or a letter from outside."""
    if row.media_type.startswith(("image/", "video/")):
        return "photo"
    return "letter" if row.post_id is None else "paper"


def open_original(actor: Actor, matter_id: UUID, evidence_id: UUID, purpose: Purpose) -> tuple[bytes, Evidence]:
    """The upload as it came, with everything that a phone wrote into it. Raises Refused, as open_values does."""
    seen = _seen(actor, matter_id)
    row = next((each for each in files.of_matter(matter_id) if each.id == evidence_id), None)
    if row is None or not access.opens(actor, seen.subject, _kind(row)).allowed:
        raise errors.forbidden()
    said = purpose.said()
    _bounded(actor)
    try:
        content, _media_type = files.open_original(
            actor_id=actor.account_id, actor_words=actor.words, post_id=actor.post_id, purpose=said,
            matter_id=matter_id, evidence_id=evidence_id,
        )  # fmt: skip
    except (ciphers.CannotOpen, ciphers.CannotSeal, LookupError, OSError) as reason:
        raise _closed() from reason
    return content, row


def _seen(actor: Actor, matter_id: UUID) -> Reading:
    seen = reading.read(matter_id)
    if seen is None or not access.sees(actor, seen.subject).known:
        raise errors.not_found()
    return seen


def _gone() -> Refused:
    return invalid("no", "unknown_value", _("This is not kept any more. Nothing was opened."))


def _closed() -> Refused:
    words = _("This cannot be opened: its key or its contents are missing or damaged. Tell the system administrator.")
    return Refused("cannot_open", 503, words)
