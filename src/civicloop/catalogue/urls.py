"""Addresses of the catalogue's pages; `site` puts them under its own path."""

from django.urls import path

from civicloop.catalogue import pages, rule_pages

app_name = "catalogue"
urlpatterns = [
    path("", pages.kinds, name="kinds"),
    path("kinds/<int:kind_id>", pages.kind, name="kind"),
    path("kinds/<int:kind_id>/conditions", pages.change_condition, name="change_condition"),
    path("kinds/<int:kind_id>/conditions/<int:no>/end", pages.end_condition, name="end_condition"),
    path("responsibilities", rule_pages.responsibilities, name="responsibilities"),
    path("responsibilities/gaps", rule_pages.gaps, name="gaps"),
    path("responsibilities/overlaps", rule_pages.overlaps, name="overlaps"),
    path("duty-lists", rule_pages.duty_lists, name="duty_lists"),
    path("export/<slug:name>.csv", pages.export, name="export"),
]
