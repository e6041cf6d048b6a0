"""The settings of this room; defined at start-up."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy

from civicloop.foundation import locality
from civicloop.notices.rules import quiet
from civicloop.records import settings

_TIME = r"([01]\d|2[0-3]):[0-5]\d"
_SPAN = rf"{_TIME}-{_TIME}"
settings.define(
    "notices.most_a_day", "int", 10, gettext_lazy("Messages that leave the platform to one person in a day, at most"),
    low=1, high=100, help=gettext_lazy("The day's summary is one of them; what is urgent goes out in any case"),
)  # fmt: skip
settings.define(
    "notices.digest_at", "str", "17:30", gettext_lazy("When the day's summary goes out"), pattern=_TIME,
    help=gettext_lazy("Hours and minutes, such as 00:00 or 17:30"),
)  # fmt: skip
settings.define(
    "notices.quiet", "str", "12:00-14:00 20:00-07:30", gettext_lazy("When no message may disturb"),
    pattern=rf"|{_SPAN}( {_SPAN})*",
    help=gettext_lazy("Such as 12:00-14:00 20:00-07:30; what is urgent goes out in any case"),
)  # fmt: skip
settings.define(
    "notices.desk_hours", "str", "11:30 16:30", gettext_lazy("When receiving desks are reminded"),
    pattern=rf"|{_TIME}( {_TIME})*", help=gettext_lazy("Such as 11:30 16:30; nobody there is told of single matters"),
)  # fmt: skip
settings.define(
    "notices.resident_most", "int", 5, gettext_lazy("Messages to whoever reported a matter, at most"), low=1, high=20,
    help=gettext_lazy("The last of them is kept for how the matter ended"),
)  # fmt: skip
settings.define(
    "notices.tries", "int", 6, gettext_lazy("How often a sending is tried before it is given up"), low=1, high=20
)
settings.define(
    "notices.old_days", "int", 7, gettext_lazy("Days after which nobody is told any more of what has happened"),
    low=1, high=90,
)  # fmt: skip
settings.define(
    "notices.kept_days", "int", 400, gettext_lazy("Days for which notices and the log of their sending are kept"),
    low=180, high=3650,
)  # fmt: skip


def zone() -> ZoneInfo:
    """The deciding zone of this installation."""
    return locality.zone()


def allowed(moment: datetime) -> datetime:
    """The first moment from `moment` on at which a message may disturb."""
    return quiet.allowed(moment, quiet.hours(settings.get_str("notices.quiet")), zone())


def digest_at(moment: datetime) -> datetime:
    """When the next summary goes out."""
    return quiet.following(moment, [time.fromisoformat(settings.get_str("notices.digest_at"))], zone())
