"""A suggestion over HTTP, for staff: the text stands in the body, for it may hold personal data."""

from typing import Annotated

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Router, Schema
from pydantic import Field

from civicloop.classifier import selectors
from civicloop.foundation.names import shown
from civicloop.people import web

router = Router(tags=["catalogue"])


class TextIn(Schema):
    """What was reported."""

    text: Annotated[str, Field(min_length=1, max_length=10_000)]


class KindSuggestionOut(Schema):
    """A kind with how sure it is (0–1) and the words that decided; `kind` is null when it keeps silent."""

    kind: str | None
    name: str
    confidence: float | None
    reasons: list[str]


@router.post(
    "/kinds/suggest",
    response=KindSuggestionOut,
    auth=[web.Bearer(), web.Session()],
    summary="The kind of a text, suggested",
)
@web.call("lists.use")
def suggest(request: HttpRequest, told: TextIn) -> KindSuggestionOut:
    """Answers without keeping the text."""
    found = selectors.suggest(told.text)
    if found is None:
        return KindSuggestionOut(kind=None, name="", confidence=None, reasons=[])
    name = shown(found.kind.names, get_language() or "zh-hans")
    return KindSuggestionOut(
        kind=found.kind.code, name=name, confidence=round(found.confidence, 3), reasons=list(found.reasons)
    )
