"""Addresses of the residents' and the grid workers' faces."""

from django.urls import URLPattern, path

from civicloop.site import portal

faces: list[URLPattern] = [
    path("", portal.home, name="home"),
    path("report", portal.report, name="report"),
    path("track", portal.track, name="track"),
    path("status/<uuid:matter_id>", portal.status, name="status"),
    path("status/<uuid:matter_id>/act", portal.status_act, name="status_act"),
    path("status/<uuid:matter_id>/photo", portal.status_photo, name="status_photo"),
]
