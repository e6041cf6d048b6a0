"""Suggestions for a text, and how good they have been."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Sum

from civicloop.catalogue import selectors as catalogue
from civicloop.catalogue.selectors import KindView
from civicloop.classifier import store
from civicloop.classifier.models import Making, Measure

FEW = 5  # below this many matters no share is shown


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A kind for a text, how sure (0–1), the words that decided, and whether it was learnt from the city's matters."""

    kind: KindView
    confidence: float
    reasons: tuple[str, ...]
    learnt: bool


def suggest(*texts: str) -> Suggestion | None:
    """The kind that the texts are about, or None when it is not sure enough to be said."""
    model = store.in_use()
    answer = model.answer("\n".join(texts))
    if not answer.spoken:
        return None
    kind = next((kind for kind in catalogue.kinds(family="matter") if kind.code == answer.label), None)
    if kind is None:
        return None
    return Suggestion(kind, answer.confidence, answer.reasons, model.about.get("origin") == "history")


def latest() -> Making | None:
    """The making of the model in use; None while it is the catalogue's own words."""
    return Making.objects.filter(taken=True).order_by("-made_at").first()


def makings(most: int = 20) -> list[Making]:
    """The last makings, taken or not."""
    return list(Making.objects.order_by("-made_at")[:most])


@dataclass(frozen=True, slots=True)
class Line:
    """One kind over the weeks looked at. `share` is right / spoken, None where too few."""

    code: str
    matters: int
    spoken: int
    right: int
    share: float | None


def by_kind(since: date) -> list[Line]:
    """What was said of each kind since a Monday, most frequent first."""
    rows = Measure.objects.filter(week__gte=since).values("kind_code")
    summed = rows.annotate(all=Sum("matters"), said=Sum("spoken"), good=Sum("right")).order_by("-all", "kind_code")
    return [_line(row["kind_code"], row["all"], row["said"], row["good"]) for row in summed]


def by_week(since: date) -> list[Line]:
    """The same of each week, the newest first."""
    rows = Measure.objects.filter(week__gte=since).values("week")
    summed = rows.annotate(all=Sum("matters"), said=Sum("spoken"), good=Sum("right")).order_by("-week")
    return [_line(row["week"].isoformat(), row["all"], row["said"], row["good"]) for row in summed]


def total(lines: Sequence[Line]) -> Line:
    """All lines as one."""
    return _line("", *(sum(getattr(line, name) for line in lines) for name in ("matters", "spoken", "right")))


def _line(code: str, matters: int, spoken: int, right: int) -> Line:
    return Line(code, matters, spoken, right, right / spoken if spoken >= FEW else None)
