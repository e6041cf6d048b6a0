"""Start-up of the steering room."""

from django.apps import AppConfig
from django.utils.translation import pgettext_lazy


class SteeringConfig(AppConfig):
    name = "civicloop.steering"
    label = "steering"

    def ready(self) -> None:
        """Put the page into the navigation."""
        from civicloop.people import access
        from civicloop.ui import navigation

        needs = access.DUTIES["figures.view"]
        label = pgettext_lazy("navigation", "Operations")
        navigation.register(navigation.Item("operations", label, "steering:operations", 30, needs, "gauge"))
