from pathlib import Path

from django.apps import AppConfig


class DeskworkConfig(AppConfig):
    name = "civicloop.deskwork"
    label = "deskwork"

    def ready(self) -> None:
        """Say what personal data are kept."""
        from civicloop.records import inventory

        inventory.register(Path(__file__).with_name("personal.toml"))
