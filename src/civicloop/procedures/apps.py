from django.apps import AppConfig


class ProceduresConfig(AppConfig):
    name = "civicloop.procedures"
    label = "procedures"
