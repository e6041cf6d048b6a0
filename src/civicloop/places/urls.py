"""Addresses of this room's pages; the site puts them behind a duty."""

from django.urls import path

from civicloop.places import pages

app_name = "places"
urlpatterns = [
    path("areas/", pages.areas, name="areas"),
    path("areas/<path:code>", pages.area, name="area"),
]
