from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "civicloop.site"
    label = "site"

    def ready(self) -> None:
        """Let every page of a demonstration say that it is one."""
        from civicloop.site import demonstration  # noqa: F401
