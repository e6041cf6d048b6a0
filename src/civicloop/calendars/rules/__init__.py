"""Deadline arithmetic without a database: what other rooms call stands in this list, and in the module `explain`."""

from civicloop.calendars.rules.calendar import CivilRule, DayRule, Shift, WorkingCalendar
from civicloop.calendars.rules.civil import before
from civicloop.calendars.rules.clocks import Due, due, elapsed, extend, remaining
from civicloop.calendars.rules.explain import Interval, Why
from civicloop.calendars.rules.limits import Limit, LimitRefused, LimitUnit
from civicloop.calendars.rules.pauses import OpenPause, Pause, revived

__all__ = [
    "CivilRule",
    "DayRule",
    "Due",
    "Interval",
    "Limit",
    "LimitRefused",
    "LimitUnit",
    "OpenPause",
    "Pause",
    "Shift",
    "Why",
    "WorkingCalendar",
    "before",
    "due",
    "elapsed",
    "extend",
    "remaining",
    "revived",
]
