"""Orders over HTTP: the same rules, problems with codes, ids that make sending twice harmless, If-Match."""

import pytest

from civicloop.foundation import ids
from tests import world
from tests.api.calls import Caller, done, refusal
from tests.api.conftest import monday  # noqa: F401 - the fixture by which the clock stands at world.START
from tests.api.test_statements_per_request import statements
from tests.supervision.orders import opened

pytestmark = pytest.mark.django_db


def act() -> str:
    return str(ids.uuid7(world.START))


def body(**values: object) -> dict[str, object]:
    return {
        "act_id": act(), "source": "inspection", "unit": "s1-office", "title": "井盖专项督查", "text": "限期补齐。",
        "demands": [{"kind": "text", "why": "说明原因"}],
    } | values  # fmt: skip


def test_the_life_of_an_order_over_http() -> None:
    supervisor, receiver = Caller("supervisor"), Caller("receiver")
    matter = done(Caller().report(), 201)["id"]
    sent = body(matters=[matter], demands=[{"kind": "text", "why": "说明原因"}, {"kind": "closed", "why": "核查结案"}])
    made = done(supervisor.post("/orders", sent), 201)
    assert done(supervisor.post("/orders", sent), 200)["id"] == made["id"] == sent["act_id"]
    assert (made["level"], made["state"], made["matters"]) == ("ordinary", "open", [matter])
    assert [each["met"] for each in made["demands"]] == ["", ""]
    assert made["intervals"][-1]["end"] == made["due_at"]
    assert [each["id"] for each in done(receiver.get("/orders", mine="true"))["items"]] == [made["id"]]
    path = f"/orders/{made['id']}"
    answering = {"act_id": act(), "text": "已派人。", "said": {"1": "配件缺货", "2": "正在核查"}}
    answered = done(receiver.post(f"{path}/answer", answering, **{"If-Match": '"1"'}), 201)
    assert done(receiver.post(f"{path}/answer", answering), 200)["state"] == answered["state"] == "answered"
    review = {"act_id": act(), "outcome": "accepted"}
    refusal(supervisor.post(f"{path}/review", review, **{"If-Match": '"1"'}), 412, "stale")
    ended = done(supervisor.post(f"{path}/review", review, **{"If-Match": f'"{answered["version"]}"'}), 201)
    assert ended["state"] == "written_off"
    assert [each["doing"] for each in ended["history"]] == ["open", "answer", "write_off"]
    refusal(supervisor.post(f"{path}/withdraw", {"act_id": act(), "reason": "x"}), 409, "ended")
    refusal(supervisor.post(f"{path}/raise", {"act_id": act(), "level": "listed", "reason": "x"}), 409, "ended")


def test_who_may_not_is_told_so_or_finds_nothing() -> None:
    order = opened()
    refusal(Caller("receiver").post("/orders", body()), 403, "forbidden")
    for user in ("d2-clerk", "property"):
        refusal(Caller(user).get(f"/orders/{order.id}"), 404, "not_found")
        assert done(Caller(user).get("/orders"))["items"] == []
    for address in (f"/orders/{order.id}", "/orders"):
        refusal(Caller("grid").get(address), 403, "forbidden")
    sent = {"act_id": act(), "outcome": "accepted"}
    refusal(Caller("supervisor").post(f"/orders/{order.id}/review", sent), 409, "not_answered")
    refusal(Caller("head").post(f"/orders/{order.id}/review", sent), 403, "forbidden")
    refusal(Caller().get("/orders"), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"unit": "nobody"}, "unknown_unit"), ({"level": "gentle"}, "not_offered"), ({"title": "  "}, "missing"),
        ({"source": "ladder"}, "not_offered"), ({"demands": [{"kind": "selfie"}]}, "unknown_proof"),
        ({"act_id": "c56a4180-65aa-42ec-a945-5fd21dec0538"}, "bad_id"), ({"matters": ["x"]}, "malformed"),
        ({"limit": "soon"}, "no_limit"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(values: dict[str, object], code: str) -> None:
    refusal(Caller("supervisor").post("/orders", body(**values)), 422, code)


def test_lists_are_bounded_and_cost_the_same_whatever_their_length() -> None:
    supervisor, counts = Caller("supervisor"), []
    done(supervisor.get("/orders"))  # reference data are in process, as after the first seconds of serving
    for more in (1, 12):
        for _each in range(more):
            opened()
        with statements() as seen:
            found = done(supervisor.get("/orders", limit="200"))
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 3
    assert len(found["items"]) == 13
    page = done(supervisor.get("/orders", limit="5"))
    assert len(page["items"]) == 5
    assert len(done(supervisor.get("/orders", limit="5", after=page["next"]))["items"]) == 5
    refusal(supervisor.get("/orders", limit="201"), 422, "malformed")
    refusal(supervisor.get("/orders", after="x"), 422, "no_key")


def test_suggestions_over_http() -> None:
    supervisor = Caller("supervisor")
    for _each in range(3):
        done(Caller("channel").report(), 201)
    (only,) = done(supervisor.get("/orders/suggestions"))["items"]
    assert (only["source"], only["times"], only["unit"]) == ("repeated", 3, "s1-office")
    made = done(supervisor.post("/orders/suggestions", {"act_id": act(), "cause": only["cause"]}), 201)
    again = done(supervisor.post("/orders/suggestions", {"act_id": act(), "cause": only["cause"]}), 200)
    assert made["id"] == again["id"]
    assert done(supervisor.get("/orders/suggestions"))["items"] == []
    for cause in (only["cause"] + "?", "\0", ""):
        refusal(supervisor.post("/orders/suggestions", {"act_id": act(), "cause": cause}), 404, "not_found")
    refusal(Caller("receiver").get("/orders/suggestions"), 403, "forbidden")
