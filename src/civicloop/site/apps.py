from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "civicloop.site"
    label = "site"
