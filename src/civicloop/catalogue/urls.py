"""Addresses of the catalogue's pages; `site` puts them under its own path."""

from django.urls import path

from civicloop.catalogue import component_pages, pages, rule_pages

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
    path("components", component_pages.components, name="components"),
    path("components/new", component_pages.new, name="new_component"),
    path("components/file", component_pages.take, name="take_components"),
    path("components/file/<slug:form>", component_pages.out, name="components_file"),
    path("components/<int:component_id>", component_pages.component, name="component"),
    path("components/<int:component_id>/change", component_pages.change, name="change_component"),
    path("components/<int:component_id>/end", component_pages.end, name="end_component"),
    path("export/<slug:name>.csv", pages.export, name="export"),
]
