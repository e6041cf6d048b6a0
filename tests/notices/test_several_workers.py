"""Several workers at once, and workers that die between two statements: nothing is lost, nothing told twice."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection

from civicloop.foundation import clock
from civicloop.matters.models import Outbox
from civicloop.notices import consuming, sending, telling
from civicloop.notices.actions import To, tell
from civicloop.notices.models import Notice
from tests import world
from tests.matters import loop
from tests.notices import telling as steps

WORK = world.START + timedelta(hours=1)


@pytest.fixture(autouse=True)
def monday(committing: str) -> Iterator[None]:
    """Threads take the time from the process."""
    clock.set_process_clock(lambda: WORK)
    yield
    clock.set_process_clock(None)


def at_once(work: Callable[[], object], number: int = 3) -> None:
    """Run the same in several threads, as several workers would."""
    faults: list[BaseException] = []

    def inner() -> None:
        try:
            work()
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [threading.Thread(target=inner) for _each in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def expected() -> set[tuple[str, str]]:
    """What the rules make of everything in the outbox: (recipient, key)."""
    rows = [
        consuming.Message(row.matter_id, row.seq, row.no, row.topic, row.body, row.at) for row in Outbox.objects.all()
    ]
    return {(draft.recipient, draft.key) for draft in consuming.drafts(rows)}


def test_consumers_at_once_tell_each_thing_once_to_each() -> None:
    for each in range(6):
        loop.to_handling(steps.reported(phone=f"1380000000{each}"))
    number = Outbox.objects.count()
    taken: list[int] = []

    def work() -> None:
        while done := consuming.consume(batch=4):
            taken.append(done)

    at_once(work)
    assert sum(taken) == number
    assert not Outbox.objects.filter(taken_at=None).exists()
    told = list(Notice.objects.values_list("recipient", "key"))
    assert len(told) == len(set(told))
    assert set(told) == expected()


@pytest.mark.parametrize("where", ["before it writes", "after it has written"])
def test_a_consumer_that_dies_between_has_taken_nothing(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        """No handler of errors sees a kill."""

    right = telling.write

    def dying(drafts: list[telling.Draft]) -> int:
        if where == "after it has written":
            right(drafts)
        raise Killed

    loop.to_handling(steps.reported())
    before = Outbox.objects.filter(taken_at=None).count()
    monkeypatch.setattr(telling, "write", dying)
    with pytest.raises(Killed):
        consuming.consume()
    assert (Outbox.objects.filter(taken_at=None).count(), Notice.objects.count()) == (before, 0)
    monkeypatch.undo()
    steps.consumed()
    assert set(Notice.objects.values_list("recipient", "key")) == expected()


def test_senders_at_once_keep_the_bound_of_a_day() -> None:
    steps.contact("head")
    for each in range(30):
        tell(key=f"n{each}", topic="urged", to=[To(account=steps.account("head"))], data={"number": "1", "times": each})
    claimed: list[int] = []

    def work() -> None:
        for _each in range(6):
            claimed.extend(sending._claim("email", 3)[1])

    at_once(work)
    assert len(claimed) == len(set(claimed)) == 9
    assert steps.states() == {"waiting": 9, "digest": 21}
