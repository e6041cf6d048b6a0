"""Working calendars: the year at a glance, days that differ, and a new version put into force.

What is changed stays a draft of the person's own sitting until it is published; nothing counts by a draft.
"""

import calendar as months
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from civicloop.calendars import actions, editing, ics, selectors
from civicloop.calendars.rules import WorkingCalendar
from civicloop.calendars.rules.body import CalendarRefused
from civicloop.calendars.rules.calendar import DAY, DayRule
from civicloop.foundation import clock, names
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.site.calendar_forms import DaysForm, FileForm, PublishedForm, PublishForm

FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True)
class Cell:
    """One day of the year's sheet: how it looks, and what it says to those who do not see it."""

    number: int
    kind: str  # work, off, holiday, make_up, closure, special
    words: str
    provisional: bool
    today: bool
    changed: bool


@dataclass(frozen=True)
class Sheet:
    """A month: its name and weeks of seven cells, None outside the month."""

    name: str
    weeks: list[list[Cell | None]]


@duty("calendars.view")
@require_safe
def listed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every calendar, in the version in force."""
    rows = [(code, selectors.working_calendar(code)) for code in selectors.codes()]
    return render(request, "site/calendars.html", {"rows": rows})


@duty("calendars.view")
@require_safe
def year(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """A year of a calendar; whoever may change it sees the draft of this sitting and the forms."""
    return _year(request, actor, code, {})


def _year(
    request: HttpRequest, actor: Actor, code: str, forms: Mapping[str, Any], status: int = 200
) -> HttpResponse:  # fmt: skip
    published = _in_force(code)
    may_change = access.may(actor, "calendars.change").allowed
    draft = _draft(request, code) if may_change else None
    shown = editing.read(draft) if draft else published
    before = selectors.content(code, published.version)
    changes = editing.differences(before, draft) if draft else []
    wanted = _wanted_year(request)
    today = shown.local(clock.now()).date()
    context: dict[str, Any] = {
        "code": code, "shown": shown, "published": published, "year": wanted,
        "months": [_sheet(shown, wanted, month, today, {each.day for each in changes}) for month in range(1, 13)],
        "days_of_week": _days_of_week(),
        "spans": [_span_words(*span) for span in _spans(shown, wanted)],
        "working_days": sum(shown.works_on(day) for day in _days_of(wanted)),
        "provisional": not (shown.is_published(date(wanted, 1, 1)) and shown.is_published(date(wanted, 12, 31))),
        "versions": selectors.versions(code), "may_change": may_change, "draft": draft is not None,
        "changes": [
            {"day": each.day, "before": _rule_words(each.before), "after": _rule_words(each.after)} for each in changes
        ],
        "until_changed": draft is not None and draft.get("published_until") != before.get("published_until"),
        "earlier": wanted - 1 if wanted > FIRST_YEAR else None, "later": wanted + 1 if wanted < LAST_YEAR else None,
    }  # fmt: skip
    if may_change:
        context |= {
            "days_form": DaysForm(), "file_form": FileForm(), "publish_form": PublishForm(),
            "published_form": PublishedForm(initial={"until": shown.published_until}),
        }  # fmt: skip
    return render(request, "site/calendar_year.html", context | dict(forms), status=status)


def _days_of_week() -> list[str]:
    return [
        pgettext("weekday", "Mo"), pgettext("weekday", "Tu"), pgettext("weekday", "We"), pgettext("weekday", "Th"),
        pgettext("weekday", "Fr"), pgettext("weekday", "Sa"), pgettext("weekday", "Su"),
    ]  # fmt: skip


def _in_force(code: str) -> WorkingCalendar:
    try:
        return selectors.working_calendar(code)
    except selectors.UnknownCalendar as unknown:
        raise Http404 from unknown


def _wanted_year(request: HttpRequest) -> int:
    given = request.GET.get("year", "")
    if given.isdecimal() and len(given) == 4 and FIRST_YEAR <= int(given) <= LAST_YEAR:
        return int(given)
    return clock.now().year


def _days_of(year: int) -> Iterator[date]:
    first = date(year, 1, 1)
    return (first + n * DAY for n in range((date(year + 1, 1, 1) - first).days))


def _sheet(shown: WorkingCalendar, year: int, month: int, today: date, changed: set[date]) -> Sheet:
    weeks: list[list[Cell | None]] = [
        [_cell(shown, date(year, month, number), today, changed) if number else None for number in week]
        for week in months.monthcalendar(year, month)
    ]
    return Sheet(date_format(date(year, month, 1), "F"), weeks)


def _cell(shown: WorkingCalendar, day: date, today: date, changed: set[date]) -> Cell:
    rule = shown.days.get(day)
    kind = rule.kind if rule else "work" if shown.works_on(day) else "off"
    words = [date_format(day, "DATE_FORMAT"), _rule_words(rule) if rule else _usual_words(shown, day)]
    provisional = not shown.is_published(day)
    if provisional:
        words.append(_("provisional"))
    return Cell(day.day, kind, ", ".join(words), provisional, day == today, day in changed)


def _usual_words(shown: WorkingCalendar, day: date) -> str:
    hours = ", ".join(str(shift) for shift in shown.shifts_on(day))
    return hours or _("no working day")


KIND_WORDS = {
    "holiday": lambda: _("holiday"),
    "make_up": lambda: _("make-up working day"),
    "closure": lambda: _("closed for once"),
    "special": lambda: _("other hours"),
}


def _rule_words(rule: DayRule | None) -> str:
    if rule is None:
        return _("as the week says")
    said = [names.shown(rule.names, _language()), KIND_WORDS[rule.kind](), ", ".join(map(str, rule.shifts))]
    return " · ".join(each for each in said if each)


def _language() -> str:
    return get_language() or names.REQUIRED


def _spans(shown: WorkingCalendar, year: int) -> list[tuple[date, date, DayRule]]:
    """Days of the year that differ from the week, neighbours with the same rule together."""
    found: list[tuple[date, date, DayRule]] = []
    for day in _days_of(year):
        rule = shown.days.get(day)
        if rule is None:
            continue
        if found and found[-1][1] + DAY == day and found[-1][2] == rule:
            found[-1] = (found[-1][0], day, rule)
        else:
            found.append((day, day, rule))
    return found


def _span_words(first: date, last: date, rule: DayRule) -> dict[str, Any]:
    return {"first": first, "last": last if last != first else None, "words": _rule_words(rule), "kind": rule.kind}


# -- the draft of a sitting -----------------------------------------------------------------------------------------


def _key(code: str) -> str:
    return f"calendar_draft:{code}"


def _draft(request: HttpRequest, code: str) -> dict[str, Any] | None:
    kept = request.session.get(_key(code))
    return kept["content"] if kept and kept["version"] == _in_force(code).version else None


def _basis(request: HttpRequest, code: str) -> dict[str, Any]:
    return _draft(request, code) or selectors.content(code, _in_force(code).version)


def _keep(request: HttpRequest, code: str, content: Mapping[str, Any]) -> None:
    request.session[_key(code)] = {"content": dict(content), "version": _in_force(code).version}


@duty("calendars.change")
@require_POST
def change_days(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Put days into the draft."""
    form = DaysForm(request.POST)
    basis = _basis(request, code)
    if not form.is_valid():
        return _year(request, actor, code, {"days_form": form}, 422)
    given, kind = form.cleaned_data, form.kind_of_day()
    rule = None
    if kind:
        hours = given["hours"] or (editing.usual_shifts(editing.read(basis)) if kind == "make_up" else ())
        hours = () if kind in {"holiday", "closure"} else hours
        rule = editing.rule_of(kind, hours, {"zh-hans": given["name"], "en": given["name_en"]})
    try:
        _keep(request, code, editing.with_days(basis, first=given["first"], last=given["last"], rule=rule))
    except (CalendarRefused, ValueError):
        form.add_error("hours", _("The hours of a day must not overlap."))
        return _year(request, actor, code, {"days_form": form}, 422)
    return _back(code, given["first"].year)


