from importlib import import_module

from django.apps import AppConfig


class OnemapConfig(AppConfig):
    name = "civicloop.onemap"
    label = "onemap"

    def ready(self) -> None:
        """Say which settings the map has."""
        import_module("civicloop.onemap.basemap")
