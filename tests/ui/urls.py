"""The addresses of the tests of this room: its own pages and the language switch, no other room."""

from django.urls import include, path

urlpatterns = [path("", include("civicloop.ui.urls")), path("i18n/", include("django.conf.urls.i18n"))]
