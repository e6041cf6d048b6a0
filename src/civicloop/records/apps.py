from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "civicloop.records"
    label = "records"
