"""The pages of this room alone, for its own tests."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


urlpatterns = [
    path("catalogue/", include("civicloop.catalogue.urls")),
    path("sign-in", nothing, name="sign-in"),
    path("sign-out", nothing, name="sign-out"),
    path("post", nothing, name="choose-post"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("civicloop.notices.urls")),  # the shell shows the inbox to whoever is signed in
    path("", include("civicloop.ui.urls")),
]
