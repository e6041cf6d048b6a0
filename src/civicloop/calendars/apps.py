from django.apps import AppConfig


class CalendarsConfig(AppConfig):
    name = "civicloop.calendars"
    label = "calendars"
