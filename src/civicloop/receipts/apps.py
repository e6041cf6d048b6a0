from django.apps import AppConfig


class ReceiptsConfig(AppConfig):
    name = "civicloop.receipts"
    label = "receipts"
