"""Every address of the product. Pages of one room come from that room; faces are composed here."""

from django.urls import include, path

from civicloop.api.app import api
from civicloop.site import health, signin

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("sign-in", signin.sign_in, name="sign-in"),
    path("sign-out", signin.sign_out, name="sign-out"),
    path("post", signin.choose_post, name="choose-post"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", api.urls),
]
