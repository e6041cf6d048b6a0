"""Weights of scores over the API, as on the page: proposed and decided by two persons, harmless when sent twice."""

import pytest

from civicloop.figures.models import Weighting, WeightingDecision
from civicloop.places import selectors as places
from civicloop.records.models import AuditEntry
from tests.api.calls import Caller, done, refusal

pytestmark = pytest.mark.django_db
BODY = {"object": "area", "weights": {"on_time_handling_rate": 60, "rework_rate": 40}, "reason": "突出按期"}


def test_one_proposes_and_another_decides() -> None:
    supervisor, leader = Caller("supervisor"), Caller("leader")
    made = done(supervisor.post("/figures/weights", BODY), 201)
    assert done(supervisor.post("/figures/weights", BODY), 200)["no"] == made["no"]
    assert (made["weights"], made["yes"], made["proposed_role"]) == (BODY["weights"], None, "supervisor")
    assert made["area"] == "990101"
    decision = f"/figures/weights/{made['no']}/decision"
    refusal(supervisor.post(decision, {"yes": True}), 403, "own")
    approved = done(leader.post(decision, {"yes": True}), 201)
    assert done(leader.post(decision, {"yes": True}), 200) == approved
    assert approved["yes"] is True
    assert approved["valid_from"].endswith("-01")
    refusal(leader.post(decision, {"yes": False}), 409, "decided")
    assert done(leader.get("/figures/weights")) == [approved]
    assert Weighting.objects.get().area_id == places.by_code("990101").id
    assert WeightingDecision.objects.count() == 1
    written = list(AuditEntry.objects.filter(action__startswith="figures.weights").order_by("id"))
    assert [line.action for line in written] == ["figures.weights_propose", "figures.weights_approve"]
    again = done(supervisor.post("/figures/weights", BODY), 201)  # what was decided on may be proposed anew
    assert again["no"] != made["no"]


def test_what_cannot_be_proposed_or_decided_is_told() -> None:
    leader = Caller("leader")
    refusal(Caller("clerk").post("/figures/weights", BODY), 403, "forbidden")
    refusal(Caller().post("/figures/weights", BODY), 401, "unauthenticated")
    wrong = {
        "wrong_weights": {"weights": {"on_time_handling_rate": 60}}, "not_offered": {"object": "post"},
        "missing": {"reason": " "},
    }  # fmt: skip
    for code, values in wrong.items():
        refusal(leader.post("/figures/weights", BODY | values), 422, code)
    refusal(leader.post("/figures/weights", BODY | {"reason": "\x00"}), 422, "missing")
    refusal(leader.post("/figures/weights/99/decision", {"yes": True}), 404, "not_found")
    assert not Weighting.objects.exists()