@duty("calendars.change")
@require_POST
def change_published(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Move the end of what is published, in the draft."""
    form = PublishedForm(request.POST)
    if not form.is_valid():
        return _year(request, actor, code, {"published_form": form}, 422)
    _keep(request, code, editing.with_published_until(_basis(request, code), form.cleaned_data["until"]))
    return _back(code, form.cleaned_data["until"].year)


@duty("calendars.change")
@require_POST
def take_file(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Put the days of an iCalendar file into the draft."""
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _year(request, actor, code, {"file_form": form}, 422)
    upload = form.cleaned_data["file"]
    try:
        events = ics.events(upload.read(ics.LARGEST + 1))
    except ics.IcsRefused as refused:
        form.add_error("file", _ics_words(refused.code))
        return _year(request, actor, code, {"file_form": form}, 422)
    content = _basis(request, code)
    kind = form.cleaned_data["kind"]
    shifts = editing.usual_shifts(editing.read(content)) if kind == "make_up" else ()
    for event in events:
        rule = editing.rule_of(kind, shifts, {"zh-hans": event.name})
        content = editing.with_days(content, first=event.first, last=event.last, rule=rule)
    _keep(request, code, content)
    messages.success(request, _("%(number)d entries of the file stand in the draft.") % {"number": len(events)})
    return _back(code, events[0].first.year)


def _ics_words(code: str) -> str:
    return {
        "unreadable": _("This is no iCalendar file that can be read. Nothing was taken."),
        "too_many": _("The file is larger than 1 MB or has more than 500 events. Nothing was taken."),
        "no_days": _("The file has no events of whole days. Nothing was taken."),
    }[code]


@duty("calendars.change")
@require_POST
def publish(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Put the draft into force as a new version."""
    draft = _draft(request, code)
    if draft is None:
        messages.error(request, _("There is no draft any more: somebody has published a version, or it was discarded."))
        return redirect("calendar", code=code)
    form = PublishForm(request.POST)
    if not form.is_valid():
        return _year(request, actor, code, {"publish_form": form}, 422)
    version = actions.publish(
        actor_id=actor.account_id, post_id=actor.post_id, actor_words=actor.words, code=code, content=draft,
        valid_from=_morning(editing.read(draft), form.cleaned_data["valid_from"]),
    )  # fmt: skip
    request.session.pop(_key(code), None)
    messages.success(request, _("Version %(number)d is published.") % {"number": version.version})
    return redirect("calendar", code=code)


def _morning(shown: WorkingCalendar, day: date | None) -> datetime | None:
    if day is None:
        return None
    start = datetime(1970, 1, 1, tzinfo=clock.now().tzinfo) + timedelta(microseconds=shown.day_start(day))
    return max(start, clock.now())  # what has been counted stays counted


@duty("calendars.change")
@require_POST
def discard(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Forget the draft."""
    request.session.pop(_key(code), None)
    messages.success(request, _("The draft is discarded. Nothing has changed."))
    return redirect("calendar", code=code)


def _back(code: str, year: int) -> HttpResponse:
    answer = redirect("calendar", code=code)
    answer["Location"] += f"?year={year}"
    return answer
