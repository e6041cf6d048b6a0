from django.apps import AppConfig


class MattersConfig(AppConfig):
    name = "civicloop.matters"
    label = "matters"
