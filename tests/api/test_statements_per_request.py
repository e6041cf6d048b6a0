"""What a request costs the database: statements from request to response, the token's check included.

BEGIN and COMMIT are not counted. Reference data are in process already, as after the first seconds of serving.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from civicloop.calendars import selectors as calendars
from civicloop.catalogue import selectors as catalogue
from civicloop.evidence.models import Evidence
from civicloop.foundation import ids
from civicloop.people import desks, tokens
from civicloop.places import selectors as places
from civicloop.procedures import selectors as procedures
from tests.api.calls import Caller, condition, done, walk_to_check, walk_to_handling

pytestmark = [pytest.mark.django_db, pytest.mark.both_servers]

WRITING = ("INSERT", "UPDATE", "DELETE")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that runs in this connection."""
    seen: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(("SAVEPOINT", "RELEASE")):
            seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


@pytest.fixture
def warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reference data are kept and not compared again while the test runs; one matter has gone the whole way."""
    for module, name in (
        (calendars, "RECHECK_SECONDS"), (catalogue, "RECHECK_SECONDS"), (places, "RECHECK"), (procedures, "SECONDS"),
        (desks, "REFRESH"), (tokens, "EVERY"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, 3600.0)
    procedures.steps()  # as a serving process does before its first request (ops.settling)
    matter = done(Caller().report(), 201)["id"]
    walk_to_handling(matter)
    walk_to_check(matter)


def test_a_report_costs_at_most_three_statements_of_which_one_writes(warm: None) -> None:
    for caller in (Caller(), Caller("channel"), Caller("grid")):
        with statements() as seen:
            done(caller.report(reporter={"name": "张女士", "phone": "13800000000"}), 201)
        counted = [sql for sql in seen if "records_try" in sql]  # the bound of those without a token, for all processes
        assert len(counted) == ("Authorization" not in caller.headers)
        assert len(seen) <= 3, seen
        assert len([sql for sql in seen if any(word in sql for word in WRITING) and sql not in counted]) == 1


def test_every_act_of_the_walk_costs_at_most_five_statements_of_which_one_writes(warm: None) -> None:
    matter = done(Caller().report(), 201)["id"]
    callers = {user: Caller(user) for user in ("clerk", "receiver", "worker", "checker")}
    filing, costs = condition(), {}

    def act(user: str, action: str, outcome: str | None = None, /, **data: Any) -> None:
        with statements() as seen:
            done(callers[user].act(matter, action, outcome, **data), 201)
        assert len(seen) <= 5, (action, seen)
        assert len([sql for sql in seen if any(word in sql for word in WRITING)]) == 1, (action, seen)
        costs[action] = len(seen)

    act("clerk", "file", condition=filing)
    act("clerk", "note", note="看过")
    act("clerk", "dispatch", answering="s1-office")
    act("receiver", "accept")
    act("receiver", "assign", worker="worker")
    done(callers["worker"].upload(matter, "after"))
    act("worker", "handle", result="已更换井盖")
    act("receiver", "feed_back")
    done(callers["checker"].upload(matter, "other"))
    act("checker", "post_check", "fail", reason="仍松动")
    done(callers["worker"].upload(matter, "after"))
    act("worker", "handle", result="再次更换")
    act("receiver", "feed_back")
    act("checker", "post_check", "pass")
    act("clerk", "close")
    assert costs["file"] == 3  # token, one read, one write


def test_an_act_makes_ready_only_the_tables_that_it_writes(warm: None) -> None:
    matter, clerk = done(Caller().report(), 201)["id"], Caller("clerk")
    for action, data in (("file", {"condition": condition()}), ("dispatch", {"answering": "s1-office"})):
        with statements() as seen:
            done(clerk.act(matter, action, **data), 201)
        [write] = [sql for sql in seen if any(word in sql for word in WRITING)]
        assert "INSERT INTO matters_entry " in write
        for table in ("matters_approvalrequest", "records_sealedvalue", "matters_searchtoken"):
            assert table not in write, (action, table)


def test_a_number_is_found_by_a_look_up_and_a_plan_for_that_matter_alone(warm: None) -> None:
    report, clerk = done(Caller().report(), 201), Caller("clerk")
    with statements() as seen:
        found = done(clerk.get("/matters", text=report["number"]))
    assert [each["id"] for each in found["items"]] == [report["id"]]
    assert len(seen) == 4  # token, look-up, the matter as an act sees it, row
    with statements() as seen:  # a sound number that no matter has
        assert done(clerk.get("/matters", text="20260101-0000001-" + sign("202601010000001")))["items"] == []
    assert len(seen) == 2


def sign(digits: str) -> str:
    return ids.SIGNS[int(digits) % 31]


def test_a_photo_costs_at_most_eight_statements_of_which_two_write(warm: None) -> None:
    matter, grid = done(Caller().report(), 201)["id"], Caller("grid")
    with statements() as seen:
        done(grid.upload(matter, "before"), 201)
    # token, matter, whether the id is known, the matter's turn, its files, the row, the locked matter, the entry
    assert len(seen) <= 8, seen
    told = [sql.replace("FOR NO KEY UPDATE", "") for sql in seen]
    assert len([sql for sql in told if any(word in sql for word in WRITING)]) == 2, seen
    photo = str(Evidence.objects.get(matter_id=matter).id)
    with statements() as seen:
        done(grid.upload(matter, "before", id=photo), 200)
    assert len(seen) == 3  # token, matter, the photo that is known


def test_the_same_sent_again_writes_nothing(warm: None) -> None:
    clerk, act_id = Caller("clerk"), "019cac0f-2680-7a0e-9e6a-0123456789ab"
    matter, filing = done(Caller().report(), 201)["id"], condition()
    done(clerk.act(matter, "file", act_id=act_id, condition=filing), 201)
    with statements() as seen:
        done(clerk.act(matter, "file", act_id=act_id, condition=filing), 200)
    assert len(seen) == 2
    assert not [sql for sql in seen if any(word in sql for word in WRITING)]


def test_a_list_costs_the_same_whatever_its_length(warm: None) -> None:
    clerk = Caller("clerk")
    counts = []
    for more in (1, 15):
        for _number in range(more):
            done(Caller("channel").report(), 201)
        with statements() as seen:
            done(clerk.get("/matters", desk="true"))
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 4  # the token, and the ways of access: place, unit, person
