"""Scores by sealed weights: two persons decide, from the next month on, and what is sealed for a month stays."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client

from civicloop.figures import baselines, definitions, rules, scoring, selectors, weighing
from civicloop.figures.models import Baseline, Weighting
from civicloop.foundation import clock
from civicloop.matters.errors import Refused
from civicloop.people.models import Account
from civicloop.places import selectors as places
from civicloop.records.models import AuditEntry
from tests import world
from tests.figures import months
from tests.matters import loop

OTHER = {"on_time_handling_rate": 60, "rework_rate": 40}
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)


def score(values: dict[str, tuple[int, int]], weights: dict[str, int], *, listed: bool = True) -> scoring.Score:
    chosen = rules.read(rules.shipped())
    measured = {"on_time_handling_rate": "done:handle:on_time", "rework_rate": "rework"}
    told = {
        code: rules.value_of(chosen.indicators[code], {measured[code]: of, "due:handle": per})
        for code, (of, per) in values.items()
    }
    return scoring.score(told, weights, chosen, scoring.shipped()["grades"], listed=listed)


def test_a_score_is_what_its_rates_bring_and_nothing_where_one_says_too_little() -> None:
    found = score({"on_time_handling_rate": (90, 100), "rework_rate": (5, 100)}, OTHER)
    assert (found.total, found.grade) == (round(60 * 0.9 + 40 * 0.95, 1), "excellent")
    assert [each.points for each in found.parts] == [54.0, 38.0]
    assert score({"on_time_handling_rate": (10, 100), "rework_rate": (50, 100)}, OTHER).grade == scoring.LOWEST
    few = score({"on_time_handling_rate": (9, 10), "rework_rate": (5, 100)}, OTHER)
    assert (few.total, few.grade) == (None, "")
    assert score({"on_time_handling_rate": (90, 100), "rework_rate": (5, 100)}, OTHER, listed=False).total is None


def test_weights_make_a_hundred_of_rates_that_say_what_is_better() -> None:
    known = rules.read(rules.shipped()).indicators
    for each in scoring.OBJECTS:
        scoring.check(scoring.shipped()[each], known)
    for wrong in (
        {"rework_rate": 99},
        {"rework_rate": 150, "handling_rate": -50},
        {"filing_rate": 100},
        {"reported": 100},
    ):
        with pytest.raises(scoring.WrongWeights):
            scoring.check(wrong, known)


@pytest.mark.django_db
def test_two_persons_change_weights_from_the_next_month_on_and_a_sealed_month_stays() -> None:
    supervisor, leader = world.actor("supervisor"), world.actor("leader")
    with clock.at(world.START):
        baselines.seal_due()
        row = weighing.propose(supervisor, object="area", weights=OTHER, reason="突出按期")
        with pytest.raises(Refused) as own:
            weighing.decide(supervisor, row.pk, yes=True)
        assert own.value.code == "own"
        assert weighing.in_force(APRIL) == weighing.in_force(MARCH)  # nobody has decided
        weighing.decide(leader, row.pk, yes=True)
        with pytest.raises(Refused) as again:
            weighing.decide(leader, row.pk, yes=False)
        assert again.value.code == "decided"
        declined = weighing.propose(leader, object="unit", weights=OTHER, reason="试行")
        weighing.decide(supervisor, declined.pk, yes=False)
    with clock.at(world.START + timedelta(days=30)):
        baselines.seal_due()
        cuts = [selectors.cut_for(leader, by="area", area="", period=each) for each in ("2026-03", "2026-04")]
        march, april = (weighing.scores(leader, cut) for cut in cuts)
        assert march is not None
        assert april is not None
        assert march.weights == scoring.shipped()["area"]
        assert april.weights == OTHER
        assert weighing.scores(leader, selectors.cut_for(leader, by="area", area="", period="2026-02")) is None
        other = world.actor("audit")  # another district is measured as the city is
        elsewhere = weighing.scores(other, selectors.cut_for(other, by="area", area="990102", period="2026-04"))
        assert elsewhere is not None
        assert elsewhere.weights == scoring.shipped()["area"]
        assert weighing.in_force(APRIL)["0"]["unit"] == scoring.shipped()["unit"]
    assert Baseline.objects.get(month=APRIL).content["weights"][str(places.by_code("990101").id)]["area"] == OTHER
    written = AuditEntry.objects.filter(action__startswith="figures.weights").values_list("action", flat=True)
    assert sorted(written) == [
        "figures.weights_approve", "figures.weights_decline", "figures.weights_propose", "figures.weights_propose",
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("user", "object", "weights", "reason", "code"),
    [
        ("clerk", "area", OTHER, "理由", "forbidden"), ("head", "area", OTHER, "理由", "forbidden"),
        ("leader", "post", OTHER, "理由", "not_offered"), ("leader", "area", OTHER, " ", "missing"),
        ("leader", "area", {"rework_rate": 50}, "理由", "wrong_weights"),
        ("leader", "area", {"nothing": 100}, "理由", "wrong_weights"),
    ],
)  # fmt: skip
def test_what_cannot_be_proposed(user: str, object: str, weights: dict[str, int], reason: str, code: str) -> None:
    with pytest.raises(Refused) as found:
        weighing.propose(world.actor(user), object=object, weights=weights, reason=reason)
    assert found.value.code == code
    assert not Weighting.objects.exists()


@pytest.mark.django_db
def test_nobody_decides_for_another_district() -> None:
    row = weighing.propose(world.actor("supervisor"), object="area", weights=OTHER, reason="突出按期")
    other = replace(world.actor("leader"), area_id=places.by_code("990102").id)
    with pytest.raises(Refused) as found:
        weighing.decide(other, row.pk, yes=True)
    assert found.value.code == "not_found"


@pytest.mark.django_db
def test_a_score_is_made_of_the_sealed_formulas_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What ships with a later version of the product changes no score of a month that was sealed before."""
    with clock.at(world.START):
        baselines.seal_due()
        for _each in range(30):
            loop.report(kind="01001")
        for matter in [loop.report(kind="01001") for _each in range(2)]:
            loop.to_handling(matter)
    actor = world.actor("audit")
    with clock.at(world.START + timedelta(days=20)):
        cut = selectors.cut_for(actor, by="unit", area="", period="2026-03")
        before = weighing.scores(actor, cut)
        changed = rules.shipped()
        changed["indicator"]["handling_rate"] |= {"of": ["extended"], "small": 1}
        monkeypatch.setattr(rules, "shipped", lambda: changed)
        definitions.forget()
        assert weighing.scores(actor, cut) == before
        assert before is not None
        assert {each.indicator.code: each.weight for each in before.rows[0][3].parts} == scoring.shipped()["unit"]
        assert all(row[3].total is None for row in before.rows)  # two are too few
    definitions.forget()


