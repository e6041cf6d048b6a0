"""Addresses of this room's pages, by the duty that each needs. `site` includes them behind their duties, never bare."""

from django.urls import URLPattern, path

from civicloop.records import pages

app_name = "records"
BY_DUTY: dict[str, list[URLPattern]] = {
    "audit.view": [path("audit", pages.audit, name="audit"), path("reads", pages.reads, name="reads")],
    "settings.view": [path("settings", pages.settings_page, name="settings")],
    "settings.change": [path("settings/<str:code>", pages.set_value, name="set_value")],
}
urlpatterns = [each for patterns in BY_DUTY.values() for each in patterns]
