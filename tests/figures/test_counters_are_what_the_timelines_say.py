"""Facts and cubes against the timelines: at any moment, under acts and folding at once, after tampering, rebuilt."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from civicloop.figures import folding
from civicloop.figures import ledger as book
from civicloop.foundation import clock
from civicloop.matters.models import Fact, Unfolded
from tests import world
from tests.conftest import size
from tests.figures.ledgers import by_cubes, by_hand, ledger
from tests.matters import loop

ONE_MORE = """WITH w AS (SELECT no FROM figures_measure WHERE name = 'ended:solved')
UPDATE figures_count SET n[(SELECT no FROM w)] = n[(SELECT no FROM w)] + 1 WHERE cube = 'district'"""
PLACES = (world.SPOT, (117.15, 39.05), (117.25, 39.05), world.SEA)


def closed() -> None:
    matter = loop.report(kind="01001")
    loop.to_close(matter)


@pytest.mark.django_db
def test_at_any_moment_a_reader_sees_exactly_what_the_timelines_say() -> None:
    draw = random.Random(5)
    moment = world.START
    waiting = []
    for _number in range(size(14, 200)):
        moment += timedelta(hours=draw.random() * 30)
        with clock.at(moment):
            waiting.append(
                (loop.report(kind="01001", point=draw.choice(PLACES), channel=draw.choice(["grid", "desk"])), 0)
            )
            place = draw.randrange(len(waiting))
            matter, step = waiting[place]
            steps = [
                lambda m: loop.act("clerk", m, "file", condition=loop.condition()),
                lambda m: loop.act("clerk", m, "dispatch"),
                lambda m: loop.act("receiver", m, "accept"),
                lambda m: loop.act("receiver", m, "assign", worker="worker"),
                lambda m: loop.to_check(m),
            ]
            try:
                if step < len(steps):
                    steps[step](matter)
                    waiting[place] = (matter, step + 1)
            except Exception:  # another area's clerk, which this test does not mind
                waiting[place] = (matter, len(steps))
            if draw.random() < 0.5:
                folding.fold(batch=draw.choice([1, 2, 50]))
            assert by_cubes() == by_hand()
    with clock.at(moment):
        folding.round()
        assert not Unfolded.objects.exists()
        assert by_cubes() == by_hand()
        assert book.check().ok


def test_nothing_is_counted_twice_or_lost_while_people_act_and_several_fold(committing: str) -> None:
    def people(_number: int) -> None:
        try:
            with clock.at(world.START):
                for _each in range(size(3, 30)):
                    closed()
        finally:
            connection.close()

    def folder(_number: int) -> None:
        try:
            with clock.at(world.START):
                for _each in range(size(40, 400)):
                    folding.fold(batch=3)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        work = [pool.submit(people, 0), pool.submit(people, 1), pool.submit(folder, 0), pool.submit(folder, 1)]
        for _each in range(10):
            report = book.check()  # in one snapshot, in the middle of it
            assert report.differences == []
        for each in work:
            each.result()
    with clock.at(world.START):
        folding.round()
        report = book.check()
        assert report.ok, report.differences
        assert by_cubes() == by_hand()
        assert sum(n for (_district, measure), n in by_cubes().items() if measure == "ended:solved") == size(6, 60)


def test_a_counter_that_somebody_has_changed_is_named_and_put_right(committing: str, database_server) -> None:
    with clock.at(world.START):
        closed()
        closed()
        loop.to_handling(loop.report(kind="01001"))
        folding.round()
        loop.report(kind="01001")  # waits to be folded
    assert ledger(database_server, "check")[0] == 0
    import psycopg

    with psycopg.connect(database_server.addresses(connection.settings_dict["NAME"]).superuser) as owner:
        owner.execute(ONE_MORE)
        owner.execute("UPDATE figures_duehour SET n = n + 2")
        owner.execute(
            "UPDATE matters_fact SET detail = 'handle:late' WHERE name = 'done' AND detail = 'handle:on_time'"
        )
    code, found = ledger(database_server, "check")
    assert (code, found["ok"]) == (1, False)
    about = " ".join(each["about"] for each in found["differences"])
    assert all(each in about for each in ("ended:solved", "district/d", "district/h"))
    assert {"fact", "cube"} <= {each["what"] for each in found["differences"]}
    code, made = ledger(database_server, "rebuild")
    assert (code, made["mended"]) == (0, 2)
    code, after = ledger(database_server, "check")
    assert (code, after["ok"], after["matters"]) == (0, True, 4)
    assert Fact.objects.filter(name="done", detail="handle:late").count() == 0
    with clock.at(world.START):
        folding.round()
        assert by_cubes() == by_hand()
