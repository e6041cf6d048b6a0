from django.apps import AppConfig


class FiguresConfig(AppConfig):
    name = "civicloop.figures"
    label = "figures"
