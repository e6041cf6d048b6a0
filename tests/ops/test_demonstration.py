"""The demonstration city: loaded from its files, replayed through the real actions, repeated without doubles."""

from datetime import timedelta

import pytest
from django.db.models import F, Sum

from civicloop.foundation import caches, clock
from civicloop.matters import proof, selectors
from civicloop.matters.models import ApprovalRequest, Clock, Entry, EntryText, Fact, Matter
from civicloop.ops.demo import cluster, components, orders, play, scenarios
from civicloop.ops.demo.cast import Cast
from civicloop.people import access, city_files
from civicloop.people.actions import PeopleError
from civicloop.people.models import Holding
from civicloop.procedures import selectors as procedures
from civicloop.site.demonstration import PASSWORD
from civicloop.supervision.models import Order, OrderStep
from tests import world
from tests.conftest import ROOT, size

CITY = ROOT / "cities" / "tianjin"


@pytest.fixture
def city(committing: str) -> None:
    """The real city's files in a database of its own: one district's worth of geometry is enough for the replay."""
    from civicloop.calendars import actions as calendars
    from civicloop.catalogue import actions as catalogue
    from civicloop.catalogue.models import FilingCondition, Kind, Responsibility
    from civicloop.people.models import Account, Delegation, Holding, Post, Unit
    from civicloop.places import actions as places
    from civicloop.places.models import Area, AreaVersion

    for model in (Delegation, Responsibility, FilingCondition, Holding, Post, Account, Unit, AreaVersion, Area):
        model.objects.all().delete()
    assert Kind.objects.exists()
    system = access.system("tests")
    with clock.at(world.START - timedelta(days=play.DAYS + 5)):
        places.load_city(folder=CITY)
        caches.forget_all()
        city_files.load_units(system, folder=CITY)
        city_files.load_people(system, folder=CITY, password=PASSWORD)
        assert city_files.load_delegations(system, folder=CITY) > 200  # for each subdistrict's grid centre
        assert city_files.load_delegations(system, folder=CITY) == 0
        calendars.load_shipped(actor_id=None, actor_words="tests")
        catalogue.load_city(system, city_dir=CITY)
        caches.forget_all()
        made = components.load(CITY, seed=7, number=1500)
        assert made is not None
        assert (made.added, made.faults) == (1500, [])
        again = components.load(CITY, seed=7, number=1500)
        assert again is not None
        assert again.unchanged == 1500
    caches.forget_all()


def replay(number: int, progress: play.Progress = lambda _done, _total: None) -> list[str]:
    return play.play(folder=CITY, number=number, seed=7, now=world.START, progress=progress)


def waiting_for_sign_ins() -> dict[str, int]:
    """How much waits for each of those who sign in to look and whose work is matters."""
    found = {}
    cast = Cast.read()
    actors = {actor.words: actor for actor in cast.by_unit.values()}
    for user in ("wangge", "shouli", "paiqian", "shoudan", "chuzhi", "hecha", "duban"):
        found[user] = len(selectors.matters(actors[user], selectors.Filters(desk=True)).rows)
    for user in ("fuzeren", "duban", "lingdao"):
        found[f"{user}: approvals"] = len(selectors.requests_for(actors[user]))
    return found


class PowerCut(Exception):
    pass


def power_cut(_done: int, _total: int) -> None:
    raise PowerCut


@pytest.mark.timeout(900)
def test_every_way_of_every_procedure_is_shown_and_repeating_changes_nothing(city: None) -> None:
    number = size(2 * len(scenarios.SCENARIOS) + play.FRESH, 1500)
    with pytest.raises(PowerCut):
        replay(number, power_cut)  # in the middle of it: some matters have ended, others have hardly begun
    assert 0 < Matter.objects.filter(ended_at=None).count() < number
    assert replay(number) == []
    assert Matter.objects.filter(parent_id=None).count() == number
    home = Holding.objects.get(account__username="shouli", until=None).post.area_id
    assert Matter.objects.filter(subdistrict_id=home).count() > number * 0.04
    with clock.at(world.START):
        assert {user: n for user, n in waiting_for_sign_ins().items() if not n} == {}
    pointing = Matter.objects.exclude(component=None)
    assert pointing.count() > number * 0.05
    owners = [(row.seats.get("answering"), row.component.owner_id) for row in pointing.select_related("component")]
    assert any(answering is not None and answering == owner for answering, owner in owners)
    codes = set(Matter.objects.values_list("procedure__code", flat=True))
    assert codes >= {"grid-event", "visit-problem", "delegated-service"}
    if number >= 1000:  # the first ones show every way, chance adds the rest
        shown = set(Entry.objects.values_list("matter__procedure__code", "step").distinct())
        for code in ("grid-event", "visit-problem", "delegated-service"):
            steps = procedures.in_force(code, world.START).procedure.steps
            assert {step for step in steps if (code, step) not in shown} == set(), code
    ends = set(Matter.objects.values_list("end", flat=True))
    assert ends >= {"", "solved", "explained", "forced"}
    _deadlines_are_shown()
    _what_follows_an_end_is_shown()
    assert [str(m) for m in Matter.objects.values_list("id", flat=True) if proof.verify(m)] == []
    assert orders.play(folder=CITY, seed=7, now=world.START) > 3
    _most_orders_are_answered()
    assert Order.objects.filter(state="written_off").exists()
    if number >= 1000:
        assert set(Order.objects.values_list("source", flat=True)) >= {"ladder", "inspection", "instruction"}
        assert set(Order.objects.values_list("state", flat=True)) >= {"open", "answered", "written_off"}
    for note in EntryText.objects.filter(field="note", value__contains="督办件"):
        entries = Entry.objects.filter(matter_id=note.matter_id, seq__lte=note.seq)
        assert entries.latest("seq").at == max(entries.values_list("at", flat=True))  # after all that was told before
    before = (Matter.objects.count(), Entry.objects.count(), OrderStep.objects.count())
    assert replay(number) == []
    orders.play(folder=CITY, seed=7, now=world.START)
    assert (Matter.objects.count(), Entry.objects.count(), OrderStep.objects.count()) == before


