"""What every page needs from the request: who is looking, the navigation, language, theme and the footer's facts.

This room knows no accounts. The room that does registers one function with `describe_person`; without it, or when a
request has no user (an error page), the shell shows an anonymous page.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import get_language

from civicloop.ui import navigation

THEMES = ("light", "dark")
THEME_COOKIE = "theme"


@dataclass(frozen=True)
class Post:
    """One post that the person may act in."""

    code: str
    label: str | Promise
    chosen: bool = False


@dataclass(frozen=True)
class Person:
    """Who is looking: name as shown, roles of the chosen post, and the posts to switch between.

    `key` tells accounts apart on a shared phone: what one person has not sent yet never goes out under another.

    `start_url` is where the chosen post starts its day; `unread` is how much waits at `inbox_url`. `switch_url` takes a
    POST with `post` (a code) and `next`; `sign_out_url` takes a POST.
    """

    name: str
    roles: frozenset[str] = frozenset()
    posts: tuple[Post, ...] = ()
    switch_url: str = ""
    sign_out_url: str = ""
    key: str = ""
    start_url: str = ""
    account_url: str = ""
    rights_url: str = ""
    inbox_url: str = ""
    unread: int = 0

    @property
    def post(self) -> Post | None:
        """The post acted in now."""
        return next((post for post in self.posts if post.chosen), self.posts[0] if self.posts else None)


Describe = Callable[[HttpRequest], Person | None]
_describe: list[Describe] = []


def describe_person(function: Describe) -> Describe:
    """Register who looks at a page; the last registration counts. The function returns None for an anonymous one."""
    _describe[:] = [function]
    return function


@dataclass(frozen=True)
class Notice:
    """Something that every page of this installation says at its foot, with the page that tells more."""

    words: str
    url: str


Tell = Callable[[], Notice | None]
_notice: list[Tell] = []


def tell_notice(function: Tell) -> Tell:
    """Register what every page says at its foot; the last registration counts. It is asked for each page: be quick."""
    _notice[:] = [function]
    return function


def _from_user(request: HttpRequest) -> Person | None:
    user = getattr(request, "user", None)
    if user is None or not getattr(user, "is_authenticated", False):
        return None
    return Person(name=str(getattr(user, "name", "") or user), key=str(getattr(user, "pk", "")))


def address(name: str) -> str:
    """The address of a page by its name, or "" when this installation has no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


class Shell:
    """The facts of the frame around a page, each computed only when a template asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def person(self) -> Person | None:
        return (_describe[0] if _describe else _from_user)(self._request)

    @property
    def owner(self) -> str:
        """Whose the unsent things on this device are: the person's key, else the account's, else the name."""
        if self.person is None:
            return ""
        return self.person.key or str(getattr(getattr(self._request, "user", None), "pk", None) or self.person.name)

    @cached_property
    def navigation(self) -> list[navigation.Entry]:
        if self.person is None:
            return []
        return navigation.entries(self.person.roles, self._request.path)

    @property
    def path(self) -> str:
        """The page to come back to after a switch of language, theme or post."""
        return self._request.get_full_path() if self._request.method in {"GET", "HEAD"} else self._request.path

    @property
    def language(self) -> str:
        return get_language() or settings.LANGUAGE_CODE

    @property
    def html_language(self) -> str:
        """The language as BCP 47 writes it."""
        return {"zh-hans": "zh-Hans"}.get(self.language, self.language)

    @property
    def languages(self) -> list[dict[str, Any]]:
        return [{"code": code, "name": name, "current": code == self.language} for code, name in settings.LANGUAGES]

    @property
    def theme(self) -> str:
        """The chosen theme, or "" to follow the device."""
        chosen = self._request.COOKIES.get(THEME_COOKIE, "")
        return chosen if chosen in THEMES else ""

    @property
    def set_language_url(self) -> str:
        return address("set_language")

    @property
    def set_theme_url(self) -> str:
        return address("ui:theme")

    @property
    def style_url(self) -> str:
        return address("ui:style")

    @property
    def personal_data_url(self) -> str:
        """What is kept of persons and why, for everybody."""
        return address("about-personal-data")

    @property
    def service_worker_url(self) -> str:
        return address("ui:service_worker")

    @property
    def sign_in_url(self) -> str:
        return str(settings.LOGIN_URL)

    @property
    def home_url(self) -> str:
        """Where everybody starts."""
        return "/"

    @property
    def start_url(self) -> str:
        """Where whoever is looking starts: the page of the chosen post, else where everybody does."""
        return (self.person.start_url if self.person else "") or self.home_url

    @cached_property
    def notice(self) -> Notice | None:
        """What the whole installation has to say of itself, such as that it is a demonstration."""
        return _notice[0]() if _notice else None

    @property
    def filing_number(self) -> str:
        """The site's ICP filing number (备案号), which a public site in mainland China must show."""
        return str(getattr(settings, "FILING_NUMBER", "") or os.environ.get("CIVICLOOP_FILING_NUMBER", ""))

    @property
    def operator(self) -> str:
        """The body that runs this installation."""
        return str(getattr(settings, "OPERATOR", "") or os.environ.get("CIVICLOOP_OPERATOR", ""))


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell` in every template."""
    return {"shell": Shell(request)}
