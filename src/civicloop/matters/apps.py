from django.apps import AppConfig


class MattersConfig(AppConfig):
    name = "civicloop.matters"
    label = "matters"

    def ready(self) -> None:
        """Register what procedures may ask of the loop."""
        from civicloop.matters import rules
        from civicloop.procedures import guards

        guards.register("matters.ended_overdue", rules.ended_overdue)