@pytest.mark.django_db
def test_the_page_shows_the_list_and_one_proposes_and_another_decides() -> None:
    months.live(3)
    supervisor, leader = Client(), Client()
    supervisor.force_login(Account.objects.get(username="supervisor"))
    leader.force_login(Account.objects.get(username="leader"))
    with clock.at(months.NOW):
        assert "figure-said" in leader.get("/figures/scores").content.decode()  # nothing is sealed yet
        baselines.seal_due()
        wrong = supervisor.post("/figures/weights", {"object": "area", "reason": "突出按期", "w_rework_rate": "60"})
        assert wrong.status_code == 200
        assert not Weighting.objects.exists()
        asked = {"object": "area", "reason": "突出按期", "w_rework_rate": "40", "w_on_time_handling_rate": "60"}
        assert supervisor.post("/figures/weights", asked).status_code == 302
        number = Weighting.objects.get().pk
        assert f"/figures/weights/{number}/decide" not in supervisor.get("/figures/scores").content.decode()
        page = leader.get("/figures/scores").content.decode()
        assert f"/figures/weights/{number}/decide" in page
        assert "990101001" in page
        assert leader.post(f"/figures/weights/{number}/decide", {"answer": "yes"}).status_code == 302
        assert "2026-05-01" in leader.get("/figures/scores").content.decode()
        assert leader.get("/figures/scores", {"by": "channel"}).status_code == 400
        assert leader.get("/figures/scores", {"area": "990102"}).status_code == 404


def test_proposals_and_decisions_never_change(committing: str) -> None:
    with clock.at(world.START):
        row = weighing.propose(world.actor("supervisor"), object="area", weights=OTHER, reason="突出按期")
        weighing.decide(world.actor("leader"), row.pk, yes=True)
    for statement in (
        "UPDATE figures_weighting SET weights = '{}'", "UPDATE figures_weightingdecision SET yes = false",
        "DELETE FROM figures_weightingdecision", "UPDATE figures_baseline SET content = '{}'",
    ):  # fmt: skip
        with pytest.raises(Exception, match="permission denied"), connection.cursor() as cursor:
            cursor.execute(statement)
