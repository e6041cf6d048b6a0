"""The pages of this room alone, for its own tests."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def nothing(request: HttpRequest) -> HttpResponse:
    return HttpResponse("")


urlpatterns = [
    path("admin/", include("civicloop.records.urls")),
    path("sign-in", nothing, name="sign-in"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("civicloop.ui.urls")),
]
