from pathlib import Path

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "civicloop.evidence"
    label = "evidence"

    def ready(self) -> None:
        """Say what personal data are kept, and how sealed originals follow a change of keys."""
        from civicloop.evidence.resealing import ORIGINALS
        from civicloop.records import inventory, resealing

        inventory.register(Path(__file__).with_name("personal.toml"))
        resealing.register(ORIGINALS)
