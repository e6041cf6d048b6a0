"""批量: chosen, looked at, done, gone on with, taken back; what is refused stays and says why."""

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import translation

from civicloop.deskwork import batches
from civicloop.deskwork.models import Batch, BatchItem
from civicloop.foundation import clock, ids
from civicloop.matters import selectors
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry, EntryText, Matter
from civicloop.records.models import AuditEntry
from tests import world
from tests.matters import loop
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    with clock.at(world.START), translation.override("zh-hans"):
        yield


def filed(number: int = 3) -> list[UUID]:
    matters = [loop.report(kind="01001", title=f"井盖缺失{n}") for n in range(number)]
    for matter in matters:
        loop.act("clerk", matter, "file", condition=loop.condition())
    return matters


def versions(matters: list[UUID]) -> list[tuple[UUID, int]]:
    rows = Matter.objects.in_bulk(matters)
    return [(matter, rows[matter].step_version) for matter in matters]


def hidden(page: str, form: str) -> dict[str, list[str]]:
    """The hidden fields of the form with this address."""
    part = page.split(f'action="{form}"')[-1].split("</form>")[0]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', part):
        found.setdefault(name, []).append(value)
    return found


def test_looking_writes_nothing_and_says_what_would_happen_to_which() -> None:
    matters = filed()
    loop.act("clerk", matters[2], "dispatch")
    before = Entry.objects.count()
    clerk = world.actor("clerk")
    lines = batches.look(clerk, batches.readings(clerk, matters), "dispatch", None, {})
    assert [bool(line.foreseen) for line in lines] == [True, True, False]
    assert lines[0].foreseen is not None
    assert (lines[0].foreseen.step, lines[0].foreseen.unit_id) == ("dispatched", world.unit("s1-office"))
    assert "步骤" in lines[2].why or "环节" in lines[2].why
    assert Entry.objects.count() == before


def test_a_batch_does_each_matter_once_however_often_it_is_sent() -> None:
    matters = filed()
    clerk, batch_id = world.actor("clerk"), ids.uuid7()
    for _ in range(2):
        batch = batches.begin(clerk, batch_id=batch_id, action="dispatch", data={}, items=versions(matters))
        batches.go_on(clerk, batch.id)
    assert {loop.step(matter) for matter in matters} == {"dispatched"}
    assert Entry.objects.filter(matter_id__in=matters, action="dispatch").count() == 3
    acts = {e.act_id for e in Entry.objects.filter(matter_id__in=matters, action="dispatch")}
    assert acts == {batches.act_id(batch_id, matter) for matter in matters}
    assert AuditEntry.objects.filter(action__in=["batch.begin", "batch.end"], object=str(batch_id)).count() == 2
    with pytest.raises(Refused):
        batches.begin(world.actor("s2-clerk"), batch_id=batch_id, action="dispatch", data={}, items=versions(matters))
    with pytest.raises(Refused):
        batches.go_on(world.actor("s2-clerk"), batch_id)


def test_a_batch_that_was_cut_off_goes_on_where_it_stood() -> None:
    matters = filed(5)
    clerk = world.actor("clerk")
    batch = batches.begin(clerk, batch_id=ids.uuid7(), action="dispatch", data={}, items=versions(matters))
    batches.go_on(clerk, batch.id, portion=2)
    assert batches.counts(batch) == {"waiting": 3, "done": 2, "asked": 0, "refused": 0}
    # killed between an act and its line: the act is done, the line still waits
    BatchItem.objects.filter(batch=batch, no=1).update(state="waiting", version_after=None)
    while Batch.objects.get(id=batch.id).ended_at is None:
        batches.go_on(clerk, batch.id, portion=2)
    assert batches.counts(batch) == {"waiting": 0, "done": 5, "asked": 0, "refused": 0}
    assert Entry.objects.filter(matter_id__in=matters, action="dispatch").count() == 5


def test_what_has_moved_on_since_it_was_looked_at_is_refused_and_the_rest_is_done() -> None:
    matters = filed()
    looked = versions(matters)
    loop.act("clerk", matters[0], "escalate", up_reason="no_authority", note="无权限")
    clerk = world.actor("clerk")
    batch = batches.begin(clerk, batch_id=ids.uuid7(), action="dispatch", data={}, items=looked)
    batches.go_on(clerk, batch.id)
    assert batches.counts(batch)["refused"] == 1
    item = batch.items.get(matter_id=matters[0])
    assert item.code == "stale"
    assert item.words
    assert [loop.step(matter) for matter in matters] == ["filed", "dispatched", "dispatched"]


def test_taking_a_batch_back_is_a_batch_of_its_own_and_refuses_what_was_accepted() -> None:
    matters = filed()
    clerk = world.actor("clerk")
    batch = batches.begin(clerk, batch_id=ids.uuid7(), action="dispatch", data={}, items=versions(matters))
    batches.go_on(clerk, batch.id)
    loop.act("receiver", matters[0], "accept")
    way = batches.undoing(clerk, batch)
    assert way is not None
    assert (way.action, way.while_at) == ("recall_dispatch", "dispatched")
    undo = batches.begin(
        clerk, batch_id=ids.uuid7(), action=way.action, data={"reason": "派错"}, items=way.items, undoes=batch.id
    )
    batches.go_on(clerk, undo.id)
    assert [loop.step(matter) for matter in matters] == ["accepted", "filed", "filed"]
    assert batches.counts(undo) == {"waiting": 0, "done": 2, "asked": 0, "refused": 1}
    assert Entry.objects.filter(matter_id=matters[1], action="dispatch").exists()  # nothing is struck out
    assert undo.undoes_id == batch.id


