"""Limits and reasons in words, in the language that is active."""

from datetime import date

from django.utils import translation
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from civicloop.calendars.rules import Interval, Limit, LimitRefused, LimitUnit, Why, WorkingCalendar
from civicloop.foundation.names import shown

UNITS = {
    LimitUnit.URGENT_HOUR: gettext_lazy("urgent hours"),
    LimitUnit.WORK_HOUR: gettext_lazy("working hours"),
    LimitUnit.WORK_DAY: gettext_lazy("working days"),
    LimitUnit.NATURAL_DAY: gettext_lazy("urgent days"),
    LimitUnit.LEGAL_DAY: gettext_lazy("days of the law"),
    LimitUnit.LEGAL_WORK_DAY: gettext_lazy("working days of the law"),
    LimitUnit.MONTH: gettext_lazy("months"),
    LimitUnit.YEAR: gettext_lazy("years"),
}
REASONS = {
    "working_time": gettext_lazy("working time"),
    "make_up_day": gettext_lazy("make-up working day"),
    "special_day": gettext_lazy("special working time"),
    "outside_hours": gettext_lazy("outside working hours"),
    "between_shifts": gettext_lazy("break between shifts"),
    "weekly_rest": gettext_lazy("weekly day of rest"),
    "holiday": gettext_lazy("public holiday"),
    "closure": gettext_lazy("closed"),
    "running": gettext_lazy("runs day and night"),
    "paused": gettext_lazy("paused"),
    "until_day": gettext_lazy("runs until the day that was set"),
    "start_day": gettext_lazy("the day of the event is not counted"),
    "day_of_the_law": gettext_lazy("days of the law"),
    "no_working_day": gettext_lazy("no working day"),
    "rolled": gettext_lazy("the last day is no working day and gives way to the next one"),
}

LIMIT_FAULTS = {
    "no_limit": gettext_lazy("Write a number and a unit, such as 4 工作时 or 2 work_day."),
    "ambiguous_unit": gettext_lazy(
        "小时 and 天 may mean working or running time: write 工作时/紧急工作时 or 工作日/紧急工作日."
    ),
    "unknown_unit": gettext_lazy(
        "The unit is unknown. Known are 工作时, 紧急工作时, 工作日, 紧急工作日, 法定日, 月 and 年."
    ),
    "not_positive": gettext_lazy("A limit is more than nothing."),
    "not_whole": gettext_lazy("Days, months and years of the law are whole numbers."),
    "too_large": gettext_lazy("That is more than a century."),
}


def limit_words(limit: Limit) -> str:
    """A limit as people write it: "4 working hours", 4工作时."""
    if limit.unit is LimitUnit.URGENT_HOUR and limit.number < 1 and (limit.number * 60).denominator == 1:
        minutes = int(limit.number * 60)
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    return _("%(amount)s %(unit)s") % {"amount": limit.amount, "unit": UNITS[limit.unit]}


def why_words(why: Why) -> str:
    """Why an interval is counted or not: "Saturday 2026-02-14, make-up working day (Spring Festival)"."""
    words = str(REASONS[why.code])
    if why.params.get("names"):
        name = shown(why.params["names"], translation.get_language() or "zh-hans")
        words = _("%(reason)s (%(name)s)") % {"reason": words, "name": name}
    if why.params.get("reason"):
        words = _("%(reason)s (%(name)s)") % {"reason": words, "name": why.params["reason"]}
    day = why.params.get("day")
    if isinstance(day, date) and why.code in {"working_time", "make_up_day", "special_day", "holiday", "closure"}:
        date_words = _("%(weekday)s %(date)s") % {"weekday": WEEKDAYS[day.weekday()], "date": day.isoformat()}
        return _("%(date)s, %(reason)s") % {"date": date_words, "reason": words}
    return words


def interval_rows(calendar: WorkingCalendar, intervals: list[Interval]) -> list[dict[str, object]]:
    """Intervals as in `clock explain --json`: local times, counted, the words of the reason, and its code."""
    return [
        {
            "from": calendar.local(each.start).isoformat(),
            "to": calendar.local(each.end).isoformat(),
            "counted": each.counted,
            "why": why_words(each.why),
            "code": each.why.code,
        }
        for each in intervals
    ]


def limit_fault_words(refused: LimitRefused) -> str:
    """Why a text is no limit, and what to write instead."""
    return str(LIMIT_FAULTS[refused.code])
