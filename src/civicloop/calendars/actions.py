"""Writes of the calendars room. Versions are only added; each leaves its line in the audit log."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from civicloop.calendars import selectors, shipped
from civicloop.calendars.models import Calendar, CalendarVersion
from civicloop.calendars.rules.body import CalendarRefused, calendar_of, content_of
from civicloop.foundation import clock, names, trace

# the first version answers for every earlier moment too
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


@transaction.atomic
def publish(
    *, actor_id: int | None, actor_words: str, code: str, content: Mapping[str, Any],
    valid_from: datetime | None = None, post_id: int | None = None,
) -> CalendarVersion:  # fmt: skip
    """A new version of a calendar, in force from `valid_from` (default: now; for a first version: always).

    The same content again gives the newest version unchanged. Clocks that run keep the version they began with.
    Raises CalendarRefused with every fault of the content.
    """
    parsed = calendar_of(code, 0, content)
    if names.problems(parsed.names):
        raise CalendarRefused(["name: a name needs Chinese: { zh-hans = …, en = … }"])
    body = content_of(parsed) | ({"source": str(content["source"])} if "source" in content else {})
    calendar, made = Calendar.objects.get_or_create(
        code=code, defaults={"names": dict(parsed.names), "valid_from": valid_from or BEGINNING}
    )
    calendar = Calendar.objects.select_for_update(no_key=True).get(id=calendar.id)
    newest = calendar.versions.order_by("-version").first()
    if newest and newest.body == body:
        return newest
    if calendar.names != parsed.names:
        calendar.names = dict(parsed.names)
        calendar.save(update_fields=["names"])
    version = CalendarVersion.objects.create(
        calendar=calendar,
        version=newest.version + 1 if newest else 1,
        body=body,
        valid_from=valid_from or (BEGINNING if made else clock.now()),
        published_by=actor_id,
        published_words=actor_words,
    )
    trace.tell(
        action="calendars.publish", object=code, actor_id=actor_id, actor_words=actor_words, post_id=post_id,
        detail={"version": version.version, "valid_from": version.valid_from.isoformat()},
    )  # fmt: skip
    transaction.on_commit(selectors.forget)
    selectors.forget()
    return version


def load_shipped(*, actor_id: int | None, actor_words: str) -> list[CalendarVersion]:
    """Every calendar that comes with the product, as versions of this installation; repeating it changes nothing."""
    return [
        publish(actor_id=actor_id, actor_words=actor_words, code=code, content=shipped.content(code))
        for code in shipped.codes()
    ]
