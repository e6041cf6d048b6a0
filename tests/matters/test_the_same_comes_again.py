"""复发: the same kind again at the place of a solved matter within 30 days, told once by the solved matter."""

from datetime import timedelta
from uuid import UUID

import pytest

from civicloop.figures import folding, ledger, reading
from civicloop.foundation import clock, ids
from civicloop.matters import actions, counting, watching
from civicloop.matters.actions import Act
from civicloop.matters.errors import Refused
from civicloop.matters.models import Entry, Fact, Matter
from civicloop.records import days
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
LON, LAT = world.SPOT
NEAR, FAR = (LON + 0.0002, LAT), (LON + 0.002, LAT)  # some 20 and 180 metres away
OVER = world.START + counting.WATCHED + timedelta(hours=1)


def solved(at: timedelta = timedelta(0), **values) -> UUID:  # type: ignore[no-untyped-def]
    with clock.at(world.START + at):
        matter = loop.report(**({"kind": "01001"} | values))
        loop.to_close(matter)
    return matter


def again(after: timedelta, **values) -> UUID:  # type: ignore[no-untyped-def]
    with clock.at(world.START + after):
        return loop.report(**({"kind": "01001", "point": NEAR} | values))


def told(matter: UUID) -> int:
    return Entry.objects.filter(matter_id=matter, action="recur").count()


def look() -> int:
    with clock.at(OVER):
        return watching.look()


def counted(measure: str) -> int:
    """What the city counts of a measure in the months around the moment at which the watching is over."""
    with clock.at(OVER):
        month = days.day_of(OVER).replace(day=1)
        rows = reading.read("city", scope=0, since=month, until=month + timedelta(days=31), measures=[measure])
        return sum(each.n.get(measure, 0) for each in rows.values())


def test_what_comes_again_is_told_when_the_days_are_over_and_counted_with_the_unit_that_handled_it() -> None:
    matter = solved()
    newer = again(timedelta(days=12))
    with clock.at(world.START + timedelta(days=29)):
        assert watching.look() == 0  # not over yet
    assert look() == 1
    assert look() == 0  # once
    entry = Entry.objects.get(matter_id=matter, action="recur")
    assert str(newer) in bytes(entry.body).decode()
    fact = Fact.objects.get(matter_id=matter, name="recurred")
    end = Matter.objects.get(id=matter).ended_at
    assert end is not None
    assert (fact.at, fact.unit_id, fact.delta) == (end + counting.WATCHED, world.unit("s1-office"), 1)
    assert (counted("watched"), counted("recurred")) == (1, 1)
    with clock.at(OVER):
        folding.round()
        assert (counted("watched"), counted("recurred")) == (1, 1)
        report = ledger.check()
    assert report.ok, report.differences


@pytest.mark.parametrize(
    "values", [{"point": FAR}, {"kind": "06010"}, {"kind": ""}, {"days": 31}], ids=["far", "other", "none", "late"]
)
def test_what_is_elsewhere_or_other_or_late_is_no_recurrence(values: dict[str, object]) -> None:
    matter = solved()
    again(timedelta(days=int(str(values.pop("days", 5)))), **values)
    with clock.at(OVER + timedelta(days=5)):
        assert watching.look() == 0
    assert (told(matter), counted("recurred")) == (0, 0)


def test_what_was_refused_is_no_recurrence() -> None:
    matter, newer = solved(), again(timedelta(days=3))
    with clock.at(world.START + timedelta(days=3)):
        loop.act("clerk", newer, "void", void_reason="test_entry")
    assert look() == 0
    assert told(matter) == 0


def test_a_complaint_about_a_unit_is_not_named_in_the_timeline_of_its_work() -> None:
    matter = solved()
    again(timedelta(days=3), complained_of=(world.unit("s1-office"),))
    assert (look(), told(matter), counted("recurred")) == (0, 0, 0)


def test_in_a_crowd_the_first_ones_since_the_end_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST", 1)  # the solved one itself
    matter, other = solved(), again(timedelta(days=2), kind="06010")
    newer = again(timedelta(days=3))
    assert look() == 1
    body = bytes(Entry.objects.get(matter_id=matter, action="recur").body).decode()
    assert (str(newer) in body, str(other) in body) == (True, False)


def test_a_matter_that_is_opened_again_has_come_again() -> None:
    matter = solved()
    with clock.at(world.START + timedelta(days=8)):
        loop.act("supervisor", matter, "reopen", reason="复查发现井盖又松动")
        assert counted("watched") == 0  # it is open: how it comes out is not known
        loop.act("clerk", matter, "dispatch")
        loop.act("receiver", matter, "accept")
        loop.act("receiver", matter, "assign", worker="worker")
        loop.to_check(matter)
        loop.photo(matter, "other")
        loop.act("checker", matter, "post_check", "pass")
        loop.act("clerk", matter, "close")
    names = [name for name, _detail, _at, _unit, _kind in counting.cells(Matter.objects.get(id=matter).standing)]
    assert ("watched" in names, "recurred" in names) == (True, True)
    with clock.at(OVER + timedelta(days=9)):
        assert watching.look() == 0  # it has told so already
        assert ledger.check().ok


def test_many_that_ended_at_one_moment_are_all_looked_at() -> None:
    matters = [solved() for _each in range(3)]
    again(timedelta(days=2))
    with clock.at(OVER):
        assert watching.look(batch=2) == 3
    assert [told(matter) for matter in matters] == [1, 1, 1]


def test_nobody_but_the_platform_says_it() -> None:
    matter = solved()
    newer = again(timedelta(days=2))
    for user in ("clerk", "supervisor", "checker"):
        wanted = Act(matter, "recur", ids.uuid7(), data={"again": str(newer), "metres": 50})
        with pytest.raises(Refused) as refused:
            actions.act(world.actor(user), wanted)
        assert refused.value.code == "forbidden"
