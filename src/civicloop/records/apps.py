from pathlib import Path

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "civicloop.records"
    label = "records"

    def ready(self) -> None:
        """Keep in the audit log what rooms beside this one tell of their writes; say what personal data are kept."""
        from civicloop.foundation import trace
        from civicloop.records import audit, inventory

        inventory.register(Path(__file__).with_name("personal.toml"))
        trace.listen(audit.keep)
