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
