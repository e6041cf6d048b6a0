"""Moments, spans and phone numbers in the words that a person would say. Pure; the language is the active one."""

from datetime import date, datetime, timedelta, tzinfo

from django.utils import dateformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

MINUTES_COUNT = 10  # hours; of a longer span nobody reads the minutes


def _day_words(day: date, today: date) -> str | None:
    near = {
        -2: pgettext("day", "the day before yesterday"),
        -1: pgettext("day", "yesterday"),
        0: pgettext("day", "today"),
        1: pgettext("day", "tomorrow"),
        2: pgettext("day", "the day after tomorrow"),
    }
    return near.get((day - today).days)


def clock_words(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """A moment in clock words: 今天 16:20, 明天 09:00, 7月3日 周五 16:20 (within a week), 2027年1月3日 16:20.

    `moment` and `now` are aware; both are read in `zone`.
    """
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    return _said(local.date(), today, local.strftime("%H:%M"))


def due_words(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """A deadline in clock words: 今天 16:20 前. A deadline at midnight belongs to the day that ends: 今天 24:00 前."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    day, clock = local.date(), local.strftime("%H:%M")
    if clock == "00:00":
        day, clock = day - timedelta(days=1), "24:00"
    return _("by %(moment)s") % {"moment": _said(day, today, clock)}


def _said(day: date, today: date, clock: str) -> str:
    near = _day_words(day, today)
    if near is not None:
        return _("%(day)s %(clock)s") % {"day": near, "clock": clock}
    if abs((day - today).days) < 7:
        shown = pgettext("date format", "D j M")
    elif day.year == today.year:
        shown = pgettext("date format", "j M")
    else:
        shown = pgettext("date format", "j M Y")
    return _("%(day)s %(clock)s") % {"day": dateformat.format(day, shown), "clock": clock}


def span_words(span: timedelta) -> str:
    """A span without its sign, as finely as it is read: 2 天 3 小时, 17 小时, 1 小时 5 分钟, 40 分钟, 不到 1 分钟."""
    minutes = int(abs(span).total_seconds() // 60)
    days, minutes = divmod(minutes, 1440)
    hours, minutes = divmod(minutes, 60)
    parts = []
    if days:
        parts.append(ngettext("%(n)d day", "%(n)d days", days) % {"n": days})
    if hours:
        parts.append(ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours})
    if minutes and not days and hours < MINUTES_COUNT:
        parts.append(ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes})
    return " ".join(parts) or _("less than a minute")


def hours_words(span: timedelta) -> str:
    """Counted time in hours and minutes, since a day of it has no fixed length: 26 小时 5 分钟."""
    hours, minutes = divmod(int(abs(span).total_seconds() // 60), 60)
    parts = [ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}] if hours else []
    if minutes or not hours:
        parts.append(ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes})
    return " ".join(parts)


def left_words(moment: datetime, now: datetime) -> str:
    """How far a deadline is: 还剩 2 小时 10 分钟, or 已超 1 天."""
    span = moment - now
    if span < timedelta(0):
        return _("%(span)s over") % {"span": span_words(span)}
    return _("%(span)s left") % {"span": span_words(span)}


def masked_phone(number: str) -> str:
    """A phone number that a reader may recognise but not call: 138****5678, 022-****5678; short ones are all hidden."""
    kept = number.strip()
    digits = [at for at, sign in enumerate(kept) if sign.isdigit()]
    if len(digits) < 8:
        return "*" * len(kept)
    hidden = set(digits[-8:-4])
    return "".join("*" if at in hidden else sign for at, sign in enumerate(kept))
