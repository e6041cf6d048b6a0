"""The public figures: fixed months, public matters only, nothing small that could be found again."""

import itertools
from collections import defaultdict
from datetime import date, timedelta

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client

from civicloop.figures import everybody, hiding, keeping, rules, selectors
from civicloop.figures.models import PublicMonth, Snapshot
from civicloop.foundation import clock
from civicloop.matters.errors import Refused
from civicloop.matters.models import Matter
from civicloop.records.models import AuditEntry
from tests import world
from tests.figures import months
from tests.matters import loop

MONTH = date(2026, 3, 1)
DAY = timedelta(days=1)


def made(number: int = 10) -> None:
    months.live(number)
    with clock.at(months.NOW):
        everybody.make_due()


# -- hiding, without any table ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [2, 3, 4])
def test_nobody_finds_a_hidden_number_from_what_is_shown(parts: int) -> None:
    """Whoever knows the rule and the whole still has two or more possible numbers for each small part."""
    most = {2: 24, 3: 16, 4: 10}[parts]
    possible: dict[tuple[int, tuple[int | None, ...]], list[tuple[int, ...]]] = defaultdict(list)
    for numbers in itertools.product(range(most + 1), repeat=parts):
        for lot in range(parts):  # whatever is drawn
            hidden = hiding.rows_hidden(numbers, lambda larger, lot=lot: larger[lot % len(larger)])  # type: ignore[misc]
            seen = tuple(None if place in hidden else n for place, n in enumerate(numbers))
            possible[sum(numbers), seen].append(numbers)
    small = 0
    for (_whole, seen), several in possible.items():
        for place, shown in enumerate(seen):
            values = {each[place] for each in several}
            if shown is None and any(0 < value < hiding.FEW for value in values):
                assert len(values) > 1, (seen, several)
                small += 1
            assert shown is None or not 0 < shown < hiding.FEW
    assert small > 50


def test_columns_that_count_the_same_are_hidden_together() -> None:
    groups = hiding.together(
        {"a": frozenset({"x"}), "b": frozenset({"y"}), "c": frozenset({"y", "z"}), "d": frozenset({"z", "x"})}
    )
    assert sorted(map(sorted, groups)) == [["a", "b", "c", "d"]]
    rows = [
        {"figures": {"due": [40, None, 0, "40"], "rate": [30, 40, 0, "75.0"]}},
        {"figures": {"due": [20, None, 0, "20"], "rate": [17, 20, 0, "85.0"]}},  # 3 that were not: small
        {"figures": {"due": [20, None, 0, "20"], "rate": [13, 20, 0, "65.0"]}},
        {"figures": {"due": [0, None, 0, "0"], "rate": [0, 0, 0, None]}},
    ]
    found = keeping.hidden(rows, {"due": frozenset({"due:handle"}), "rate": frozenset({"due:handle", "done"})})
    assert [list(each["figures"].values()) == [None, None] for each in found] == [False, True, True, False]
    assert rows[1]["figures"]["due"] is not None  # what was given is left alone


@pytest.mark.django_db
def test_only_indicators_with_a_name_for_residents_are_public() -> None:
    found = everybody.indicators(MONTH)
    assert {"reported", "end_solved", "recurrence_rate", "sample_truth_rate", "on_the_list"} <= {e.code for e in found}
    assert all(each.plain and {"zh-hans", "en"} <= set(each.plain) for each in found)
    assert "exempted" not in {each.code for each in found}
    assert rules.read(rules.shipped()).indicators["exempted"].plain is None


# -- what is written --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_month_is_written_a_day_after_its_end_once_and_never_changes() -> None:
    months.live(8)
    april = date(2026, 4, 1)
    with clock.at(months.NOW.replace(month=4, day=1, hour=12)):
        assert [each.since for each in everybody.due()] == []  # not a whole day yet
    with clock.at(months.NOW):
        assert [each.since for each in everybody.due()] == [MONTH]
        assert everybody.make_due() == 1
        assert everybody.make_due() == 0
    before = PublicMonth.objects.get(area_id=0, month=MONTH).content
    with clock.at(months.NOW + 30 * DAY):
        assert [each.since for each in everybody.due()] == [april]
        everybody.make_due()
    assert PublicMonth.objects.get(area_id=0, month=MONTH).content == before
    assert AuditEntry.objects.filter(action="figures.month").count() == 2
    for change in (PublicMonth.objects.all().delete, lambda: PublicMonth.objects.update(content={})):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()


