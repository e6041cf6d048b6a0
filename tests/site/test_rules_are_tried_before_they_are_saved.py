"""The editor of rules: what a change would have done last month, by whom it may be seen, what saving leaves behind."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from civicloop.catalogue import exporting, routing, rule_actions, selectors
from civicloop.catalogue.models import Responsibility
from civicloop.foundation import caches, clock
from civicloop.matters import dry_run
from civicloop.people.models import Unit
from civicloop.places.models import AreaVersion
from civicloop.records.models import AuditEntry
from tests import world
from tests.matters import loop
from tests.site.desks import kind, signed_in, text

pytestmark = pytest.mark.django_db
GB = "GB/T 47678.5-2026"
NEW = "/admin/rules/new"
RULE = {  # with the priority of the tiny city's own rules
    "period": "30", "about": f"{GB}:01001", "area": "990101001", "unit": "s1-property", "priority": "10",
    "reason": "小区内归物业", "paper": "物管〔2026〕1号", "days": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"):
        yield


def reported(number: int = 3, **values: Any) -> list[Any]:
    return [loop.report(**({"kind": "01001"} | values)) for _ in range(number)]


def tried(user: str = "d1-dispatcher", path: str = NEW, later: timedelta = timedelta(hours=1), **values: Any) -> Any:
    with clock.at(world.START + later):
        return signed_in(user).post(path, {**RULE, "do": "try", **values})


def test_a_new_rule_says_how_many_matters_it_would_have_sent_elsewhere() -> None:
    reported(3)
    reported(2, kind="06010")
    reported(1, point=(117.12, 39.05))  # another subdistrict
    answer = tried()
    page = text(answer)
    assert answer.status_code == 200
    assert "最近30天的6件事项中，有3件会改派" in page
    assert "您可以查看这3件中的3件" in page
    ways = page.split("由哪个单位改派到哪个单位")[1]
    assert ways.index("东风街道办事处") < ways.index("和顺里物业")
    assert not Responsibility.objects.filter(unit__code="s1-property").exists()
    assert "由系统管理员使规则生效" in page


def test_the_list_shows_only_what_one_may_see() -> None:
    reported(3)
    for user, seen in (("system", 0), ("d2-clerk", 0), ("s2-clerk", 0), ("clerk", 3)):
        page = text(tried(user))
        assert f"您可以查看这3件中的{seen}件" in page, user
        assert page.count("/matters/") >= seen
        assert ("井盖缺失" in page) is bool(seen), user


def test_confidential_matters_are_neither_counted_nor_listed() -> None:
    reported(2)
    reported(1, confidentiality=1)
    assert "最近30天的2件事项中，有2件会改派" in text(tried())


def test_the_period_is_the_one_that_was_chosen() -> None:
    reported(2)
    assert "最近7天的0件事项中，有0件会改派" in text(tried(later=timedelta(days=8), period="7"))
    assert "最近90天的2件事项中，有2件会改派" in text(tried(later=timedelta(days=8), period="90"))


def test_the_list_comes_as_a_file() -> None:
    reported(2)
    answer = tried(do="csv")
    lines = text(answer).splitlines()
    assert lines[0] == "\ufeffnumber,title,received,unit_before,unit_after"
    assert len(lines) == 3
    assert "东风街道办事处,和顺里物业" in lines[1]


def test_saving_puts_the_rule_into_force_with_an_audit_entry() -> None:
    with clock.at(world.START + timedelta(hours=1)):
        client = signed_in("system")
        answer = client.post(NEW, {**RULE, "do": "save"})
        assert answer.status_code == 302
        row = Responsibility.objects.get(unit__code="s1-property")
        assert (row.paper, row.valid_to, row.valid_from) == ("物管〔2026〕1号", None, clock.now())
        path = {"district": row.area_id, "subdistrict": row.area_id}
        assert routing.answering_unit(kind(), path).responsibility_id == row.id
        entry = AuditEntry.objects.get(action="catalogue.rules")
        assert entry.detail["begin"][0]["paper"] == "物管〔2026〕1号"
        assert "1条规则生效，0条规则失效" in text(client.get(answer["Location"]))


@pytest.mark.parametrize("user", ["d1-dispatcher", "supervisor", "leader"])
def test_who_may_only_try_cannot_save(user: str) -> None:
    assert tried(user, do="save").status_code == 403
    assert not Responsibility.objects.filter(unit__code="s1-property").exists()


@pytest.mark.parametrize("user", ["grid", "worker", "checker", "channel", "audit"])
def test_who_may_not_try_does_not_see_the_editor(user: str) -> None:
    assert tried(user).status_code == 403
    assert signed_in(user).get("/admin/rules/file").status_code == 403


def test_changing_a_rule_ends_it_when_the_other_begins() -> None:
    old = Responsibility.objects.get(unit__code="s1-office")
    client = signed_in("system")
    with clock.at(world.START + timedelta(hours=1)):
        form = text(client.get(f"/admin/rules/{old.id}"))
        assert 'value="s1-office"' in form
        given = RULE | {"about": "*", "priority": "10", "valid_from": "2026-04-01T00:00", "reason": "换单位"}
        assert client.post(f"/admin/rules/{old.id}", {**given, "do": "save"}).status_code == 302
    old.refresh_from_db()
    new = Responsibility.objects.get(unit__code="s1-property")
    assert old.valid_to == new.valid_from
    assert new.valid_from.isoformat() == "2026-03-31T16:00:00+00:00"  # midnight in Shanghai
    caches.forget_all()
    path = {"district": AreaVersion.objects.get(code="990101").area_id, "subdistrict": old.area_id}
    for days, unit in ((2, "s1-office"), (40, "s1-property")):
        found = routing.answering_unit(kind(), path, world.START + timedelta(days=days)).unit_id
        assert Unit.objects.get(id=found).code == unit


def test_ending_a_rule_is_tried_first_too() -> None:
    reported(2)
    old = Responsibility.objects.get(unit__code="s1-office")
    page = text(tried("clerk", f"/admin/rules/{old.id}/end"))
    assert "有2件会改派" in page
    assert "甲区城市管理委" in page  # the district's rule is the next one
    with clock.at(world.START + timedelta(hours=2)):
        assert signed_in("system").post(f"/admin/rules/{old.id}/end", {"period": "30", "do": "save"}).status_code == 302
        old.refresh_from_db()
        assert old.valid_to == clock.now()
        assert signed_in("system").get(f"/admin/rules/{old.id}").status_code == 404


def test_a_whole_file_is_tried_and_then_saved_without_being_chosen_again() -> None:
    reported(2)
    later = world.START + timedelta(hours=1)
    with clock.at(later):
        lines = exporting.text_of("responsibilities.csv").replace("s1-office", "s1-property")
        upload = SimpleUploadedFile("responsibilities.csv", lines.encode("gb18030"))
        client = signed_in("system")
        page = text(client.post("/admin/rules/file", {"period": "30", "file": upload, "do": "try"}))
        assert "1条规则将生效，1条将失效" in page
        assert "有2件会改派" in page
        assert client.post("/admin/rules/file", {"period": "30", "text": lines, "do": "save"}).status_code == 302
        assert client.post("/admin/rules/file", {"period": "30", "text": lines, "do": "save"}).status_code == 422
    assert Responsibility.objects.get(unit__code="s1-office").valid_to == later


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"area": "nowhere"}, "没有此编码的区域"),
        ({"area": "*planet"}, "没有这一层级"),
        ({"unit": "nobody"}, "没有此编码的单位"),
        ({"hours": "22-6"}, "22:00-06:00"),
        ({"about": "06", "condition": "1"}, ""),
        ({"valid_from": "2026-05-01T00:00", "valid_to": "2026-04-01T00:00"}, "结束时间早于开始时间"),
        ({"priority": "99999999"}, ""),
    ],
)
def test_what_cannot_be_a_rule_is_said_and_what_was_written_stays(values: dict[str, str], words: str) -> None:
    answer = tried("system", do="save", **values)
    assert answer.status_code == 422
    assert words in text(answer)
    assert "小区内归物业" in text(answer)
    assert not Responsibility.objects.filter(unit__code="s1-property").exists()


def test_a_bad_file_names_its_lines() -> None:
    client = signed_in("system")
    bad = "kind_or_class,area_code,unit_code,reason\n06010,99,nobody,一\n"
    answer = client.post("/admin/rules/file", {"period": "30", "text": bad, "do": "save"})
    assert answer.status_code == 422
    assert "line 2" in text(answer)
    assert client.post("/admin/rules/file", {"period": "30", "do": "try"}).status_code == 422


def test_saying_the_same_again_changes_nothing() -> None:
    with clock.at(world.START + timedelta(hours=1)):
        signed_in("system").post(NEW, {**RULE, "do": "save"})
    row = Responsibility.objects.get(unit__code="s1-property")
    assert tried("system", f"/admin/rules/{row.id}", later=timedelta(hours=2), do="save").status_code == 422


def test_only_matters_that_a_changed_rule_could_touch_are_asked() -> None:
    reported(2)
    reported(3, kind="06010")
    change = rule_actions.of_line({
        "kind_or_class": f"{GB}:01001", "area_code": "990101001", "unit_code": "s1-property", "reason": "一",
        "priority": "10",
    })  # fmt: skip
    later = clock.now() + timedelta(hours=1)
    before, after, as_of = rule_actions.pictures(change)
    result = dry_run.run(before, after, as_of=as_of, since=later - timedelta(days=1), until=later)
    assert (result.total, result.asked, len(result.moved), result.cut) == (5, 2, 2, False)
    same = dry_run.run(before, before, as_of=as_of, since=later - timedelta(days=1), until=later)
    assert (same.total, same.asked, same.moved) == (5, 0, [])
    assert selectors.picture() is before
