from pathlib import Path

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "civicloop.evidence"
    label = "evidence"

    def ready(self) -> None:
        """Say what personal data are kept."""
        from civicloop.records import inventory

        inventory.register(Path(__file__).with_name("personal.toml"))