def test_placeholders_are_filled_for_each_matter_and_the_words_are_not_kept_twice() -> None:
    matters = filed(2)
    clerk = world.actor("clerk")
    data = {"up_reason": "no_authority", "note": "{number} {title} {nothing}"}
    batch = batches.begin(clerk, batch_id=ids.uuid7(), action="escalate", data=data, items=versions(matters))
    batches.go_on(clerk, batch.id)
    numbers = {row.id: row.number for row in Matter.objects.filter(id__in=matters)}
    notes = dict(EntryText.objects.filter(matter_id__in=matters, field="note").values_list("matter_id", "value"))
    assert notes == {m: f"{numbers[m]} 井盖缺失{n} {{nothing}}" for n, m in enumerate(matters)}
    assert Batch.objects.get(id=batch.id).data == {}


def test_a_batch_left_for_a_day_is_over_when_its_owner_begins_another() -> None:
    matters = filed(2)
    clerk = world.actor("clerk")
    left = batches.begin(clerk, batch_id=ids.uuid7(), action="dispatch", data={}, items=versions(matters[:1]))
    with clock.at(world.START + timedelta(days=2)):
        batches.begin(clerk, batch_id=ids.uuid7(), action="dispatch", data={}, items=versions(matters[1:]))
    assert Batch.objects.get(id=left.id).ended_at is not None
    assert batches.counts(left)["refused"] == 1
    assert loop.step(matters[0]) == "filed"


def test_no_batch_takes_nothing_or_more_than_its_bound() -> None:
    clerk = world.actor("clerk")
    for items in ([], [(ids.uuid7(), 1) for _ in range(batches.MOST + 1)]):
        with pytest.raises(Refused) as refused:
            batches.begin(clerk, batch_id=ids.uuid7(), action="dispatch", data={}, items=items)
        assert refused.value.status == 422


def test_on_the_pages_a_dispatcher_selects_looks_dispatches_and_takes_back() -> None:
    matters = filed()
    client = signed_in("clerk")
    page = text(client.get("/matters/?desk=1&order=due&view=0"))
    assert page.count('name="matter"') == 3
    page = text(client.post("/bulk/look", {"matter": [str(matter) for matter in matters]}))
    assert 'value="dispatch|"' in page
    page = text(client.post("/bulk/look", {"matter": [str(matter) for matter in matters], "act": "dispatch|"}))
    assert "可办 3 件" in page
    assert "还没有办理任何一件" in page
    assert "东风街道办事处" in page
    assert "仍处于“待接收”" in page  # how long it can be taken back is told before it is done
    values = hidden(page, "/bulk/begin")
    for _ in range(2):
        answer = client.post("/bulk/begin", values)
        assert answer.status_code == 302
    page = text(client.get(answer["Location"]))
    assert "3 / 3" in page
    assert {loop.step(matter) for matter in matters} == {"dispatched"}
    undo = hidden(page, "/bulk/look")
    page = text(client.post("/bulk/look", undo))
    assert 'name="reason"' in page
    looked = client.post("/bulk/look", undo | {"act": "recall_dispatch|", "do": "look", "reason": ""})
    assert looked.status_code == 422
    page = text(client.post("/bulk/look", undo | {"act": "recall_dispatch|", "do": "look", "reason": "派错单位"}))
    answer = client.post("/bulk/begin", hidden(page, "/bulk/begin"))
    assert {loop.step(matter) for matter in matters} == {"filed"}
    assert "撤回派遣" in text(client.get(answer["Location"]))
    assert signed_in("s2-clerk").get(answer["Location"]).status_code == 404
    assert "撤回派遣" in text(client.get("/bulk/"))


def test_all_of_the_list_takes_the_filters_of_the_list() -> None:
    matters = filed()
    client = signed_in("clerk")
    page = text(client.post("/bulk/look", {"all": "1", "query": "desk=1", "act": "dispatch|"}))
    assert "已选 3 件" in page
    page = text(client.post("/bulk/look", {"all": "1", "query": f"text={Matter.objects.get(id=matters[0]).number}"}))
    assert "已选 1 件" in page
    assert client.post("/bulk/look", {"all": "1", "query": "step=no_such"}).status_code == 302
    assert client.post("/bulk/look", {"matter": ["nonsense"]}).status_code == 302


def test_matters_of_another_area_cannot_be_chosen() -> None:
    matters = filed(1)
    answer = signed_in("s2-clerk").post("/bulk/look", {"matter": [str(matters[0])], "act": "dispatch|"})
    assert "井盖" not in text(answer)
    with pytest.raises(Refused):
        selectors.seen_by(world.actor("s2-clerk"), matters[0])


def test_a_returned_form_that_is_no_longer_possible_does_nothing() -> None:
    matters = filed(1)
    client = signed_in("clerk")
    page = text(client.post("/bulk/look", {"matter": [str(matters[0])], "act": "dispatch|"}))
    values = hidden(page, "/bulk/begin")
    loop.act("clerk", matters[0], "escalate", up_reason="no_authority", note="无权限")
    assert client.post("/bulk/begin", values).status_code == 409
    assert not Batch.objects.exists()
    assert client.post(f"/bulk/{ids.uuid7()}/go").status_code == 404
    assert client.post("/bulk/look", {"undo": str(ids.uuid7())}).status_code == 404
