"""The navigation registry: each room registers its entry pages at start-up, the shell shows those a person may open.

Showing is not permission: every page asks again by itself.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise


@dataclass(frozen=True)
class Item:
    """One entry of the staff navigation.

    `code` is unique and stays the same; `label` is a lazy translation; `url_name` is reversed without arguments;
    entries stand by `order`; `needs` names the roles of which one is enough (None: every signed-in person);
    `icon` is a name of the shipped icon set.
    """

    code: str
    label: str | Promise
    url_name: str
    order: int
    needs: frozenset[str] | None = None
    icon: str = "list"


@dataclass(frozen=True)
class Entry:
    """An item as the page shows it."""

    code: str
    label: str | Promise
    url: str
    icon: str
    current: bool


_items: dict[str, Item] = {}


def register(item: Item) -> None:
    """Add an entry; the same item again is harmless, another one under a taken code raises ValueError."""
    known = _items.get(item.code)
    if known is not None and known != item:
        raise ValueError(f"navigation code {item.code!r} is taken by {known.url_name}")
    _items[item.code] = item


def registered() -> list[Item]:
    """Every item, in the order of the page."""
    return sorted(_items.values(), key=lambda item: (item.order, item.code))


def entries(roles: Collection[str], path: str) -> list[Entry]:
    """What a person with these roles sees on the page at `path`; the longest fitting address is the current one."""
    held = frozenset(roles)
    found: list[tuple[Item, str]] = []
    for item in registered():
        if item.needs is not None and not item.needs & held:
            continue
        try:
            found.append((item, reverse(item.url_name)))
        except NoReverseMatch:
            continue  # the room's pages are not part of this installation
    fitting = [url for _item, url in found if path == url or path.startswith(url.rstrip("/") + "/")]
    current = max(fitting, key=len, default=None)
    return [Entry(item.code, item.label, url, item.icon, url == current) for item, url in found]
