"""Start-up of the people room."""

from pathlib import Path

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "civicloop.people"
    label = "people"

    def ready(self) -> None:
        """Define the room's settings; say what personal data are kept, and how secrets follow a change of keys."""
        from civicloop.people import options  # noqa: F401
        from civicloop.people.factors import SECRETS
        from civicloop.records import inventory, resealing

        inventory.register(Path(__file__).with_name("personal.toml"))
        resealing.register(SECRETS)
