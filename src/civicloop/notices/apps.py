"""Start-up of the notices room."""

from pathlib import Path

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "civicloop.notices"
    label = "notices"

    def ready(self) -> None:
        """Define the room's settings, read its templates, say what personal data are kept."""
        from civicloop.notices import options, wording  # noqa: F401
        from civicloop.notices.contacts import ADDRESSES
        from civicloop.records import inventory, resealing

        wording.register(wording.FOLDER / "loop.toml")
        wording.rules()
        resealing.register(ADDRESSES)
        inventory.register(Path(__file__).with_name("personal.toml"))
