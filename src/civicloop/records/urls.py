"""Addresses of this room's pages, by the duty that each needs. `site` includes them behind their duties, never bare."""

from django.urls import URLPattern, path, re_path

from civicloop.records import pages

app_name = "records"
BY_DUTY: dict[str, list[URLPattern]] = {
    "audit.view": [
        path("audit", pages.audit, name="audit"),
        path("reads", pages.reads, name="reads"),
        re_path(r"^audit/export\.(?P<kind>csv|xlsx)$", pages.audit_export, name="audit_export"),
        re_path(r"^reads/export\.(?P<kind>csv|xlsx)$", pages.reads_export, name="reads_export"),
    ],
    "settings.view": [path("settings", pages.settings_page, name="settings")],
    "settings.change": [path("settings/<str:code>", pages.set_value, name="set_value")],
}
urlpatterns = [each for patterns in BY_DUTY.values() for each in patterns]
