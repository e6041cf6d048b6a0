from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "civicloop.catalogue"
    label = "catalogue"

    def ready(self) -> None:
        """Offer the entry pages to the shell."""
        from django.utils.translation import gettext_lazy as _

        from civicloop.people.access import DUTIES
        from civicloop.ui.navigation import Item, register

        needs = DUTIES["catalogue.view"]
        register(Item("catalogue.kinds", _("Kinds"), "catalogue:kinds", 710, needs, "tag"))
        register(Item("catalogue.components", _("Components"), "catalogue:components", 715, needs, "map-pin"))
        register(
            Item("catalogue.responsibilities", _("Who answers"), "catalogue:responsibilities", 720, needs, "sitemap")
        )
