from pathlib import Path

from django.apps import AppConfig


class FiguresConfig(AppConfig):
    name = "civicloop.figures"
    label = "figures"

    def ready(self) -> None:
        """Say what is kept of persons."""
        from civicloop.records import inventory

        inventory.register(Path(__file__).with_name("personal.toml"))
