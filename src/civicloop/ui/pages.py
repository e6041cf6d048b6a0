"""The pages that belong to no business: the living style page, the choice of theme, the service worker."""

from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET, require_POST

from civicloop.ui import samples
from civicloop.ui.context import THEME_COOKIE, THEMES

BUILT = Path(__file__).resolve().parent / "static" / "ui"
YEAR = 365 * 24 * 3600


@require_GET
def style(request: HttpRequest) -> HttpResponse:
    """Every component with its arguments, in the language and theme of the reader; needs no database."""
    return render(request, "ui/style.html", samples.everything())


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie, so that the first byte of the next page already has it."""
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = "/"
    answer = redirect(back)
    chosen = request.POST.get("theme", "")
    if chosen in THEMES:
        answer.set_cookie(THEME_COOKIE, chosen, max_age=YEAR, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
    else:
        answer.delete_cookie(THEME_COOKIE, samesite="Lax")
    return answer


@require_GET
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker script at the root, since its folder bounds what it may look after."""
    return HttpResponse((BUILT / "sw.js").read_bytes(), content_type="text/javascript; charset=utf-8")


# everybody may open these pages; the word is read by the test that every address declares who may open it
for _page in (style, theme, service_worker):
    _page.duty = "public"  # type: ignore[attr-defined]
