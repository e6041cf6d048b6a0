"""Addresses of this room's pages."""

from django.urls import path

from civicloop.people import (
    anomaly_pages,
    delegation_pages,
    identity_pages,
    pages,
    rights_pages,
    standing_pages,
    token_pages,
)

app_name = "people"
urlpatterns = [
    path("units/", pages.units, name="units"),
    path("units/new", pages.new_unit, name="new-unit"),
    path("units/<int:unit_id>", pages.change_unit, name="change-unit"),
    path("posts/", pages.posts, name="posts"),
    path("posts/new", pages.new_post, name="new-post"),
    path("posts/hold", pages.hold, name="hold"),
    path("posts/requests/<int:request_id>/decide", pages.decide, name="post-decide"),
    path("posts/release/<int:holding_id>", pages.release, name="release"),
    path("people/", rights_pages.listed, name="people"),
    path("people/<int:account_id>/access/", rights_pages.person, name="rights"),
    path("accounts/<int:account_id>/factors", pages.take_factors_away, name="take-factors-away"),
    path("stand-ins/", standing_pages.overview, name="standins"),
    path("stand-ins/new", standing_pages.name_one, name="standin-new"),
    path("stand-ins/<int:stand_in_id>/end", standing_pages.end_one, name="standin-end"),
    path("leave/new", standing_pages.enter_leave, name="leave-new"),
    path("leave/<int:absence_id>/end", standing_pages.end_leave, name="leave-end"),
    path("delegations/", delegation_pages.listed, name="delegations"),
    path("delegations/new", delegation_pages.enter, name="delegation-new"),
    path("delegations/<int:delegation_id>/revoke", delegation_pages.revoke, name="delegation-revoke"),
    path("sign-ins/", identity_pages.listed, name="identities"),
    path("sign-ins/<int:identity_id>/end", identity_pages.end, name="identity-end"),
    path("anomalies/", anomaly_pages.listed, name="anomalies"),
    path("anomalies/<int:anomaly_id>/judge", anomaly_pages.judge, name="anomaly-judge"),
    path("tokens/", token_pages.listed, name="tokens"),
    path("tokens/<int:token_id>/revoke", token_pages.revoke, name="token-revoke"),
    path("accounts/new", pages.new_account, name="new-account"),
]
