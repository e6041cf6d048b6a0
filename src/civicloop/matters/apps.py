from pathlib import Path

from django.apps import AppConfig


class MattersConfig(AppConfig):
    name = "civicloop.matters"
    label = "matters"

    def ready(self) -> None:
        """Register what procedures may ask of the loop; say what personal data are kept."""
        from civicloop.matters import rules
        from civicloop.procedures import guards
        from civicloop.records import inventory

        guards.register("matters.ended_overdue", rules.ended_overdue)
        guards.register("matters.urgent", rules.urgent)
        guards.register("matters.supply", rules.supply)
        guards.register("matters.returnable", rules.returnable)
        guards.register("matters.whistled", rules.whistled)
        inventory.register(Path(__file__).with_name("personal.toml"))
