"""Where this installation is found from outside: the beginning of the addresses that messages name."""

from django.conf import settings
from django.urls import NoReverseMatch, reverse


def outside(path: str) -> str:
    """A page of this installation for somebody outside; empty where CIVICLOOP_ADDRESS says nothing."""
    return f"{settings.ADDRESS}{path}" if settings.ADDRESS else ""


def track() -> str:
    """The page on which a reporter looks with number and check code."""
    return outside(page("track"))


def page(name: str, *args: object) -> str:
    """The path of a page by its name; empty where this installation has no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
