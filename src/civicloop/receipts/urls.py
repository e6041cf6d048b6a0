"""The public addresses of this room."""

from django.urls import path

from civicloop.receipts import pages

app_name = "receipts"
urlpatterns = [
    path("roots", pages.roots, name="roots"),
    path("roots/<str:day>", pages.day, name="root"),
]
