"""Addresses of the residents', the grid workers' and the checkers' faces, and their entries in the navigation."""

from django.urls import URLPattern, path
from django.utils.translation import pgettext_lazy

from civicloop.people.choices import Role
from civicloop.site import checks, done_pages, field, hinting, pointing, portal
from civicloop.ui import navigation
from civicloop.ui.navigation import Item

faces: list[URLPattern] = [
    path("", portal.home, name="home"),
    path("done", done_pages.done, name="done"),
    path("photos/<uuid:public_id>.jpg", done_pages.photo, name="public-photo"),
    path("photos/<uuid:public_id>-small.jpg", done_pages.photo, {"small": True}, name="public-photo-small"),
    path("report", portal.report, name="report"),
    path("report/alike", hinting.of_form, name="report-alike"),
    path("field/alike", hinting.of_field, name="field-alike"),
    path("status/<uuid:matter_id>/voice", portal.status_voice, name="status_voice"),
    path("report/about", pointing.of_resident, name="report-about"),
    path("track", portal.track, name="track"),
    path("status/<uuid:matter_id>", portal.status, name="status"),
    path("status/<uuid:matter_id>/act", portal.status_act, name="status_act"),
    path("status/<uuid:matter_id>/copy", portal.status_copy, name="status_copy"),
    path("status/<uuid:matter_id>/correct", portal.status_correct, name="status_correct"),
    path("status/<uuid:matter_id>/urge", portal.status_urge, name="status_urge"),
    path("status/<uuid:matter_id>/photo", portal.status_photo, name="status_photo"),
    path("status/<uuid:matter_id>/receipt.pdf", portal.status_receipt, {"form": "pdf"}, name="status_receipt_pdf"),
    path("status/<uuid:matter_id>/receipt.json", portal.status_receipt, {"form": "json"}, name="status_receipt"),
    path("field/", field.home, name="field"),
    path("field/report", field.report, name="field_report"),
    path("field/about", pointing.of_worker, name="field_about"),
    path("field/handled", field.handled, name="field_handled"),
    path("field/checks", field.checks, name="field_checks"),
    path("field/visit", field.visit, name="field_visit"),
    path("field/service", field.service, name="field_service"),
    path("field/mine", field.mine, name="field_mine"),
    path("field/feedback", field.feedback, name="field_feedback"),
    path("field/matters/<uuid:matter_id>", field.matter, name="field_matter"),
    path("field/matters/<uuid:matter_id>/act", field.act, name="field_act"),
    path("checks/", checks.queue, name="checks"),
    path("checks/<uuid:matter_id>", checks.check, name="check"),
    path("checks/<uuid:matter_id>/act", checks.act, name="check_act"),
]

GRID, CHECKER = frozenset({Role.GRID_WORKER}), frozenset({Role.CHECKER})
for item in (
    Item("field", pgettext_lazy("navigation", "In the field"), "field", order=10, needs=GRID, icon="walk"),
    Item("checks", pgettext_lazy("navigation", "Checks"), "checks", order=12, needs=CHECKER, icon="clipboard-check"),
):
    navigation.register(item)
