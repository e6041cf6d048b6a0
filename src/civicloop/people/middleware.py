"""Sessions of staff end unused, after some days, and when there are too many; the audit log learns the address.

Real time on purpose: a moved clock must not keep a session alive.
"""

import time
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from civicloop.people import sessions, web
from civicloop.records import audit, settings

BEGAN, USED, ENROL = "began_at", "used_at", "must_enrol"
EVERY = 60.0  # seconds between two notes of use
OPEN = ("/sign-out", "/i18n/", "/static/", "/security/", "/healthz", "/readyz")


class StaffSessions:
    """Ends what is too old, and leads who still needs a second factor to the page where it is set up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = audit.address.set(web.address(request))
        try:
            return self._stopped(request) or self.get_response(request)
        finally:
            audit.address.reset(token)

    def _stopped(self, request: HttpRequest) -> HttpResponse | None:
        if "HTTP_AUTHORIZATION" in request.META or request.session.session_key is None:
            return None
        if "_auth_user_id" not in request.session:
            return None
        now, session = time.time(), request.session
        began, used = session.get(BEGAN, now), session.get(USED, now)
        idle, whole = settings.get_int("sign_in.idle_minutes") * 60, settings.get_int("sign_in.absolute_hours") * 3600
        if now - used > idle or now - began > whole:
            if request.user.is_authenticated and session.get(sessions.MARK):
                sessions.end(request.user, session[sessions.MARK])
            logout(request)
            messages.info(request, _("You were signed out because the session was too old. Sign in again to go on."))
            return None
        mark, user = session.get(sessions.MARK), request.user
        if mark and not (user.is_authenticated and sessions.holds(user, mark)):
            logout(request)
            words = _("This session was ended: by you, or because you signed in on other devices since.")
            messages.info(request, words)
            return None
        if now - session.get(USED, 0) > EVERY:
            session[BEGAN], session[USED] = began, now
        if session.get(ENROL) and not request.path.startswith(OPEN):
            if request.path.startswith("/api/"):
                words = _("Set up the second factor first.")
                body = {"type": "about:blank", "title": words, "status": 403, "code": "second_factor", "detail": words}
                return JsonResponse(body, status=403, content_type="application/problem+json")
            return HttpResponseRedirect(reverse("security"))
        return None
