from django.apps import AppConfig


class FoundationConfig(AppConfig):
    name = "civicloop.foundation"
    label = "foundation"
