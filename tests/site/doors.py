"""Every door of the installation, found by walking the addresses of pages and API: a new one is there by itself."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock
from uuid import UUID

from django.core.handlers.wsgi import WSGIRequest
from django.http import QueryDict

from civicloop.api.app import api
from tests.structure.test_the_whole import FRAMEWORK, routes

# what stands for a parameter of an address that is neither a number nor an id, where there is something to find
WORDS = {
    "code": "990101", "which": "derivative", "day": "2026-03-02", "kind": "csv", "name": "kinds", "action": "note",
    "number": "20260302-0000001-X", "rest": "x", "channel": "email", "what": "repeated",
}  # fmt: skip
NOBODY = "00000000-0000-7000-8000-00000000000a"
_PART = re.compile(r"<(?:(\w+):)?(\w+)>|\{(?:(\w+):)?(\w+)\}|\(\?P<(\w+)>[^)]*\)")


@dataclass(frozen=True)
class Door:
    """An address with what it declares: its duty; whether a call takes somebody without a token."""

    pattern: str
    duty: str
    methods: tuple[str, ...]
    of_matter: bool
    nobody: bool = False

    @property
    def of_api(self) -> bool:
        return self.pattern.startswith("api/")

    def address(self, matter: UUID | str = NOBODY) -> str:
        """The address with its parameters filled in."""

        def fill(found: re.Match[str]) -> str:
            kind, name = found.group(1) or found.group(3) or "", found.group(2) or found.group(4) or found.group(5)
            if name == "matter_id":
                return str(matter)
            if kind in {"uuid", "uuidstr"}:
                return NOBODY
            if kind == "int":
                return "1"
            return WORDS.get(name, "x")

        plain = _PART.sub(fill, self.pattern)
        return "/" + plain.replace("^", "").replace("$", "").replace("\\.", ".")


def doors() -> list[Door]:
    """All of them."""
    found = [
        Door(address, pattern.callback.duty, ("GET", "POST"), "matter_id" in address, pattern.callback.duty == "public")
        for address, pattern in routes()
        if not address.startswith("api/v1/") and pattern.name not in FRAMEWORK
    ]
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                address = f"api/v1{prefix}{path}".replace("//", "/")
                for method in operation.methods:
                    duty, nobody = operation.view_func.duty, _takes_nobody(operation)
                    found.append(Door(address, duty, (method,), "matter_id" in address, nobody))
    return found


def _takes_nobody(operation: Any) -> bool:
    param = operation.auth_param
    several = param if isinstance(param, list | tuple) else [param]
    return param is None or any(getattr(each, "__name__", "") == "nobody" for each in several)


ANY = "*"  # all parameters, or whether there are any
_OF_ONE, _OF_ALL = (
    ("get", "getlist", "__getitem__", "__contains__"),
    ("keys", "items", "lists", "values", "dict", "copy", "urlencode", "__iter__", "__len__"),
)


@contextmanager
def looked_at() -> Iterator[set[str]]:
    """The names of the parameters of an address that the pages asked inside have looked at, or ANY."""
    found: set[str] = set()

    def noting(name: str) -> Any:
        plain = getattr(QueryDict, name)

        def noted(self: Any, *given: Any, **named: Any) -> Any:
            if self.noting:
                found.add(str(given[0]) if name in _OF_ONE else ANY)
            return plain(self, *given, **named)

        return noted

    watched: Any = type("Watched", (QueryDict,), {name: noting(name) for name in (*_OF_ONE, *_OF_ALL)})
    watched.noting = False  # while it is filled

    def query(request: WSGIRequest) -> QueryDict:
        made = watched(request.META.get("QUERY_STRING", ""))
        made.noting = True
        return made  # type: ignore[no-any-return]

    with mock.patch.object(WSGIRequest, "GET", property(query)):
        yield found
