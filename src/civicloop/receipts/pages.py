"""The public pages of the daily roots: the list, and one day with all that somebody needs to check it."""

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from civicloop.people.web import public
from civicloop.receipts import keys, selectors


@public
@require_safe
def roots(request: HttpRequest) -> HttpResponse:
    """Every day's root, the newest first, 50 a page; what they are for, and the keys."""
    rows, following = selectors.roots(_day(request.GET.get("before", "")))
    here = reverse("receipts:roots")
    page = {
        "next_url": f"{here}?before={following.isoformat()}" if following else "",
        "previous_url": here if "before" in request.GET else "",
    }
    return render(request, "receipts/roots.html", {"rows": rows, "page": page, "keys": keys.published()})


@public
@require_safe
def day(request: HttpRequest, day: str) -> HttpResponse:
    """One day's root."""
    found = _day(day)
    row = selectors.root_of(found) if found else None
    if row is None:
        raise Http404
    before, after = selectors.around(row)
    key = next((each for each in keys.published() if each.id == row.key_id), None)
    context: dict[str, Any] = {
        "row": row, "before": before, "after": after, "key": key, "algorithm": selectors.algorithm_words(row.algorithm),
        "hashes": {name: bytes(getattr(row, name)).hex() for name in ("root", "previous", "hash", "signature")},
    }  # fmt: skip
    return render(request, "receipts/root.html", context)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
