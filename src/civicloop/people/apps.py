"""Start-up of the people room."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "civicloop.people"
    label = "people"

    def ready(self) -> None:
        """Define the room's settings."""
        from civicloop.people import options  # noqa: F401
