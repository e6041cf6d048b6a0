"""An account takes lists away, and sends files, only so often within an hour; the page says when it may go on."""

import ast
from pathlib import Path

import pytest

import civicloop
from civicloop.foundation import ids
from civicloop.matters import actions
from civicloop.matters.errors import Refused
from civicloop.people import selectors as people
from civicloop.records import actions as records
from civicloop.records import tries
from civicloop.records.models import AuditEntry
from tests import world
from tests.evidence import pictures
from tests.matters import loop
from tests.site.desks import signed_in

pytestmark = pytest.mark.django_db
# files that hold one thing, or no list of matters or lines: an original, a receipt, a certificate, own data, rules
OF_ONE = {
    "catalogue.rule_pages._file", "site.erasure_pages.certificate", "site.opening.original", "site.own_data.copy",
    "site.portal.status_receipt", "site.rule_editor._file",
}  # fmt: skip


def bound(code: str, value: int) -> None:
    records.set_setting(actor_id=1, post_id=1, actor_words="system", code=code, value=value)


def test_lists_are_taken_away_so_often_within_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    bound("exports.most_hour", 2)
    supervisor, other = signed_in("supervisor"), signed_in("leader")
    taken = [supervisor.get(each) for each in ("/matters/export.csv", "/figures/export.csv", "/matters/export.csv")]
    assert [answer.status_code for answer in taken] == [200, 200, 429]  # all lists together
    assert 0 < int(taken[2]["Retry-After"]) <= 3_601
    words = taken[2].content.decode()
    assert "2 次" in words
    assert "分钟后" in words
    assert AuditEntry.objects.filter(action="matters.export").count() == 1  # what was refused was not taken
    assert supervisor.get("/matters/").status_code == 200
    assert other.get("/matters/export.csv").status_code == 200
    later = tries.time.time() + 3_601
    monkeypatch.setattr(tries.time, "time", lambda: later)
    assert supervisor.get("/matters/export.csv").status_code == 200


def test_the_logs_are_lists_too() -> None:
    bound("exports.most_hour", 1)
    auditor = signed_in("audit")
    assert auditor.get("/admin/reads/export.csv").status_code == 200
    assert auditor.get("/admin/audit/export.csv").status_code == 429


def test_files_are_sent_so_often_within_an_hour() -> None:
    bound("uploads.most_hour", 1)
    matter = loop.report("channel")

    def send(user: str, *, token: bool = False) -> None:
        actor = people.actor_of_token(world.token(user)) if token else world.actor(user)
        assert actor is not None
        upload = pictures.encoded(pictures.drawn(64, 48, 1))
        actions.take_upload(
            actor, upload=upload, filename="a.jpg", stage="before", matter_id=matter, evidence_id=ids.uuid7()
        )

    send("clerk")
    with pytest.raises(Refused) as refused:
        send("clerk")
    assert (refused.value.code, refused.value.status) == ("too_often", 429)
    assert refused.value.extra["retry_after"] > 0
    send("grid")
    for _each in range(2):
        send("clerk", token=True)  # a program has a token that can be taken back


def test_every_page_that_hands_out_a_list_is_bounded() -> None:
    """Functions that answer with an attachment: each is bounded, but for those that hand out one thing."""
    left = set()
    for path in Path(civicloop.__file__).parent.rglob("*.py"):
        source = path.read_text()
        for each in ast.walk(ast.parse(source)) if "attachment;" in source else ():
            if not isinstance(each, ast.FunctionDef) or "attachment;" not in ast.unparse(each):
                continue
            if "taken_away" not in "".join(map(ast.unparse, each.decorator_list)):
                left.add(f"{path.parent.name}.{path.stem}.{each.name}")
    assert left == OF_ONE | {"records.pages._export"}  # records bounds the two pages that call it
