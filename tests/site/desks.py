"""Steps that the tests of the desks share."""

from typing import Any
from uuid import UUID

from django.test import Client

from tests.matters import loop


def signed_in(user: str) -> Client:
    """A browser in which `user` has signed in."""
    from civicloop.people.models import Account

    client = Client()
    client.force_login(Account.objects.get(username=user))
    return client


def text(response: Any) -> str:
    """The page as it was sent."""
    return str(response.content.decode())


def kind(code: str = "01001") -> int:
    """The id of a kind of the national list."""
    from civicloop.catalogue.models import Kind

    return Kind.objects.get(standard__code="GB/T 47678.5-2026", family="matter", code=code).id


def step(matter: UUID) -> str:
    """Where the matter stands."""
    return loop.step(matter)


def dispatched(**values: Any) -> UUID:
    """A matter that waits to be accepted by the unit."""
    matter = loop.report(**({"kind": "01001"} | values))
    loop.act("clerk", matter, "file", condition=loop.condition())
    loop.act("clerk", matter, "dispatch")
    return matter
