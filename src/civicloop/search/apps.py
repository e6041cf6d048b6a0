"""Start-up of the search room."""

from django.apps import AppConfig
from django.utils.translation import pgettext_lazy


class SearchConfig(AppConfig):
    name = "civicloop.search"
    label = "search"

    def ready(self) -> None:
        """Put the search into the navigation."""
        from civicloop.people import access
        from civicloop.ui import navigation

        needs = access.DUTIES["matters.list"]
        label = pgettext_lazy("navigation", "Search")
        navigation.register(navigation.Item("search", label, "search:page", 48, needs, "search"))
