"""Addresses of the page of operations."""

from django.urls import path

from civicloop.steering import pages

app_name = "steering"
urlpatterns = [
    path("operations/", pages.operations, name="operations"),
    path("operations/matters", pages.matters, name="matters"),
]
