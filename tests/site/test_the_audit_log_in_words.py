"""The auditor reads the log in words, with the things by their names and links; the file keeps the codes."""

import csv
import io
from typing import Any

import pytest
from django.test import Client

from civicloop.foundation import clock, ids
from civicloop.matters.models import Matter
from civicloop.people import actions as people
from civicloop.people.models import Unit
from civicloop.records import audit
from civicloop.records.models import AuditEntry, ReadEntry
from tests import world
from tests.matters import loop
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor() -> Client:
    return signed_in("audit")


def line(action: str, object: str, *, account: int | None = None, outcome: str = "done", words: str = "clock") -> None:
    audit.write(
        actor_id=account, post_id=None, actor_words=words, action=action, object=object, outcome=outcome,
        detail={"n": 1},
    )  # fmt: skip


def row(page: str, action: str) -> str:
    """The line of the page that holds the code."""
    return next(part for part in page.split("<tr>") if f'<span class="code">{action}</span>' in part)


def test_things_have_names_and_links(auditor: Client) -> None:
    with clock.at(world.START):
        unit = Unit.objects.get(code="s1-office")
        people.change_unit(world.actor("system"), unit_id=unit.pk, unit_names={"zh-hans": "第一街道办"}, duty_phone="")
        clerk = world.actor("clerk")
        matter = loop.report(kind="01001")
        number = Matter.objects.get(id=matter).number
        line("account.password", "account", account=clerk.account_id, words="clerk")
        line("matters.merge", str(matter), account=clerk.account_id, words="clerk")
        line("sign_in", "account", outcome="second_refused", account=clerk.account_id, words="clerk")
        line("roots.close", "2026-03-02")
        line("figures.seal", "baseline 2026-03-01", words="figures")
        line("figures.month", "figures of 2026-02 for everybody", words="figures")
        page = text(auditor.get("/admin/audit"))
    for code, words, found in (
        ("unit.change", "变更单位", "第一街道办 (s1-office)"),
        ("account.password", "设置密码", f'/admin/people/{clerk.account_id}/access/"'),
        ("matters.merge", "并案", f'href="/matters/{matter}">{number}'),
        ("sign_in", "登录", "第二因素被拒绝"),
        ("roots.close", "签署每日存证", "程序（clock）"),
        ("figures.seal", "封存基线", 'href="/figures/scores">2026-03 的基线'),
        ("figures.month", "公布月度数据", 'href="/public/figures/">2026-02 的公开数据'),
    ):
        assert words in row(page, code), code
        assert found in row(page, code), code


def test_what_is_not_the_auditors_to_know_stays_as_the_log_has_it(auditor: Client) -> None:
    with clock.at(world.START):
        hidden = loop.report(kind="01001", confidentiality=1)
        line("matters.merge", str(hidden))
        line("order.open", "no such order")
        page = text(auditor.get("/admin/audit"))
    assert f"/matters/{hidden}" not in page
    assert f'<span class="code">{hidden}</span>' in row(page, "matters.merge")
    assert '<span class="code">no such order</span>' in row(page, "order.open")


def test_an_action_of_another_version_is_shown_and_can_be_asked_for(auditor: Client) -> None:
    line("once.done", "x")
    page = text(auditor.get("/admin/audit?action=once.done&outcome=once"))
    assert '<option value="once.done" selected>once.done</option>' in page
    assert "<strong>once.done</strong>" in text(auditor.get("/admin/audit?action=once.done"))


def test_a_page_costs_no_more_for_more_lines(auditor: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(40):
        line("unit.change", f"u-{number}")
        line("token.create", str(number))
        line("setting.set", "sign_in.idle_minutes installation")
        line("figures.keep", f"snapshot {number}")
        line("matter.card", f"20260302-{number:07}-X")
    with django_assert_max_num_queries(20):
        page = text(auditor.get("/admin/audit"))
    assert page.count("<time ") == 50


def test_the_file_has_codes_and_words_in_columns_of_their_own(auditor: Client) -> None:
    line("unit.change", "u-1", outcome="failed")
    answer = auditor.get("/admin/audit/export.csv?action=unit.change")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(each["action"], each["action in words"], each["outcome"]) for each in rows] == [
        ("unit.change", "变更单位", "failed")
    ]
    assert AuditEntry.objects.filter(action="audit.export").count() == 1


def test_openings_name_who_in_which_post_what_and_the_matter(auditor: Client) -> None:
    with clock.at(world.START):
        clerk, matter = world.actor("clerk"), loop.report(kind="01001")
        number = Matter.objects.get(id=matter).number
        fields = {"reporter_phone": matter, "file": matter, "staff_sms": None, "party_terms": matter}
        for field, about in fields.items():
            ReadEntry.objects.create(
                at=clock.now(), account_id=clerk.account_id, post_id=clerk.post_id, words="clerk", purpose="回访",
                matter_id=about, field=field,
            )  # fmt: skip
        ReadEntry.objects.create(
            at=clock.now(), account_id=None, post_id=None, words="notices", purpose="短信", matter_id=ids.uuid7(),
            field="reporter_phone",
        )  # fmt: skip
        page = text(auditor.get("/admin/reads"))
    assert page.count(f'href="/admin/people/{clerk.account_id}/access/"') == 4
    assert f'href="/matters/{matter}">{number}' in page
    for words in ("上报人 · 电话", "照片或文件原件", "受理员", '<span class="code">party_terms</span>', "notices"):
        assert words in page, words
