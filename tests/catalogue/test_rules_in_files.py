"""Lines with overlays, questions, hours, days and dates, and lists of duties: taken over, asked, written out again."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from civicloop.catalogue import actions, exporting, routing, selectors
from civicloop.catalogue.files import CatalogueRefused
from civicloop.catalogue.models import DutyItem, Responsibility
from civicloop.foundation import clock
from tests.catalogue.conftest import GB, LISTS, RULES, SYSTEM

pytestmark = pytest.mark.django_db


def unit(city, code: str, area: str = "120101001", at: datetime | None = None, **asked) -> str:
    kind = selectors.kind_by_code(GB, "matter", code)
    inside = tuple(("property", city.areas[each]) for each in asked.pop("inside", ()))
    answer = routing.answering_unit(kind.id, city.path(area), at, overlays=inside, **asked)
    return {number: name for name, number in city.units.items()}[answer.unit_id]


def test_inside_a_compound_its_manager_answers(ruled, loaded):
    assert unit(loaded, "01003") == "120101-water"
    assert unit(loaded, "01003", inside=["P1"]) == "120101001-property"
    assert unit(loaded, "01003", inside=["P1", "P2"]) == "city-water"


def test_at_night_on_days_of_rest_and_after_an_answer_others_answer(ruled, loaded):
    night = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)  # 23:30 in Shanghai
    noon, sunday = datetime(2026, 3, 2, 4, tzinfo=UTC), datetime(2026, 3, 8, 4, tzinfo=UTC)
    people, works = {"noise_source": "people"}, {"noise_source": "works"}
    assert unit(loaded, "06028", at=noon, answers=people) == "120101-eco"
    assert unit(loaded, "06028", at=night, answers=people) == "120101-police"
    assert unit(loaded, "06028", at=sunday, answers=works, condition_no=1) == "120101-housing"
    assert unit(loaded, "06028", at=noon, answers=works, condition_no=1) == "120101-eco"
    kind = selectors.kind_by_code(GB, "matter", "06028").id
    path = loaded.path("120101001")
    assert routing.answering_unit(kind, path, night).questions == ("noise_source",)
    assert routing.answering_unit(kind, path, noon).questions == ()
    assert routing.answering_unit(kind, path, sunday, condition_no=1).questions == ("noise_source",)


def test_a_line_dated_ahead_begins_and_ends_by_itself(ruled, loaded):
    assert unit(loaded, "06010", "120102001") == "120102001-office"
    assert unit(loaded, "06010", at=datetime(2099, 1, 15, tzinfo=UTC)) == "120101-urban"
    line = Responsibility.objects.get(priority=5)
    assert (line.valid_from.year, line.valid_to.month) == (2098, 1)  # midnight in Shanghai


def test_a_duty_taken_back_goes_to_the_department_that_the_list_names_with_the_paper(ruled, loaded):
    assert unit(loaded, "06010") == "120101-urban"
    assert unit(loaded, "06010", "120102001") == "120102001-office"  # the other district's list says nothing of it
    answer = routing.answering_unit(selectors.kind_by_code(GB, "matter", "06010").id, loaded.path("120101001"))
    assert (answer.reason_code, answer.reason_params["paper"]) == ("duty_list", "津委办〔2025〕1号")
    assert unit(loaded, "06012") == "120101-urban"
    assert DutyItem.objects.get(number="88").paper_date == date(2025, 6, 1)


def test_every_line_that_was_looked_at_can_be_shown(ruled, loaded):
    kind = selectors.kind_by_code(GB, "matter", "06010").id
    found = routing.explain(routing.case(kind, loaded.path("120101001")))
    assert [look.verdict for look in found.looks] == ["later", "barred"]
    assert found.item is not None
    assert found.item.part == "taken_back"
    assert found.answer == routing.answering_unit(kind, loaded.path("120101001"))


def test_what_is_written_out_and_taken_over_again_changes_nothing(ruled, tmp_path):
    for name in exporting.EXPORTS:
        (tmp_path / name).write_text(exporting.text_of(name), encoding="utf-8")
    assert actions.load_folders(SYSTEM, folders=[tmp_path]) == {}
    text = exporting.text_of("responsibilities.csv")
    assert f"{GB}:06028/1,120101,120101-housing,0,工地噪声归住建,,,,noise_source=works,,rest,," in text
    assert "property:P2" in text
    assert "2099-01" in text or "2098-12-31" in text


def test_taking_over_again_ends_what_is_missing_and_what_was_planned_never_begins(ruled, folder):
    later = clock.now() + timedelta(minutes=1)
    lines = [line for line in RULES.splitlines() if "整治" not in line and "公安" not in line]
    where = folder({"responsibilities.csv": "\n".join(lines), "duty-lists.csv": LISTS.replace("taken_back", "basic")})
    with clock.at(later):
        changes = actions.load_folders(SYSTEM, folders=[where])
    assert changes == {"responsibilities ended": 3, "items of duty lists added": 1, "items of duty lists ended": 1}
    planned = Responsibility.objects.get(priority=5)
    assert planned.valid_to == planned.valid_from


def test_the_hot_path_asks_the_database_nothing(ruled, loaded):
    unit(loaded, "06028", answers={"noise_source": "works"}, condition_no=1)
    with CaptureQueriesContext(connection) as queries:
        for _ in range(50):
            unit(loaded, "06028", answers={"noise_source": "works"}, condition_no=1, inside=["P1"])
    assert len(queries) <= 3  # looks at the revisions, at most every few seconds


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("06028/x,12,city-duty,0,一,,,,,,,", "after the stroke"),
        ("06/1,12,city-duty,0,一,,,,,,,", "there is no kind"),
        ("*,12,city-duty,0,一,,river,,,,,", "no overlay of the layer"),
        ("*,12,city-duty,0,一,,property:P9,,,,,", "no overlay 'P9'"),
        ("*,12,city-duty,0,一,,,noise_source=dogs,,,,", "no such question"),
        ("*,12,city-duty,0,一,,,who,,,,", "no such question"),
        ("*,12,city-duty,0,一,,,,22-6,,,", "no shift"),
        ("*,12,city-duty,0,一,,,,,sometimes,,", "none of working, rest"),
        ("*,12,city-duty,0,一,,,,,,soon,", "no date or moment"),
        ("*,12,city-duty,0,一,,,,,,2099-02-01,2099-01-01", "valid_to comes before valid_from"),
        ("*,12,city-duty,70000,一,,,,,,,", "priority"),
        ("*,12,nobody,0,一,,,,,,,", "no unit 'nobody'"),
    ],
)
def test_a_bad_line_is_refused_with_file_and_line(ruled, folder, line, words):
    head = RULES.splitlines()[0]
    before = Responsibility.objects.count()
    with pytest.raises(CatalogueRefused) as refused:
        actions.load_folders(SYSTEM, folders=[folder({"responsibilities.csv": f"{head}\n{line}\n"})])
    assert "responsibilities.csv line 2" in refused.value.faults[0]
    assert words in refused.value.faults[0]
    assert Responsibility.objects.count() == before


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("mine,06010,12,1,一,,号,2025-06-01,,", "part 'mine' is none of"),
        ("basic,*,12,1,一,,号,2025-06-01,,", "about a kind or a class"),
        ("basic,06010,12,1,一,,,2025-06-01,,", "number of the paper"),
        ("basic,06010,12,1,一,,号,last year,,", "is no date"),
        ("basic,06010,12,1,,,号,2025-06-01,,", "no Chinese text"),
    ],
)
def test_a_bad_item_of_a_list_is_refused(ruled, folder, line, words):
    head = LISTS.splitlines()[0]
    with pytest.raises(CatalogueRefused) as refused:
        actions.load_folders(SYSTEM, folders=[folder({"duty-lists.csv": f"{head}\n{line}\n"})])
    assert any(words in fault for fault in refused.value.faults)
