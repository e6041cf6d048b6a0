"""Every request gets an id, which its log lines and its answer bear; a line about it, its place in the metrics, a span.

The line has method, route, status, milliseconds and the code of the post: never a path, a query, an address, a name.
"""

import logging
import re
import secrets
import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from civicloop.api.app import problem
from civicloop.foundation import locality
from civicloop.ops import logs, metrics, traces
from civicloop.people import selectors, web
from civicloop.people.access import Actor

log = logging.getLogger("civicloop.request")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
GIVEN = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class CityTime:
    """Pages tell times in the city's zone, whichever it is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            timezone.activate(locality.zone())
        except (DatabaseError, InterfaceError):
            timezone.deactivate()  # the page itself will say that the database is away
        return self.get_response(request)


class RequestLog:
    """Stands before everything else, so that it sees every request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.counts = metrics.wanted()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "") if settings.BEHIND_PROXY else ""
        identifier = given if GIVEN.fullmatch(given) else secrets.token_hex(16)
        token = logs.request_id.set(identifier)
        began = time.perf_counter()
        before = request.headers.get("traceparent", "") if settings.BEHIND_PROXY else ""
        try:
            with traces.span("request", traces.SERVER, before) as span:
                response = self.get_response(request)
                if span is not None:
                    _tell(span, request, response.status_code, identifier)
            seconds = time.perf_counter() - began
            response["X-Request-ID"] = identifier
            self._note(request, response.status_code, seconds)
            return response
        finally:
            logs.request_id.reset(token)

    def _note(self, request: HttpRequest, status: int, seconds: float) -> None:
        method, route = _method(request), _route(request)
        if self.counts:
            metrics.observe(method, route, status, seconds)
        if log.isEnabledFor(logging.INFO):
            told = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
            post = _post(request)
            log.info("request", extra={"facts": told | ({"post": post} if post else {})})


def _method(request: HttpRequest) -> str:
    return request.method if request.method in METHODS else "OTHER"


def _tell(span: traces.Span, request: HttpRequest, status: int, identifier: str) -> None:
    """What a request's span says: the same as its line in the log."""
    span.name = f"{_method(request)} {_route(request)}"
    if post := _post(request):
        span.facts["civicloop.post"] = post
    span.facts |= {
        "http.request.method": _method(request), "http.route": _route(request), "http.response.status_code": status,
        "civicloop.request": identifier, "civicloop.statements": span.statements,
    }  # fmt: skip
    span.failed = status >= 500


def _route(request: HttpRequest) -> str:
    """The pattern of the address, such as matters/<uuid:matter_id>/act; nothing of the address itself."""
    if request.resolver_match:
        return request.resolver_match.route
    return "static" if request.path_info.startswith(settings.STATIC_URL) else "nowhere"


def _post(request: HttpRequest) -> str:
    """The code of the post that sent it, as far as the request had to find that out."""
    who = getattr(request, "auth", None)
    if not isinstance(who, Actor):
        who = web.actor(request) if hasattr(request, "_civicloop_actors") else None
    if who is None or who.post_id is None:
        return ""
    try:
        return selectors.post_code(who.post_id)
    except (DatabaseError, InterfaceError):
        return ""


class NoZeroBytes:
    """Refuses addresses with a zero byte, which no text of the database can hold and nobody types.

    The API answers a problem, a page is not found. Bodies are looked at where they are read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" not in request.path_info and "%00" not in request.META.get("QUERY_STRING", ""):
            return self.get_response(request)
        if not request.path_info.startswith("/api/"):
            raise Http404
        return problem(422, "malformed", _("The request does not have the expected form. Nothing was taken."))
