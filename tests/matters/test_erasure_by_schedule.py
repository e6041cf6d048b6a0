"""What has come to the end of its period is destroyed by an approved list, provably; what else is gone is found."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import ProgrammingError, connection, transaction
from psycopg.errors import InsufficientPrivilege

from civicloop.evidence.models import Evidence
from civicloop.foundation import clock, hot
from civicloop.matters import erasure, proof, selectors, sql
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry, EntryText, ErasureItem, ErasureList, Matter
from civicloop.receipts.proof import verify_matter
from civicloop.records.models import AuditEntry, SealedValue
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
LATER = world.START + timedelta(days=366 * 11)
A_YEAR_ON = world.START + timedelta(days=400)


def ended(**values: Any) -> UUID:
    """A matter that was reported with a name and a phone, and declined."""
    with clock.at(world.START):
        matter = loop.report(reporter={"name": "王小明", "phone": "13812345678"}, **values)
        loop.photo(matter, "before")
        loop.act("clerk", matter, "decline", not_filed_reason="not_found", reason="不属于受理范围")
    return matter


def approved(rule: str, at: Any = LATER) -> ErasureList:
    with clock.at(at):
        made = erasure.propose(world.actor("security"), rule=rule)
        return erasure.decide(world.actor("audit"), list_id=made.id, yes=True, reason="")


def test_texts_and_photos_go_and_the_chain_stays_provable() -> None:
    matter, other = ended(), loop.report()
    made = approved("texts")
    with clock.at(LATER):
        assert erasure.carry_out() == 1
        assert erasure.carry_out() == 0
    assert not EntryText.objects.filter(matter_id=matter).exists()
    assert not SealedValue.objects.filter(matter_id=matter).exists()
    assert not Evidence.objects.filter(matter_id=matter).exists()
    row = Matter.objects.get(id=matter)
    assert (row.title, row.text, row.address, row.lon) == (row.number, "", "", None)
    assert EntryText.objects.filter(matter_id=other).exists()
    item = ErasureItem.objects.get(list=made)
    assert (item.state, item.sealed, item.files) == ("done", 2, 1)
    assert item.texts > 2
    assert ErasureList.objects.get(id=made.id).state == "done"
    assert proof.verify(matter) == []
    report = verify_matter(matter)
    assert report.findings == []
    assert {(each.seq, each.field) for _id, each in report.erased} >= {(1, "title"), (1, "text")}
    assert {each.list for _id, each in report.erased} == {str(made.id)}
    newest = selectors.timeline(matter)[-1]
    assert (newest.action, newest.result, newest.role) == ("erase", str(made.id), "system")
    assert not any(bytes(each.fingerprint) for each in Entry.objects.filter(matter_id=matter, seq__lt=newest.seq))


def test_contact_data_go_first_and_the_texts_stay() -> None:
    matter = ended()
    approved("contacts", A_YEAR_ON)
    with clock.at(A_YEAR_ON):
        erasure.carry_out()
    assert not SealedValue.objects.filter(matter_id=matter).exists()
    assert EntryText.objects.filter(matter_id=matter, field="title").exists()
    assert proof.verify(matter) == []


def test_a_list_needs_two_persons_and_a_reason_to_refuse() -> None:
    ended()
    with clock.at(LATER):
        made = erasure.propose(world.actor("security"), rule="texts")
        for who, yes, reason, code in (
            ("security", True, "", "forbidden"), ("clerk", True, "", "forbidden"), ("audit", False, " ", "missing"),
        ):  # fmt: skip
            with pytest.raises(Refused) as refused:
                erasure.decide(world.actor(who), list_id=made.id, yes=yes, reason=reason)
            assert code in str(vars(refused.value))
        assert erasure.carry_out() == 0
        erasure.decide(world.actor("audit"), list_id=made.id, yes=False, reason="仍在审计")
        with pytest.raises(Refused) as again:
            erasure.decide(world.actor("audit"), list_id=made.id, yes=True, reason="")
        assert again.value.code == "decided_already"
        assert erasure.carry_out() == 0
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"erasure.propose", "erasure.decide"}


def test_what_goes_on_or_is_held_stays() -> None:
    held, reopened = ended(), ended()
    made = approved("texts")
    with clock.at(LATER):
        erasure.hold(world.actor("audit"), matter_id=held, reason="诉讼中")
        Matter.objects.filter(id=reopened).update(end="", ended_at=None)
        erasure.carry_out()
        assert set(made.items.values_list("why", flat=True)) == {"held", "goes_on"}
        assert EntryText.objects.filter(matter_id=held).exists()
        with pytest.raises(Refused) as nothing:
            erasure.propose(world.actor("security"), rule="texts")
        assert nothing.value.code == "nothing_due"
        erasure.release(world.actor("audit"), matter_id=held)
        assert erasure.propose(world.actor("security"), rule="texts").items.count() == 1


def test_before_its_period_is_over_nothing_is_proposed() -> None:
    ended()
    with clock.at(world.START + timedelta(days=300)), pytest.raises(Refused):
        erasure.propose(world.actor("security"), rule="contacts")


def test_the_application_may_not_destroy_by_itself() -> None:
    matter = ended()
    for statement in (
        "DELETE FROM matters_entrytext WHERE matter_id = %s",
        "UPDATE matters_entrytext SET value = '' WHERE matter_id = %s",
        "DELETE FROM records_sealedvalue WHERE matter_id = %s", "DELETE FROM evidence_evidence WHERE matter_id = %s",
        "UPDATE matters_entry SET fingerprint = '' WHERE matter_id = %s",
    ):  # fmt: skip
        with refused_by_the_database(), connection.cursor() as cursor:
            cursor.execute(statement, [matter])
    with refused_by_the_database():
        hot.one(sql.ERASE, {"list": 1, "id": matter})  # no list
    made = approved("texts")
    with refused_by_the_database():
        hot.one(sql.ERASE, {"list": made.id, "id": matter})  # the timeline says nothing of it


@contextmanager
def refused_by_the_database() -> Iterator[None]:
    with pytest.raises(ProgrammingError) as refused, transaction.atomic():
        yield
    assert isinstance(refused.value.__cause__, InsufficientPrivilege)


def test_nobody_acts_so_by_hand() -> None:
    matter = ended()
    with pytest.raises(Refused):
        loop.act("audit", matter, "erase")


def test_two_persons_hold_also_in_the_database() -> None:
    ended()
    with clock.at(LATER):
        made = erasure.propose(world.actor("security"), rule="texts")
    with pytest.raises(Exception, match="erasure_by_two"), transaction.atomic():
        ErasureList.objects.filter(id=made.id).update(decided_by=made.proposed_by)


def test_a_list_that_was_changed_afterwards_is_found() -> None:
    matter = ended()
    made = approved("texts")
    with clock.at(LATER):
        erasure.carry_out()
    assert verify_matter(matter).findings == []
    # the list is made to name another matter: what it says does not fit its digest any more
    ErasureItem.objects.filter(list=made).update(matter_id=UUID(int=7))
    assert [each.code for each in verify_matter(matter).findings] == ["erased_without_list"]
