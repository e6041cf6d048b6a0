"""The settings of this room; defined at start-up."""

from django.utils.translation import gettext_lazy

from civicloop.records import settings

settings.define(
    "sign_in.second_factor", "choice", "personal_data", gettext_lazy("Who needs a second factor to sign in"),
    choices=(
        ("nobody", gettext_lazy("Nobody (those who have one are still asked for it)")),
        ("personal_data", gettext_lazy("Posts that may see personal data, and administrators")),
        ("everybody", gettext_lazy("Every account")),
    ),
)  # fmt: skip
settings.define(
    "sign_in.idle_minutes", "int", 720, gettext_lazy("Minutes without use after which a session ends"),
    low=5, high=10080,
)  # fmt: skip
settings.define(
    "sign_in.absolute_hours", "int", 168, gettext_lazy("Hours after which a session ends in any case"), low=1, high=720
)
settings.define(
    "sign_in.most_sessions", "int", 5, gettext_lazy("Sessions of one account at once; the oldest ends for a new one"),
    low=1, high=50,
)  # fmt: skip
settings.define(
    "sign_in.provider_label", "str", "", gettext_lazy("Name of the city's sign-in service"),
    help=gettext_lazy("Shown on the button of the sign-in page, where a service is set up"),
)  # fmt: skip
settings.define(
    "sign_in.provider_name_claim", "str", "", gettext_lazy("What the sign-in service calls the sign-in name"),
    pattern=r"|[A-Za-z0-9_.:/-]{1,64}",
    help=gettext_lazy("Such as preferred_username. Empty: only who was linked by hand may sign in there"),
)  # fmt: skip
settings.define(
    "sign_in.provider_second_factor", "str", "",
    gettext_lazy("What the sign-in service says when it asked for a second factor"),
    pattern=r"|[!-~]{1,64}( [!-~]{1,64})*",
    help=gettext_lazy("Values of amr or acr, such as: mfa otp hwk. Empty: the second factor is always asked for here"),
)  # fmt: skip
for _code, _default, _label in (
    (
        "openings_hour",
        20,
        gettext_lazy("Openings of personal data by a post in an hour that ask the auditor for a look"),
    ),
    ("openings_day", 60, gettext_lazy("Openings of personal data by a post in a day that ask the auditor for a look")),
    ("odd_hours", 5, gettext_lazy("Openings of personal data outside working hours that ask the auditor for a look")),
    ("refused_hour", 10, gettext_lazy("Refused sign-ins in an hour that ask the auditor for a look")),
    ("export_rows", 5000, gettext_lazy("Rows of one export that ask the auditor for a look")),
):
    settings.define(f"anomalies.{_code}", "int", _default, _label, low=1, high=1_000_000)
settings.define(
    "anomalies.calendar", "str", "cn-8h", gettext_lazy("Calendar by which openings outside working hours are told"),
    pattern=r"[a-z0-9-]{0,64}", help=gettext_lazy("Empty: they are not told"),
)  # fmt: skip
