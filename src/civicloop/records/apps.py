from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "civicloop.records"
    label = "records"

    def ready(self) -> None:
        """Keep in the audit log what rooms beside this one tell of their writes."""
        from civicloop.foundation import trace
        from civicloop.records import audit

        trace.listen(audit.keep)
