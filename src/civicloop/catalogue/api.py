"""Kinds over HTTP: for everybody, since a resident chooses one before signing in anywhere."""

from django.http import HttpRequest
from ninja import Query, Router, Schema
from ninja.errors import HttpError
from pydantic import Field

from civicloop.calendars.words import limit_words
from civicloop.catalogue import selectors, words

router = Router(tags=["catalogue"])
LARGEST_PAGE = 200


class ConditionOut(Schema):
    """When a matter of the kind is filed and how long handling may take."""

    id: int
    no: int
    condition: str
    conditions: dict[str, str] = Field(description="the text by language")
    closing: str
    limit: str = Field(description="number and unit, such as `4 work_hour`")
    limit_words: str
    source: str = Field(description="`default`: not from the standard; `sample_city`; `city`")
    source_words: str
    note: str


class KindOut(Schema):
    """A kind of matter or component. The key is standard, family and code together."""

    id: int
    standard: str
    family: str
    code: str
    class_code: str = Field(serialization_alias="class")
    class_name: str
    name: str
    names: dict[str, str]
    name_source: str = Field(description="`ours`: the English name is a translation of ours")
    custom: bool
    conditions: list[ConditionOut]


class KindsOut(Schema):
    """A page of kinds; `next` is what to send as `after` for the next one."""

    items: list[KindOut]
    next: int | None


class KindFilter(Schema):
    """How to narrow the list."""

    family: str = Field("", max_length=10, description="`matter` or `component`")
    class_code: str = Field("", max_length=8, alias="class", description="main class (大类), two digits")
    q: str = Field("", max_length=60, description="words in names or codes")
    after: int | None = Field(None, description="`next` of the page before")
    limit: int = Field(50, ge=1, le=LARGEST_PAGE)


def _condition(view: selectors.ConditionView) -> ConditionOut:
    return ConditionOut(
        id=view.id, no=view.no, condition=words.name(view.names), conditions=dict(view.names),
        closing=words.name(view.closing) if view.closing else "", limit=str(view.limit),
        limit_words=limit_words(view.limit), source=view.source, source_words=words.source_words(view.source),
        note=words.name(view.note) if view.note else "",
    )  # fmt: skip


def _kind(view: selectors.KindView) -> KindOut:
    return KindOut(
        id=view.id, standard=view.standard, family=view.family, code=view.code, class_code=view.class_code,
        class_name=words.name(view.class_names), name=words.name(view.names), names=dict(view.names),
        name_source=view.name_source, custom=view.custom,
        conditions=[_condition(each) for each in selectors.conditions(view.id)],
    )  # fmt: skip


@router.get("/kinds", response=KindsOut, by_alias=True, auth=None, operation_id="kinds")
def kinds(request: HttpRequest, wanted: Query[KindFilter]) -> KindsOut:
    """Kinds in force with their filing conditions, by standard, family and code."""
    try:
        found, following = selectors.search(
            family=wanted.family, class_code=wanted.class_code, words=wanted.q, after=wanted.after, limit=wanted.limit
        )
    except selectors.UnknownKind as unknown:
        raise HttpError(404, f"after: {unknown}") from unknown
    return KindsOut(items=[_kind(view) for view in found], next=following)
