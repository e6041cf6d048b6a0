"""Addresses of this room's pages."""

from django.urls import path

from civicloop.notices import admin_pages, pages

app_name = "notices"
urlpatterns = [
    path("inbox/", pages.inbox, name="inbox"),
    path("inbox/<int:notice_id>", pages.open_one, name="open"),
    path("inbox/read", pages.mark, name="read"),
    path("inbox/ways", pages.ways, name="ways"),
    path("inbox/ways/<slug:channel>", pages.change_way, name="change-way"),
    path("admin/notices/", admin_pages.log, name="log"),
    path("admin/notices/<int:delivery_id>/resend", admin_pages.resend, name="resend"),
    path("admin/notices/wording", admin_pages.templates, name="templates"),
    path("matters/<uuid:matter_id>/broadcast", admin_pages.broadcast, name="broadcast"),
]
