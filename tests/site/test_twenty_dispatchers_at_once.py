"""Twenty dispatchers at the same queue, over HTTP against a served city: nothing twice, nothing lost, no error seen.

Each takes what the list gives, in an order of its own, so that two often reach for the same matter. Whoever comes
second is told so (409 or 412), which is an answer and no error.
"""

import json
import random
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from django.db.models import Count

from civicloop.foundation import ids
from civicloop.matters import proof
from civicloop.matters.models import Entry, Matter
from tests import world
from tests.conftest import size
from tests.matters import loop
from tests.ops.serving import Process, started

PEOPLE = 20
SECOND = {409, 412}  # somebody else was quicker


def tokens() -> list[str]:
    """Twenty dispatchers of the same centre, each an account of its own with a token."""
    from civicloop.people import access, actions
    from civicloop.people.models import Post

    system, post = access.system("tests"), Post.objects.get(code="clerk-post")
    found = []
    for number in range(PEOPLE):
        account = actions.create_account(
            system, username=f"p{number}", account_names={"zh-hans": f"派遣员{number}"}, password=None
        )
        desk = actions.create_post(
            system, code=f"p{number}-post", role="dispatcher", unit_id=post.unit_id, area_id=post.area_id
        )
        actions.hold(system, account_id=account.id, post_id=desk.id)
        found.append(actions.create_token(system, account_id=account.id, post_id=desk.id))
    return found


def filed(number: int) -> None:
    for _ in range(number):
        loop.act("clerk", loop.report("grid", kind="01001"), "file", condition=loop.condition())


class Dispatcher(threading.Thread):
    """One dispatcher: looks at the queue, takes one of it, until nothing is left or the time is over."""

    def __init__(self, server: Process, token: str, until: float, seed: int) -> None:
        super().__init__()
        self.server, self.until, self.random = server, until, random.Random(seed)
        self.headers = {"Authorization": f"Bearer {token}"}
        self.answers: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.mine: list[str] = []

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        status, text = self.server.call(method, path, body, **self.headers, **headers)
        self.answers[status] += 1
        if status not in {200, 201, *SECOND}:
            self.wrong.append(f"{method} {path} {status} {text[:300]}")
        return status, json.loads(text)

    def run(self) -> None:
        try:
            while time.monotonic() < self.until:
                _status, page = self.ask("GET", "/api/v1/matters?desk=true&step=filed&order=due&limit=50")
                if not page["items"]:
                    return
                self.take(self.random.choice(page["items"]))
        except Exception as trouble:  # a thread's own error must reach the test
            self.wrong.append(repr(trouble))

    def take(self, line: dict[str, Any]) -> None:
        body = {"act_id": str(ids.uuid7()), "data": {}}
        path, version = f"/api/v1/matters/{line['id']}/actions/dispatch", str(line["step_version"])
        status, _answer = self.ask("POST", path, body, **{"If-Match": version})
        if status == 201:
            self.mine.append(line["id"])
            if self.random.random() < 0.2:  # an impatient finger sends the very same again
                again, _answer = self.ask("POST", path, body, **{"If-Match": version})
                if again != 200:
                    self.wrong.append(f"the same again: {again}")


def test_no_matter_is_dispatched_twice_none_is_lost_and_nobody_sees_an_error(committing: str, tmp_path: Path) -> None:
    seconds, number = size(4, 60), size(60, 3000)
    filed(number)
    keys = tokens()
    with started(tmp_path / "data", "serve", "--workers", "1") as server:
        end = time.monotonic() + seconds
        people = [Dispatcher(server, key, end, seed) for seed, key in enumerate(keys)]
        for each in people:
            each.start()
        for each in people:
            each.join()
    wrong = [words for each in people for words in each.wrong]
    assert wrong == []
    taken = [matter for each in people for matter in each.mine]
    assert len(taken) == len(set(taken)) > 0
    dispatched = Entry.objects.filter(action="dispatch")
    assert sorted(str(each) for each in dispatched.values_list("matter_id", flat=True)) == sorted(taken)
    assert not dispatched.values("matter_id").annotate(n=Count("seq")).filter(n__gt=1).exists()
    steps = Counter(Matter.objects.values_list("step", flat=True))
    assert steps == Counter({"dispatched": len(taken), "filed": number - len(taken)}) - Counter()
    told = sum((each.answers for each in people), Counter())
    print(f"{len(taken)} of {number} dispatched by {PEOPLE} in {seconds} s at most; answers {dict(told)}")
    for matter in taken[:: max(1, len(taken) // 50)]:
        assert proof.verify(matter) == []
    assert world.unit("s1-office") in set(Matter.objects.filter(step="dispatched").values_list("unit_id", flat=True))
