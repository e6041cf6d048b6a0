"""Addresses of the search."""

from django.urls import path

from civicloop.search import pages

app_name = "search"
urlpatterns = [path("search/", pages.page, name="page")]
