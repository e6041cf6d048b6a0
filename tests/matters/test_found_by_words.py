"""Matters are found by the words that stand in them, newest first, by whoever may see them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from civicloop.foundation import clock, ids
from civicloop.matters import paging, selectors
from civicloop.matters.models import Matter, SearchToken
from civicloop.matters.selectors import Filters
from civicloop.people import access
from civicloop.people.access import Actor
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
WORDS = ("井盖", "解放路", "路灯 -井盖", "manhole", "钢琴")


def reader(user: str) -> Actor:
    return access.system("tests") if user == "everybody" else world.actor(user)


def found(user: str, text: str, **wanted: object) -> list[UUID]:
    """Every page after the other."""
    rows, after = [], ""
    while True:
        page = selectors.matters(reader(user), Filters(text=text, **wanted), after=after, limit=2)  # type: ignore[arg-type]
        rows += [row.id for row in page.rows]
        if page.next is None:
            return rows
        after = page.next


def report(text: str, days: float = 0, **values: object) -> UUID:
    at = world.START + timedelta(days=400 - days)
    with clock.at(at):
        return loop.report(None, id=ids.uuid7(at), title=text[:30], text=text, **values)


@pytest.fixture
def told() -> dict[str, UUID]:
    """Reports of today, of two weeks, three months and more than a year ago."""
    return {
        "today": report("解放路口井盖破损，LED灯不亮", address="解放路８号"),
        "weeks": report("路灯不亮，井盖也松动了", 14),
        "months": report("解放大街放路障，井盖丢了", 90),
        "year": report("The manhole cover 井盖 is gone", 399),
        "other": report("井盖异响", 3, point=(117.25, 39.05)),
    }


@pytest.mark.parametrize(
    ("text", "which"),
    [
        ("井盖", ["today", "other", "weeks", "months", "year"]),
        ("解放路", ["today"]),  # "months" holds 解放 and 放路, and not 解放路
        ("井盖 不亮", ["today", "weeks"]),
        ("井盖 -路灯", ["today", "other", "months", "year"]),
        ("led灯", ["today"]),
        ("ＭＡＮＨＯＬＥ", ["year"]),
        ("manhol", []),
        ("解放路8号", ["today"]),
        ("“井盖 is”", ["year"]),
        ("-井盖", []),
        ("！", []),
    ],
)
def test_what_holds_the_words_is_found(told: dict[str, UUID], text: str, which: list[str]) -> None:
    with clock.at(world.START + timedelta(days=400)):
        names = {key: name for name, key in told.items()}
        assert [names[each] for each in found("everybody", text)] == which
        by_hand = sorted((told[name] for name in which), reverse=True)
        assert found("everybody", text) == by_hand


def test_only_what_one_may_see_is_found(told: dict[str, UUID]) -> None:
    with clock.at(world.START + timedelta(days=400)):
        assert told["other"] not in found("clerk", "井盖")
        assert len(found("clerk", "井盖")) == 4
        assert found("d2-clerk", "井盖") == [told["other"]]


def test_an_area_narrows(told: dict[str, UUID]) -> None:
    with clock.at(world.START + timedelta(days=400)):
        row = Matter.objects.get(id=told["other"])
        for level in ("district", "subdistrict", "community", "grid"):
            inside = {"area_id": getattr(row, f"{level}_id"), "area_level": level}
            assert found("everybody", "井盖", **inside) == [told["other"]], level


def test_a_number_is_found_whole_and_by_its_parts(told: dict[str, UUID]) -> None:
    with clock.at(world.START + timedelta(days=400)):
        number = Matter.objects.values_list("number", flat=True).get(id=told["weeks"])
        day, serial, _check = number.split("-")
        for asked in (number, number.lower(), serial, f"{day} {serial}", f"{day}-{serial}"):
            assert found("everybody", asked) == [told["weeks"]], asked


def test_a_page_of_a_common_word_is_walked_through_and_only_a_rare_one_is_looked_up(
    told: dict[str, UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the cost does not grow with the past: earlier spans are not asked for when the page is full."""
    monkeypatch.setattr(paging, "WALKED_FOR_WORDS", 2)
    for hours in (2, 5, 9):
        report("同一天的井盖", hours / 24)
    with clock.at(world.START + timedelta(days=400)):
        for text, number, looked_up in (("井盖", 1, 0), ("manhole", 1, 3), ("钢琴", 1, 3)):
            with CaptureQueriesContext(connection) as asked:
                selectors.matters(reader("everybody"), Filters(text=text), limit=number)
            spans = [each["sql"] for each in asked if "uuid_send" in each["sql"]]
            # two reports came in within five hours; 16 times as long is three days, then 60, then over a year
            assert len(spans) == looked_up, text
            assert all("CASE" not in each and "@>" in each for each in spans)  # by the index of words


@pytest.mark.parametrize("walked", [1, 3])
def test_the_same_is_found_however_little_is_walked_through(
    told: dict[str, UUID], monkeypatch: pytest.MonkeyPatch, walked: int
) -> None:
    with clock.at(world.START + timedelta(days=400)):
        whole = {(user, text): found(user, text) for user in ("everybody", "clerk", "d2-clerk") for text in WORDS}
        assert len(whole["everybody", "井盖"]) == 5
        for name in ("WALKED_FOR_WORDS", "OF_TASKS"):
            monkeypatch.setattr(paging, name, walked)
        assert {(user, text): found(user, text) for user, text in whole} == whole


def test_ids_of_any_moment_are_reached() -> None:
    """A client's id may claim an early moment; the last span reaches the very first."""
    early = ids.uuid7(datetime(1970, 1, 1, tzinfo=UTC))
    with clock.at(world.START):
        loop.report(None, id=early, title="很早的井盖")
        assert found("everybody", "很早") == [early]


def test_earlier_matters_get_their_words_by_migration(told: dict[str, UUID]) -> None:
    """The backfill gives a row of before what a report writes now, and changes nothing when run again."""
    from importlib import import_module

    migration = import_module("civicloop.matters.migrations.0014_search_words")

    def words() -> dict[UUID, list[str]]:
        return {key: sorted(each) for key, each in SearchToken.objects.values_list("matter_id", "tokens")}

    whole = words()
    for row in SearchToken.objects.all():
        number = Matter.objects.values_list("number", flat=True).get(id=row.matter_id).lower()
        row.tokens = [each for each in row.tokens if each[0] != "@" and each not in number.split("-")[:2]]
        row.save()
    migration.BATCH = 2
    for _again in range(2):
        with connection.schema_editor(atomic=False) as editor:
            migration.add_words(None, editor)
        assert words() == whole
