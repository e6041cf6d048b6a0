"""Several workers sweep at once: every mark fires once, whoever takes it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from civicloop.foundation import clock
from civicloop.matters import marks, proof
from civicloop.matters.models import Entry
from tests.matters.test_the_ladder import MONDAY, fired, handle, handled

pytestmark = pytest.mark.both_servers


def test_several_workers_at_once_fire_each_mark_once(committing: str) -> None:
    with clock.at(MONDAY):
        matters = [handled() for _each in range(24)]
    moment = handle(matters[0]).due_at
    assert moment is not None

    def work(_number: int) -> int:
        try:
            total = 0
            for minute in range(40):  # rounds; the lease of a claim that met another ends in between
                with clock.at(moment + timedelta(minutes=minute)):
                    total += marks.fire_due(batch=5)
            return total
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        total = sum(pool.map(work, range(4)))
    with clock.at(moment + timedelta(hours=1)):
        while more := marks.fire_due():
            total += more
    assert all(fired(matter) == ["half", "near", "due"] for matter in matters)
    assert total == Entry.objects.filter(action="mark").count()
    assert [proof.verify(matter) for matter in matters] == [[]] * len(matters)
