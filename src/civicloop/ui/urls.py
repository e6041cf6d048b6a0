"""Addresses of this room; the site includes them at the root."""

from django.urls import path

from civicloop.ui import pages

app_name = "ui"
urlpatterns = [
    path("style", pages.style, name="style"),
    path("theme", pages.theme, name="theme"),
    path("sw.js", pages.service_worker, name="service_worker"),
]
