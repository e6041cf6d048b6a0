"""What the charts draw, as plain values with their words: each has its table beside it, which says the same."""

import json
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from civicloop.steering import showing
from civicloop.steering.selectors import Overview

SHOWN_DAYS = 28  # of the past, before a forecast


def parts(rows: list[dict[str, Any]]) -> str:
    """Open and overdue work by part; a bar leads to the part."""
    overdue = [row["cells"][1].number for row in rows]
    return _bars(
        [row["name"] for row in rows],
        [(pgettext("deadline", "Overdue"), overdue, "now"),
         (_("Open, within its time"), [row["cells"][0].number - late
                                       for row, late in zip(rows, overdue, strict=True)], "brand")],
        [row["url"] or row["cells"][0].url for row in rows],
    )  # fmt: skip


def ages(rows: list[dict[str, Any]]) -> str:
    """Open and overdue work by age."""
    overdue = [row["overdue"].number for row in rows]
    return _bars(
        [row["name"] for row in rows],
        [(pgettext("deadline", "Overdue"), overdue, "now"),
         (_("Open, within its time"), [row["open"].number - late
                                       for row, late in zip(rows, overdue, strict=True)], "brand")],
        [row["open"].url for row in rows],
    )  # fmt: skip


def _bars(names: list[str], series: list[tuple[str, list[int], str]], urls: list[str]) -> str:
    return _json({
        "kind": "bars", "names": names, "urls": urls, "unit": _("matters"),
        "series": [{"name": name, "values": values, "tone": tone} for name, values, tone in series],
    })  # fmt: skip


def dwell(rows: list[dict[str, Any]]) -> str:
    """The mean hours at each stage, in this month and the one before."""
    return _json({
        "kind": "pairs", "names": [row["name"] for row in rows], "unit": pgettext("unit of a chart", "hours"),
        "series": [
            {"name": _("This month"), "values": [row["hours"] for row in rows], "tone": "brand"},
            {"name": _("The month before"), "values": [row["hours_before"] for row in rows], "tone": "quiet"},
        ],
    })  # fmt: skip


def bands(rows: list[dict[str, Any]], whole: dict[str, Any], at: int) -> str:
    """A rate of each member with its interval, its own past, and the line of all together."""
    cells = [(row["name"], row["cells"][at]) for row in rows if row["cells"][at]["number"] is not None]
    return _json({
        "kind": "bands", "names": [name for name, _cell in cells], "unit": "%",
        "values": [[each["number"], each["low"], each["high"], each["past_number"]] for _name, each in cells],
        "whole": whole["cells"][at]["number"], "urls": [each["url"] for _name, each in cells],
        "words": {"value": _("This month, with its 95 % interval"), "past": _("Its own past"),
                  "whole": _("All together")},
    })  # fmt: skip


def forecast(found: Overview) -> str:
    """The last weeks and the seven days to come with their interval."""
    load = found.loads.whole
    past = load.counts[-SHOWN_DAYS:]
    days = [] if load.forecast is None else load.forecast.days
    first = len(load.counts) - len(past)
    dates = [load.first.toordinal() + first + at for at in range(len(past))]
    return _json({
        "kind": "forecast", "unit": _("matters"),
        "past": [[showing.day_words(load.first.fromordinal(day)), count]
                 for day, count in zip(dates, past, strict=True)],
        "days": [[showing.day_words(each.day), round(each.number, 1), round(each.low, 1), round(each.high, 1)]
                 for each in days],
        "words": {"past": _("Received"), "days": _("Expected"), "interval": _("Four of five days lie in it")},
    })  # fmt: skip


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, default=str)  # labels are lazy
