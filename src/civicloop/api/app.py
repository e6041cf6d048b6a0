"""The API: assembles the routers of all rooms under /api/v1 and words every error as application/problem+json."""

import errno
import json
import logging
import math
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, register_converter
from django.urls.converters import StringConverter
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Router
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

from civicloop.catalogue.api import router as catalogue
from civicloop.catalogue.component_api import router as components
from civicloop.classifier.api import router as classifier
from civicloop.figures.api import router as figures
from civicloop.figures.weights_api import router as weights
from civicloop.matters import errors
from civicloop.matters.api import router as matters
from civicloop.matters.cluster_api import router as clusters
from civicloop.matters.errors import Refused
from civicloop.matters.passage_api import router as passage
from civicloop.people import web
from civicloop.people.api import router as people
from civicloop.people.web import Barred
from civicloop.places.api import router as places
from civicloop.receipts.api import router as receipts
from civicloop.search.api import router as search
from civicloop.steering.api import router as operations
from civicloop.supervision.api import router as supervision

log = logging.getLogger("civicloop.api")
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
RETRY_SOON, RETRY_AFTER = 5, 60  # seconds
LARGEST = 2**53  # beyond it a JSON number has no one canonical form (RFC 8785)


def _integer(digits: str) -> int:
    value = int(digits) if len(digits) < 20 else LARGEST + 1
    if abs(value) > LARGEST:
        raise ValueError("a number too large")
    return value


def _number(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError("a number without end")
    return value


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


class StrictJson(Parser):
    """JSON that has a canonical form: Unicode text, finite numbers. Anything else is unreadable (400)."""

    def parse_body(self, request: HttpRequest) -> Any:
        body = request.body
        found = json.loads(body, parse_int=_integer, parse_float=_number, parse_constant=_constant)
        if b"\\ud" in body.lower():  # escapes of surrogates: a half of a pair is no text
            json.dumps(found, ensure_ascii=False).encode()
        return found


PROBLEM = {
    "type": "object",
    "description": "RFC 9457; `code` is for programs, `detail` for people. Some problems carry more, such as `field`.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "code": {"type": "string"}, "detail": {"type": "string"}, "field": {"type": "string"},
    },
}  # fmt: skip


class DescribedApi(NinjaAPI):
    """Adds to each operation its duty, which is the scope that a token needs, and what each may answer: a problem."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The OpenAPI document."""
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"]["Problem"] = PROBLEM
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        duties = {
            operation.operation_id or self.get_openapi_operation_id(operation): operation.view_func.duty  # type: ignore[attr-defined]
            for _prefix, router in self._routers
            for view in router.path_operations.values()
            for operation in view.operations
            if operation.include_in_schema
        }
        for path in schema["paths"].values():
            for operation in path.values():
                operation["x-duty"] = duties[operation["operationId"]]
                operation["responses"]["default"] = {"description": "A problem", "content": content}
        return schema

    def _get_urls(self) -> list[URLResolver | URLPattern]:
        found = super()._get_urls()
        for address in found:
            if isinstance(address, URLPattern):
                address.callback = _with_problem(address.callback)
        return found


