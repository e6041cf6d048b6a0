"""Addresses of the page about suggestions; `site` puts them under its own path."""

from django.urls import path

from civicloop.classifier import pages

app_name = "classifier"
urlpatterns = [path("", pages.overview, name="overview")]
