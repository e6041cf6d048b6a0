"""Every address of the product. Pages of one room come from that room; faces are composed here."""

from django.urls import include, path

from civicloop.api.app import api
from civicloop.ops import metrics
from civicloop.people import rights_pages
from civicloop.site import (
    acting,
    administration,
    demo_page,
    health,
    personal_data,
    provider_signin,
    security_page,
    signin,
)
from civicloop.site.urls_faces import faces
from civicloop.site.urls_staff import staff

urlpatterns = [
    path("api/v1/", api.urls),  # first: addresses are tried one after the other, and most requests are calls
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.page, name="metrics"),
    path("sign-in", signin.sign_in, name="sign-in"),
    path("sign-in/provider", provider_signin.begin, name="provider-sign-in"),
    path("sign-in/provider/back", provider_signin.back, name="provider-back"),
    path("sign-in/second", signin.second_factor, name="second-factor"),
    path("security/", security_page.security, name="security"),
    path("security/app", security_page.begin_app, name="security-begin-app"),
    path("security/app/confirm", security_page.confirm_app, name="security-confirm-app"),
    path("security/passkey/options", security_page.passkey_options, name="security-passkey-options"),
    path("security/passkey", security_page.add_passkey, name="security-add-passkey"),
    path("security/remove", security_page.remove, name="security-remove"),
    path("security/codes", security_page.fresh_codes, name="security-codes"),
    path("security/sessions", security_page.end_others, name="security-sessions"),
    path("security/password", security_page.change_password, name="security-password"),
    path("security/rights", rights_pages.mine, name="my-rights"),
    path("sign-out", signin.sign_out, name="sign-out"),
    path("post", signin.choose_post, name="choose-post"),
    path("demo", demo_page.sign_ins, name="demo"),
    path("matters/<uuid:matter_id>/act", acting.act, name="act"),
    path("matters/<uuid:matter_id>/decide", acting.decide, name="decide"),
    path("matters/<uuid:matter_id>/evidence/<uuid:evidence_id>/<slug:which>", acting.evidence, name="evidence"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("civicloop.ui.urls")),
    path("", include("civicloop.receipts.urls")),
    path("", include("civicloop.figures.urls")),
    path("", include("civicloop.supervision.urls")),
    path("", include("civicloop.notices.urls")),
    path("", include("civicloop.search.urls")),
    path("", include("civicloop.onemap.urls")),
    path("", include("civicloop.steering.urls")),
    *faces,
    *staff,
    *personal_data.patterns,
    *administration.patterns,
]
handler500 = "civicloop.site.faults.server_error"
