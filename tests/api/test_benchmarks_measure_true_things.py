"""The benchmarks stand on true rows and on calls that all succeed; how fast they are is not tested."""

import json
from urllib.parse import quote_plus

import pytest

from civicloop.figures import ledger
from civicloop.foundation import clock
from civicloop.matters import proof
from civicloop.matters.models import Clock, Entry, Fact, Matter, Outbox, SearchToken, Task, Unfolded
from civicloop.ops.bench import limit, locating, reading, runs, seeding, spiking, sweeping
from civicloop.ops.bench.city import build
from civicloop.ops.bench.client import Tally
from civicloop.ops.bench.instance import instance
from civicloop.people.selectors import actor_of_token
from civicloop.places import selectors
from tests import world


@pytest.fixture
def real_time(monday: None) -> None:
    """The served process has no moved clock, so neither has this one."""
    clock.set_process_clock(None)


def test_seeded_matters_prove_true_and_a_road_over_http_has_no_errors(
    committing: str, real_time: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeding, "MODELS", 20)
    monkeypatch.setattr(seeding, "BATCH", 50)
    with instance() as here:
        city = build()
        seeding.fill(120, city, here.owner)
        matters = list(Matter.objects.all())
        assert len(matters) == len({row.number for row in matters}) == 120
        for row in matters:
            assert proof.verify(row.id) == []
        for model, each in ((Entry, 1), (Task, 1), (Clock, 1), (Fact, 4), (Unfolded, 1), (Outbox, 1), (SearchToken, 1)):
            assert model.objects.count() == 120 * each
        assert ledger.check().ok
        assert SearchToken.objects.filter(tokens__contains=[matters[-1].number.lower()]).count() == 1

        actor = actor_of_token(city.channel)
        assert actor is not None
        prebuilt = limit.parameters(city, actor, 5)
        assert len(prebuilt) == 5
        assert Matter.objects.count() == 120  # caught, not written
        assert limit.per_second(here.application, 2, 0.5, prebuilt) > 0
        assert Matter.objects.count() > 120

        here.serve()
        for road in (each(here, city) for each in runs.ROADS.values()):
            before = Matter.objects.filter(end="solved").count()
            _took, tally = runs.run(2, 0.5, road.work)
            assert tally.errors == {}
            assert tally.pieces
            assert set(tally.calls) == {name for name, _role in road.CALLS}
            closed = Matter.objects.filter(end="solved")
            assert closed.count() - before == len(tally.pieces)
            for row in closed:
                assert proof.verify(row.id) == []


@pytest.mark.django_db
def test_points_are_asked_for_in_every_system_and_those_inside_are_counted() -> None:
    points = [world.SPOT, world.SEA] * 3
    assert locating._measured(selectors.locate, "wgs84", points)["inside"] == 3
    assert {"p50_ms", "p95_ms", "p99_ms"} < set(locating._measured(selectors.locate, "gcj02", points))
    assert 0 < sum(bool(selectors.locate(*point, "wgs84").areas) for point in locating.random_points(60)) < 60


def test_proving_is_measured_on_timelines_that_prove_and_finds_what_was_changed(
    committing: str, real_time: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeding, "MODELS", 20)
    found = runs.verify(150, lambda words: None)
    assert found["results"]["timelines"] == 150
    assert found["results"]["findings"] == 0
    assert found["results"]["roots"] > 30
    assert found["results"]["named"] == found["results"]["changed_by_owner"] == 100
    assert found["ratios"]["found_beyond"] == 0


def test_marks_that_fall_due_at_once_all_fire_and_none_twice(
    committing: str, real_time: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeding, "MODELS", 20)
    monkeypatch.setattr(sweeping, "MINUTE", 1.0)
    monkeypatch.setattr(sweeping, "PAUSE", 0.05)
    monkeypatch.setattr(sweeping, "IDLE_ROUNDS", 3)
    found = sweeping.sweep([150], 60, 2, lambda words: None)
    for part in ("in_one_minute", "at_once"):
        seen = found["results"][part]
        assert (seen["fired"], seen["told_by_workers"], seen["lost"], seen["twice"]) == (60, 60, 0, 0)
        assert (seen["notices"], seen["not_told"], seen["told_twice"]) == (60, 0, 0)
        assert seen["due_to_entry_s"]["p95"] <= seen["due_to_notice_s"]["max"]


def test_every_list_and_search_is_answered_and_those_of_common_words_are_not_empty(
    committing: str, real_time: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seeding, "MODELS", 40)
    bodies: dict[str, bytes] = {}
    send = reading.Connection.send

    def keep(self: reading.Connection, sent: bytes) -> tuple[int, bytes]:
        status, body = send(self, sent)
        bodies[sent.split(b" ", 2)[1].decode()] = body
        return status, body

    monkeypatch.setattr(reading.Connection, "send", keep)
    both = lambda city: reading._lists(city) + reading._searches(city)  # noqa: E731 - one instance for both
    found = reading._read(both, [1], 0.1, [200], lambda words: None)["results"]["200"]["1"]
    assert found["errors"] == {}
    assert len(found["p95_ms_by_question"]) == (16 + 9) * 4
    filled = ("/matters?", "open=false", f"q={quote_plus('井盖')}")
    assert sum(path.endswith(filled) for path in bodies) == len(filled)
    for path, body in bodies.items():
        assert json.loads(body)["items"] or not path.endswith(filled), path


def test_waves_arrive_at_their_moments_and_a_backlog_counts_as_waiting() -> None:
    wanted = spiking.arrivals(8, 1)
    assert len(wanted) == sum(spiking.RATES)
    assert [moment for moment, _part in wanted] == sorted(moment for moment, _part in wanted)
    assert [part for _moment, part in wanted].count(5) == 35
    assert len(spiking.arrivals(8, 0.2)) == 3 + 5 + 7 + 2  # a fifth of 1 or 2 in a second is none
    failing = iter(range(1000))

    def work(client: int, tally: Tally) -> None:
        tally.call("one", 0.001)
        if next(failing) % 10 == 0:
            tally.error("refused")

    quick = [(moment / 100, part) for moment, part in wanted]
    seen = spiking.ride(work, quick, lambda words: None)
    assert sum(seen.came) == len(seen.late) == len(wanted)
    assert seen.unfinished == 0
    assert sum(seen.tally.errors.values()) == 9  # each tenth of 89
    assert len(seen.tally.pieces) == 80
    assert min(seen.late) >= 0
    assert all(seen.done_at[part] > 0 for part in range(len(spiking.RATES) - 1))
