"""The navigation shows what the rooms registered and the chosen post may open."""

import pytest

from civicloop.ui import navigation
from civicloop.ui.navigation import Item


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "_items", {})
    monkeypatch.setattr(navigation, "reverse", {"list": "/list", "desk": "/desk/", "more": "/list/more"}.__getitem__)
    monkeypatch.setattr(navigation, "NoReverseMatch", KeyError)


def test_entries_stand_in_their_order_and_mark_the_current_page() -> None:
    navigation.register(Item("b", "B", "desk", 20))
    navigation.register(Item("a", "A", "list", 10))
    shown = navigation.entries(set(), "/desk/7")
    assert [(entry.code, entry.url, entry.current) for entry in shown] == [("a", "/list", False), ("b", "/desk/", True)]


def test_the_longest_fitting_address_is_the_current_one() -> None:
    navigation.register(Item("a", "A", "list", 10))
    navigation.register(Item("m", "M", "more", 20))
    assert [entry.current for entry in navigation.entries(set(), "/list/more/1")] == [False, True]
    assert [entry.current for entry in navigation.entries(set(), "/listing")] == [False, False]


def test_an_entry_needs_one_of_its_roles() -> None:
    navigation.register(Item("a", "A", "list", 10, frozenset({"clerk", "head"})))
    assert not navigation.entries({"worker"}, "/")
    assert navigation.entries({"worker", "head"}, "/")


def test_a_code_is_taken_once_and_a_repetition_is_harmless() -> None:
    navigation.register(Item("a", "A", "list", 10))
    navigation.register(Item("a", "A", "list", 10))
    with pytest.raises(ValueError, match="taken"):
        navigation.register(Item("a", "Other", "desk", 10))


def test_a_page_that_this_installation_does_not_have_is_left_out() -> None:
    navigation.register(Item("x", "X", "absent", 10))
    assert navigation.entries(set(), "/") == []
