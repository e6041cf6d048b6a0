"""The pages of new boundaries: one administrator proposes a file, a leader decides, a dispatcher moves what is open."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from civicloop.foundation import caches, clock
from civicloop.matters.models import Matter
from civicloop.people.models import Account
from civicloop.places import selectors
from civicloop.places.models import BoundaryProposal
from tests import world
from tests.matters import loop
from tests.places.test_new_boundaries import HERE, LATER, OLD, THERE, file

pytestmark = pytest.mark.django_db


def browser(user: str) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(Account.objects.get(username=user))
    return client


def send(client: Client, content: bytes, **other: Any) -> Any:
    given = {
        "title": "Split", "reason": "Paper 1", "level": "grid", "crs": "wgs84", "effective_at": "2026-03-12T09:00",
        "file": SimpleUploadedFile("new.csv", content),
    }  # fmt: skip
    return client.post("/admin/boundaries/propose", given | other)


def words(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_from_a_file_to_moved_matters() -> None:
    with clock.at(world.START):
        east = loop.report(point=THERE)
        system, leader = browser("system"), browser("leader")
        kept = send(system, file())
        row = BoundaryProposal.objects.get()
        assert (kept.status_code, kept.headers["Location"]) == (302, f"/admin/boundaries/{row.pk}")
        page = system.get(f"/admin/boundaries/{row.pk}")
        assert "1 open matters lie in these areas. 1 of them lie elsewhere" in words(page)
        assert "You proposed this; somebody else has to decide it." in words(page)
        assert page.content.decode().count("<svg") >= 2
        assert str(Matter.objects.get(id=east).number) not in page.content.decode()  # administrators see no matters
        system.post(f"/admin/boundaries/{row.pk}/decide", {"yes": "1"})
        row.refresh_from_db()
        assert row.state == "proposed"
        shown = leader.get(f"/admin/boundaries/{row.pk}")
        assert str(Matter.objects.get(id=east).number) in shown.content.decode()
        leader.post(f"/admin/boundaries/{row.pk}/decide", {"yes": "1", "words": "Agreed"})
        row.refresh_from_db()
        assert (row.state, row.effective_at) == ("approved", LATER)
        dispatcher = browser("d1-dispatcher")
        assert dispatcher.post(f"/admin/boundaries/{row.pk}/move").status_code == 302
        assert selectors.area(Matter.objects.get(id=east).grid_id or 0).code == OLD
    with clock.at(LATER + timedelta(minutes=1)):
        caches.forget_all()
        assert "In force" in words(dispatcher.get("/admin/boundaries/"))
        offered = words(dispatcher.get(f"/admin/boundaries/{row.pk}"))
        assert "1 open matters that you may see lie elsewhere now" in offered
        done = dispatcher.post(f"/admin/boundaries/{row.pk}/move", follow=True)
        assert "1 moved, 0 left as they were, 0 still to do." in words(done)
        assert selectors.area(Matter.objects.get(id=east).grid_id or 0).code == "G-E"
        assert "Moved to the areas of new boundaries" in words(dispatcher.get(f"/matters/{east}"))


def test_faults_of_a_file_are_said_and_what_was_typed_stays() -> None:
    with clock.at(world.START):
        system = browser("system")
        answer = send(system, b"code,name,wkt\nG,x,POINT(1 1)\nH,,\n")
        assert answer.status_code == 422
        assert "row 1: the polygon of G cannot be used" in words(answer)
        assert "row 2: code and name are required" in words(answer)
        assert 'value="Split"' in answer.content.decode()
        assert "This moment has passed" in words(send(system, file(), effective_at="2026-01-01T09:00"))
        assert send(system, b"\xff\xfe\x00nonsense").status_code == 422
        assert not BoundaryProposal.objects.exists()


def test_who_may_do_what() -> None:
    with clock.at(world.START):
        send(browser("system"), file())
        row = BoundaryProposal.objects.get()
        assert browser("worker").get(f"/admin/boundaries/{row.pk}").status_code == 403
        assert send(browser("leader"), file()).status_code == 403
        assert browser("d1-dispatcher").post(f"/admin/boundaries/{row.pk}/decide", {"yes": "1"}).status_code == 403
        assert browser("system").post(f"/admin/boundaries/{row.pk}/move").status_code == 403
        assert browser("system").get("/admin/boundaries/4711").status_code == 404
        refused = browser("leader").post(f"/admin/boundaries/{row.pk}/decide", {"yes": "0"}, follow=True)
        assert "Say why." in words(refused)
        browser("system").post(f"/admin/boundaries/{row.pk}/withdraw")
        row.refresh_from_db()
        assert row.state == "withdrawn"
        assert "Withdrawn" in words(browser("leader").get(f"/admin/boundaries/{row.pk}"))
    assert HERE
