from pathlib import Path

from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "civicloop.supervision"
    label = "supervision"

    def ready(self) -> None:
        """Hear of the marks of the ladder and of erasures; say what personal data are kept and what is told."""
        from civicloop.matters import hooks
        from civicloop.notices import wording
        from civicloop.records import inventory
        from civicloop.supervision import erasing, laddering

        hooks.register_marks("supervision", laddering.marked)
        hooks.register_erasures("supervision", erasing.erased)
        inventory.register(Path(__file__).with_name("personal.toml"))
        wording.register(Path(__file__).with_name("notices") / "orders.toml")