@pytest.mark.timeout(900)
def test_what_many_report_at_once_is_joined_by_the_desk_and_repeating_changes_nothing(city: None) -> None:
    joined = cluster.play(folder=CITY, seed=7, now=world.START)
    assert joined >= 40
    assert Matter.objects.exclude(lead_id=None).filter(lead_id=F("id")).count() == 2
    assert Matter.objects.exclude(lead_id=None).exclude(lead_id=F("id")).count() == joined
    assert [str(m) for m in Matter.objects.values_list("id", flat=True) if proof.verify(m)] == []
    before = (Matter.objects.count(), Entry.objects.count())
    assert cluster.play(folder=CITY, seed=7, now=world.START) == joined
    assert (Matter.objects.count(), Entry.objects.count()) == before


def _what_follows_an_end_is_shown() -> None:
    """Ratings and reopenings of visits' problems, an authorisation taken back, a matter that the ladder took back."""
    done = set(Entry.objects.values_list("matter__procedure__code", "action").distinct())
    assert done >= {("visit-problem", "rate"), ("visit-problem", "reopen"), ("delegated-service", "revoke")}
    assert Entry.objects.filter(action="reassign", account_id=None).exists()


def _most_orders_are_answered() -> None:
    """What the ladder opened a week ago and more is answered or over, but for a few; few units are summoned."""
    old = Order.objects.filter(source="ladder", opened_at__lt=world.START - timedelta(days=7))
    left = old.filter(state__in=["open", "sent_back"]).count()
    assert left <= old.count() * 0.2 + 1, (left, old.count())
    assert Order.objects.filter(level="summons").count() <= Order.objects.count() * 0.2 + 1


def _deadlines_are_shown() -> None:
    """Marks, extensions granted and refused, matters on the list, appeals that exempt, kinds that were changed."""
    assert set(Entry.objects.filter(action="mark").values_list("result", flat=True)) >= {"half", "near", "due", "over1"}
    asked = ApprovalRequest.objects.exclude(state="open").values_list("action", "state")
    assert set(asked) >= {
        ("request_extension", "approved"), ("request_extension", "refused"), ("suspend", "approved"),
        ("appeal_overdue", "approved"), ("change_kind", "approved"),
    }  # fmt: skip
    granted = ApprovalRequest.objects.filter(action="appeal_overdue", state="approved").count()
    assert Clock.objects.filter(exempt=True).count() == granted
    assert Matter.objects.filter(end="").exclude(hold_until=None).exists()
    assert Clock.objects.exclude(first_limit="").exists()
    assert Entry.objects.filter(action="reassign").exists()
    late = Fact.objects.filter(name="clock", detail="handle:late").aggregate(total=Sum("delta"))["total"]
    on_time = Fact.objects.filter(name="clock", detail="handle:on_time").aggregate(total=Sum("delta"))["total"]
    assert 0 < late < on_time  # most is done in time


@pytest.mark.django_db
def test_a_faulty_rule_is_named(tmp_path) -> None:
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "units.toml").write_text(
        '[[unit]]\nlevel = "moon"\ncode = "x"\nkind = "department"\nname = "x"\n'
    )
    with pytest.raises(PeopleError, match="rule 1"):
        city_files.load_units(access.system("tests"), folder=tmp_path)
    with pytest.raises(PeopleError, match=r"posts\.toml"):
        city_files.load_people(access.system("tests"), folder=tmp_path)
