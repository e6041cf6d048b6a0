"""Reads of saved views and phrases, limited to what is the reader's, the unit's or the city's."""

import time
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.utils.translation import get_language

from civicloop.deskwork.choices import Use
from civicloop.deskwork.models import Batch, Phrase, SavedView
from civicloop.foundation import caches
from civicloop.foundation.names import shown
from civicloop.people.access import Actor

FRESH_FOR = 30.0  # seconds of real time in which another process's change is seen
_kept: dict[int | None, tuple[float, list["Phrased"]]] = {}


@caches.register
def forget() -> None:
    """Read the phrases anew."""
    _kept.clear()


@dataclass(frozen=True)
class Phrased:
    """A phrase as a desk offers it, in the reader's language, its placeholders still unfilled."""

    id: int
    code: str
    use: str
    name: str
    text: str
    source: str
    fits: tuple[str, ...]
    unit_id: int | None


def views(actor: Actor) -> QuerySet[SavedView]:
    """The actor's own views and those that somebody of the unit shares, the own ones first."""
    own = Q(account_id=actor.account_id or 0)
    rows = SavedView.objects.filter(own | Q(shared=True, unit_id=actor.unit_id or 0), ended_at=None)
    return rows.order_by("name", "id")


def view(actor: Actor, view_id: int) -> SavedView | None:
    """A view that the actor may use."""
    return views(actor).filter(id=view_id).first()


def standard_view(actor: Actor) -> SavedView | None:
    """The view that the actor's list opens with."""
    return SavedView.objects.filter(account_id=actor.account_id or 0, standard=True, ended_at=None).first()


def batches(actor: Actor, most: int = 20) -> list[Batch]:
    """The actor's own batches, the newest first."""
    return list(Batch.objects.filter(account_id=actor.account_id or 0).order_by("-begun_at")[:most])


def in_force(unit: int | None) -> QuerySet[Phrase]:
    """The phrases of one unit, or the city's."""
    return Phrase.objects.filter(whose(unit), valid_to=None).order_by("use", "code")


def whose(unit: int | None) -> Q:
    """The phrases of one unit, or the city's."""
    return Q(unit=None) if unit is None else Q(unit_id=unit)


def phrases(actor: Actor, action: str = "") -> list[Phrased]:
    """What the actor's desk offers for an act: the unit's phrases, then the city's that the unit has not replaced."""
    own = _of(actor.unit_id) if actor.unit_id is not None else []
    replaced = {each.code for each in own}
    found = own + [each for each in _of(None) if each.code not in replaced]
    return [each for each in found if not action or not each.fits or action in each.fits]


def _of(unit: int | None) -> list[Phrased]:
    key, now = unit, time.monotonic()
    kept = _kept.get(key)
    if kept is None or now - kept[0] > FRESH_FOR:
        _kept[key] = kept = (now, [_phrased(row, "") for row in in_force(unit)])
    language = get_language() or "zh-hans"
    return kept[1] if language == "zh-hans" else [_phrased(row, language) for row in in_force(unit)]


def _phrased(row: Phrase, language: str) -> Phrased:
    spoken = language or "zh-hans"
    return Phrased(row.pk, row.code, row.use, shown(row.names, spoken), shown(row.texts, spoken), row.source,
                   tuple(row.fits), row.unit_id)  # fmt: skip


def grounds(actor: Actor) -> list[Phrased]:
    """The lawful grounds for declining, each with its source."""
    return [each for each in phrases(actor) if each.use == Use.GROUND]
