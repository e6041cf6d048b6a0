"""Addresses of the order pages."""

from django.urls import path

from civicloop.supervision import pages, register

app_name = "supervision"
urlpatterns = [
    path("orders/", register.orders, name="orders"),
    path("orders/export.<slug:kind>", register.export, name="export"),
    path("orders/suggestions", register.suggestions, name="suggestions"),
    path("orders/suggestions/take", register.take, name="take"),
    path("orders/new", pages.new, name="new"),
    path("orders/<uuid:order_id>", pages.page, name="order"),
    path("orders/<uuid:order_id>/answer", pages.answer, name="answer"),
    path("orders/<uuid:order_id>/review", pages.review, name="review"),
    path("orders/<uuid:order_id>/withdraw", pages.withdraw, name="withdraw"),
    path("orders/<uuid:order_id>/raise", pages.raise_level, name="raise"),
]
