"""Finding matters by words, newest first, however many there are.

A word that many texts hold would fill memory with matches before the newest are known; a word that few hold would make
the database walk through everything. So a list by words is one that walks a little and looks up the rest (`paging`): a
common word fills its page from the first, a rare one has few matches at all. The database does not choose between the
two, since nobody knows how often words stand together.
"""

from collections.abc import Mapping

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, CharField, F, Func, Q, Value
from django.db.models.functions import Concat, StrIndex
from django.db.models.lookups import GreaterThan

from civicloop.foundation import ngrams

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
