"""Units over HTTP."""

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Router, Schema

from civicloop.foundation.names import shown
from civicloop.people import selectors, web

router = Router(tags=["people"])


class UnitOut(Schema):
    """A unit that may answer for matters."""

    code: str
    name: str
    kind: str
    duty_phone: str


@router.get("/units", response=list[UnitOut], auth=[web.Bearer(), web.Session()])
@web.call("lists.use")
def units(request: HttpRequest, q: str = "", kind: str = "", after: str = "", limit: int = 50) -> list[UnitOut]:
    """Units in force by code; `after` is the last code of the page before, `limit` at most 200."""
    rows = selectors.units().filter(code__gt=after[:64])
    if kind:
        rows = rows.filter(kind=kind[:24])
    if q:
        rows = rows.filter(names__icontains=q[:60])
    language = get_language() or "zh-hans"
    return [
        UnitOut(code=u.code, name=shown(u.names, language), kind=u.kind, duty_phone=u.duty_phone)
        for u in rows[: max(1, min(limit, 200))]
    ]