@pytest.mark.django_db
def test_the_public_figures_are_those_of_the_staff_less_what_is_not_public() -> None:
    made(12)
    with clock.at(months.NOW):
        cut = selectors.cut_for(world.actor("audit"), by="area", area="", period="2026-03")
        table = selectors.table(world.actor("audit"), cut, ["reported"])
    content = PublicMonth.objects.get(area_id=0, month=MONTH).content
    public = [row["figures"]["reported"][0] for row in content["rows"]]
    staff = [table.whole.figures["reported"].value.of, *(r.figures["reported"].value.of for r in table.rows)]
    assert 0 < public[0] == sum(public[1:]) <= staff[0]
    assert all(mine <= theirs for mine, theirs in zip(public, staff, strict=True))
    told = Matter.objects.filter(received_at__lt=months.NOW.replace(day=1)).values_list("standing", flat=True)
    assert public[0] == sum(standing["visibility"] == 0 for standing in told)


@pytest.mark.django_db
def test_below_the_subdistrict_nothing_small_is_written() -> None:
    made(14)
    hidden = 0
    for row in PublicMonth.objects.all():
        if row.content["level"] != "subdistrict":
            assert all(None not in each["figures"].values() for each in row.content["rows"])
            continue
        whole, *parts = row.content["rows"]
        assert None not in whole["figures"].values()
        for part in parts:
            for figure in part["figures"].values():
                hidden += figure is None
                assert figure is None or not 0 < hiding.smallest(*figure[:3]) < hiding.FEW
    assert hidden > 0


@pytest.mark.django_db
def test_no_second_table_below_the_subdistrict_is_published() -> None:
    months.live(6)
    leader = world.actor("leader")
    with clock.at(months.NOW):
        cut = selectors.cut_for(leader, by="area", area="990101001", period="2026-03")
        kept = keeping.keep(leader, cut, codes=["reported"], title="三月")
        with pytest.raises(Refused) as refused:
            keeping.publish(leader, kept.no)
    assert refused.value.code == "too_small"
    assert Snapshot.objects.filter(publication__isnull=False).count() == 0


# -- what is shown ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_everybody_reads_the_figures_without_signing_in() -> None:
    client = Client(headers={"accept-language": "zh-hans"})
    empty = client.get("/public/figures/")
    assert (empty.status_code, "时段结束后会在这里公布" in empty.content.decode()) == (200, True)
    made()
    for query in ({}, {"month": "2026-03"}, {"area": "990101"}, {"area": "990101001", "show": "recurrence_rate"}):
        page = client.get("/public/figures/", query)
        assert page.status_code == 200, query
        assert "<script>" not in page.content.decode()
    words = page.content.decode()
    assert "样本不足" in client.get("/public/figures/", {"show": "on_time_handling_rate"}).content.decode()
    assert all(each in words for each in ("2026-03", "30天内又出现的比例", "不显示"))
    for query in ({"month": "2026-02"}, {"month": "never"}, {"month": "2026"}, {"area": "990101001001"}, {"area": "x"}):
        assert client.get("/public/figures/", query).status_code == 404, query
    assert client.get("/public/figures/", {"show": "nothing"}).status_code == 200
    assert client.post("/public/figures/").status_code == 405


@pytest.mark.django_db
def test_a_page_costs_two_statements_and_nobody_asks_without_end(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    made(5)
    client = Client()
    client.get("/public/figures/", {"area": "990101"})
    with django_assert_max_num_queries(3):  # the months, and what every page reads
        client.get("/public/figures/", {"area": "990101"})
    answers = {client.get("/public/figures/").status_code for _each in range(140)}
    assert answers == {200, 429}


@pytest.mark.django_db
def test_a_matter_that_is_confidential_is_in_no_public_figure() -> None:
    with clock.at(world.START):
        loop.report(kind="01001")
    with clock.at(months.NOW):
        everybody.make_due()
    shown = PublicMonth.objects.get(area_id=0, month=MONTH).content["rows"][0]["figures"]["reported"][0]
    assert shown == Matter.objects.filter(confidentiality=0).count()
