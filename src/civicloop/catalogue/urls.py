"""Addresses of the catalogue's pages; `site` puts them under its own path."""

from django.urls import path

from civicloop.catalogue import pages

app_name = "catalogue"
urlpatterns = [
    path("", pages.kinds, name="kinds"),
    path("kinds/<int:kind_id>", pages.kind, name="kind"),
    path("kinds/<int:kind_id>/conditions", pages.change_condition, name="change_condition"),
    path("kinds/<int:kind_id>/conditions/<int:no>/end", pages.end_condition, name="end_condition"),
    path("responsibilities", pages.responsibilities, name="responsibilities"),
    path("export/<slug:name>.csv", pages.export, name="export"),
]
