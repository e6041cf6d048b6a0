"""Who sends a request: the post chosen by a signed-in person, or the owner of a bearer token."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from ninja.security import APIKeyCookie, HttpBearer

from civicloop.people import access, selectors, tokens
from civicloop.people.access import ANONYMOUS, Actor

SESSION_POST = "post"


def actors(request: HttpRequest) -> list[Actor]:
    """The signed-in person in each of the posts held now; read once per request."""
    if not hasattr(request, "_civicloop_actors"):
        user = request.user
        found = selectors.actors_of_account(user.id) if user.is_authenticated else []
        request._civicloop_actors = found  # type: ignore[attr-defined]
    return cast("list[Actor]", request._civicloop_actors)  # type: ignore[attr-defined]


def actor(request: HttpRequest) -> Actor:
    """The signed-in person in the post that is chosen (else the first one held); ANONYMOUS for everybody else."""
    held = actors(request)
    chosen = request.session.get(SESSION_POST) if held else None
    return next((each for each in held if each.post_id == chosen), held[0] if held else ANONYMOUS)


class Bearer(HttpBearer):
    """`Authorization: Bearer …`; the request's `auth` becomes the Actor."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        found = selectors.actor_of_token(token)
        if found is not None:
            tokens.used(selectors.token_hash(token))
        return found


View = Callable[..., HttpResponse]


def duty(code: str) -> Callable[[View], View]:
    """Let only posts with this duty (access.DUTIES) see a page; the view gets the actor as second argument."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            who = actor(request)
            if not access.may(who, code).allowed:
                raise PermissionDenied(code)
            return view(request, who, *args, **kwargs)

        guarded.duty = code  # type: ignore[attr-defined]
        return guarded

    return wrap


def public(view: View) -> View:
    """Say that a page is for everybody, with or without an account."""
    view.duty = "public"  # type: ignore[attr-defined]
    return view


OF_MATTER = "matters.act"  # which post may do it, the matter itself decides: inside, by access.sees and its procedure
PUBLIC = "public"


class Barred(Exception):
    """A call whose duty the caller does not have; `code` is the `why` of access.Decision."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


Call = TypeVar("Call", bound=Callable[..., Any])


def call(code: str) -> Callable[[Call], Call]:
    """As `duty`, for a call of the API: `code` is a duty, PUBLIC (for everybody) or OF_MATTER. Raises Barred."""

    def wrap(view: Call) -> Call:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            decision = access.may(request.auth, code)  # type: ignore[attr-defined]
            if not decision.allowed:
                raise Barred(decision.why)
            return view(request, *args, **kwargs)

        made = cast("Call", view if code in (PUBLIC, OF_MATTER) else guarded)
        made.duty = code  # type: ignore[attr-defined]
        return made

    return wrap


class Session(APIKeyCookie):
    """A signed-in person's cookie, with Django's CSRF check on writes; for the pages' own scripts."""

    param_name = settings.SESSION_COOKIE_NAME

    def __init__(self) -> None:
        super().__init__(csrf=True)

    def _get_key(self, request: HttpRequest) -> str | None:
        # without the cookie nobody is signed in whose rights a foreign page could use: no check, and no entry here
        return super()._get_key(request) if self.param_name in request.COOKIES else None

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        who = actor(request)
        return who if who.kind == "staff" else None


def nobody(request: HttpRequest) -> Actor | None:
    """Last in a list of sign-ins: lets a caller in as ANONYMOUS, where that is allowed.

    A caller whose token did not let it in is told so, instead of acting in nobody's name without knowing it.
    """
    return None if request.headers.get("Authorization") else ANONYMOUS


def address(request: HttpRequest) -> str:
    """The caller's address. A proxy's word counts only where CIVICLOOP_BEHIND_PROXY says that there is one."""
    if settings.BEHIND_PROXY:
        forwarded = request.headers.get("X-Forwarded-For", "")
        if forwarded:
            return forwarded.rsplit(",", 1)[-1].strip()
    return str(request.META.get("REMOTE_ADDR", ""))
