from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "civicloop.ui"
    label = "ui"
