from django.apps import AppConfig


class ClassifierConfig(AppConfig):
    name = "civicloop.classifier"
    label = "classifier"