def _with_problem(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A view whose refusal of a method is a problem too, like every other answer that is none."""

    @wraps(view)
    def worded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = view(request, *args, **kwargs)
        if not isinstance(answer, HttpResponseNotAllowed):
            return answer
        words = _("This address does not take %(method)s.") % {"method": request.method}
        refusal = problem(405, "method_not_allowed", words)
        refusal["Allow"] = ", ".join(sorted(answer["Allow"].split(", ")))
        return refusal

    return worded


api = DescribedApi(
    parser=StrictJson(),
    title="CivicLoop 闭环",
    version="1",
    description="A city's matters as one verified loop. Errors are RFC 9457 problems with a machine code.",
    openapi_url="/openapi.json",
    docs_url="/docs",
    urls_namespace="api",
)
api.add_router("", matters)
api.add_router("", clusters)
api.add_router("", passage)
api.add_router("", places)
api.add_router("", catalogue)
api.add_router("", components)
api.add_router("", people)
api.add_router("", classifier)
api.add_router("", receipts)
api.add_router("", search)
api.add_router("", figures)
api.add_router("", weights)
api.add_router("", supervision)
api.add_router("", operations)

nowhere = Router()


class Anything(StringConverter):
    """The rest of an address, whatever it holds: Django's own `path` ends at a line's end."""

    regex = r"[\s\S]+"


register_converter(Anything, "anything")


@nowhere.api_operation(
    ["GET", "POST", "PUT", "PATCH", "DELETE"], "/{anything:rest}", auth=None, include_in_schema=False
)
@web.call(web.PUBLIC)
def unknown(request: HttpRequest, rest: str) -> HttpResponse:
    """Every other address below this one: a program gets a problem, not a page."""
    return problem(404, "not_found", _("There is nothing at this address."))


api.add_router("", nowhere)  # last: the addresses of all rooms come before it


def problem(status: int, code: str, words: str, extra: Mapping[str, Any] | None = None) -> HttpResponse:
    """An error as application/problem+json."""
    body = {"type": "about:blank", "title": words, "status": status, "code": code, "detail": words, **(extra or {})}
    response = JsonResponse(body, status=status, content_type="application/problem+json")
    if extra and "retry_after" in extra:
        response["Retry-After"] = str(extra["retry_after"])
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(Refused)
def refused(request: HttpRequest, reason: Refused) -> HttpResponse:
    """A refusal of the loop, with the field that it is about."""
    return problem(reason.status, reason.code, reason.words, reason.extra)


@api.exception_handler(Barred)
def barred(request: HttpRequest, reason: Barred) -> HttpResponse:
    """A call whose duty the caller's post or token does not have."""
    return refused(request, errors.forbidden("scope_missing" if reason.code == "scope_missing" else "forbidden"))


@api.exception_handler(ValidationError)
def malformed(request: HttpRequest, reason: ValidationError) -> HttpResponse:
    """A request that does not have the form of its schema; the fields are named, values are not repeated."""
    fields = [{"field": ".".join(str(p) for p in e.get("loc", ())), "code": e.get("type", "")} for e in reason.errors]
    words = _("The request does not have the expected form. Nothing was taken.")
    return problem(422, "malformed", words, {"fields": fields[:20]})


@api.exception_handler(AuthenticationError)
def unauthenticated(request: HttpRequest, reason: AuthenticationError) -> HttpResponse:
    """No token, or one that is not valid (any more)."""
    return problem(401, "unauthenticated", _("Sign in, or send a valid token."))


@api.exception_handler(RequestDataTooBig)
def too_large(request: HttpRequest, reason: RequestDataTooBig) -> HttpResponse:
    """A body beyond the bound of the installation."""
    return problem(413, "too_large", _("This is too large to be taken. Nothing was taken; send less at once."))


@api.exception_handler(OSError)
def no_room(request: HttpRequest, reason: OSError) -> HttpResponse:
    """A disk that takes no more, such as the one on which a large upload waits. Any other fault stays one."""
    if reason.errno not in FULL:
        raise reason
    log.error("no room on the disk: %s", reason)
    words = _("The server has no room left. Nothing was taken; tell the system administrator and send it again later.")
    return problem(507, "storage_full", words, {"retry_after": RETRY_AFTER})


@api.exception_handler(OperationalError)
def database_away(request: HttpRequest, reason: OperationalError) -> HttpResponse:
    """A database that is away, starting, full or overloaded: worth another try with the same ids."""
    log.error("the database cannot answer: %s", reason)
    words = _("The database cannot answer just now. Send the same again in a moment; nothing is done twice.")
    return problem(503, "database_away", words, {"retry_after": RETRY_SOON})


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, reason: HttpError) -> HttpResponse:
    """Errors that the framework finds, such as a body that is no JSON."""
    words = _("The request cannot be read. Nothing was taken.") if reason.status_code == 400 else str(reason)
    code = {400: "unreadable", 404: "not_found", 413: "too_large"}.get(reason.status_code, "error")
    return problem(reason.status_code, code, words)
