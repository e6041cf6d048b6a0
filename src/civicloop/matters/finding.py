"""Finding matters by words, newest first, however many there are.

A word that many texts hold would fill memory with matches before the newest are known; a word that few hold would make
the database walk through everything. So the newest matters are walked through, and the past before them is looked up in
the index of words, in spans that grow: a common word fills its page from the first, a rare one has few matches at all.
The database does not choose between the two, since nobody knows how often words stand together.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, CharField, F, Func, Q, Value
from django.db.models.functions import Concat, StrIndex
from django.db.models.lookups import GreaterThan

from civicloop.foundation import clock, ids, ngrams
from civicloop.matters.models import Matter

Key = tuple[datetime | None, UUID]
WALKED = 300  # matters, the newest, that are walked through; those of a day where fewer come in
FIRST_SPAN, LEAST_SPAN, GROWTH = timedelta(days=1), timedelta(seconds=1), 8
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)  # no id is of an earlier moment
AREA_SIGN = "@"
AREA_LEVELS = ("district", "subdistrict")  # below them a walk through the area's own matters is short enough


def area_word(area_id: int) -> str:
    """The token of an area, which no text can hold: so that the index of words knows where a matter is."""
    return f"{AREA_SIGN}{area_id}"


def area_words(areas: Mapping[str, int]) -> list[str]:
    """The tokens of the areas that a matter lies in, by their level."""
    return [area_word(areas[level]) for level in AREA_LEVELS if level in areas]


def number_words(number: str) -> list[str]:
    """The tokens of a number: whole, and its day and serial as people read them out."""
    day, serial, _check = number.lower().split("-")
    return [number.lower(), day, serial]


def of_area(level: str, area_id: int | None) -> Q:
    """The condition for the words of matters in an area, where such a word is kept; no condition elsewhere."""
    return Q(search__tokens__contains=[area_word(area_id)]) if area_id is not None and level in AREA_LEVELS else Q()


def holds(text: str, *, walking: bool = False) -> Q:
    """The condition that a matter has what somebody asks for with `text` (foundation.ngrams.wanted).

    `walking`: written so that the index of words cannot answer it, for few matters that another index brings.
    """
    wanted = ngrams.wanted(text)
    if not wanted.tokens:
        return Q(pk__in=[])
    found = _walked(wanted.tokens) if walking else Q(search__tokens__contains=list(wanted.tokens))
    for piece in wanted.pieces:
        found &= _stands(piece)
    for piece in wanted.without:
        found &= ~_stands(piece)
    return found


def _walked(tokens: tuple[str, ...]) -> Q:
    array = Value(list(tokens), output_field=ArrayField(CharField(max_length=ngrams.LONGEST)))
    # no index answers a CASE, and the database takes every second row to fit: so it walks in order and stops when the
    # page is full, instead of reading the whole day because it believes that nothing fits
    has = Func(F("search__tokens"), array, template="(CASE WHEN %(expressions)s THEN true ELSE false END)",
               arg_joiner=" @> ", output_field=BooleanField())  # fmt: skip
    return Q(has)


def _stands(piece: str) -> Q:
    """The condition that a piece stands in title, text, address or number as it is (see ngrams.plain)."""
    whole = Concat(
        F("title"), Value("\n"), F("text"), Value("\n"), F("address"), Value("\n"), F("number"),
        output_field=CharField(),
    )  # fmt: skip
    plain = Func(Func(whole, template="normalize(%(expressions)s, NFKC)"), function="lower", output_field=CharField())
    return Q(GreaterThan(StrIndex(plain, Value(piece)), 0))


def newest(ask: Callable[[Q, int, bool], list[Key]], most: int, before: UUID | None = None) -> list[Key]:
    """The first `most` keys that `ask(span, how many, walking)` gives, from `before` back to the oldest matter."""
    found: list[Key] = []
    reached = ids.moment_of(before) if before is not None else clock.now()
    upper, span, walking = before, _first_span(reached, before), True
    oldest: UUID | None = None
    while True:
        reached = max(reached - span, BEGINNING)
        lower = ids.first_of(reached)
        bound = Q(id__gte=lower, search__matter_id__gte=lower)
        if upper is not None:
            bound &= Q(id__lt=upper, search__matter_id__lt=upper)
        found += ask(bound, most - len(found), walking)
        if len(found) >= most:
            return found
        oldest = oldest or Matter.objects.order_by("id").values_list("id", flat=True).first()
        if oldest is None or lower <= oldest:
            return found
        upper, span, walking = lower, span * GROWTH, False


def _first_span(reached: datetime, before: UUID | None) -> timedelta:
    """How long the newest WALKED matters took to come in, so that a span holds as many in any city."""
    rows = Matter.objects.order_by("-id").values_list("id", flat=True)
    if before is not None:
        rows = rows.filter(id__lt=before)
    last = rows[WALKED : WALKED + 1].first()
    return FIRST_SPAN if last is None else max(LEAST_SPAN, min(FIRST_SPAN, reached - ids.moment_of(last)))
