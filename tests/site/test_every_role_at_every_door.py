"""Every role at every page and call of the API, own and other area, own and other unit, open, closed, confidential.

What is expected is asked of `people.access` with the duty that the page declares; what comes is asked of the page.
Doors are found by walking the addresses, so that nobody can add one which is not looked at. `make test` takes a share
that is drawn from the names, other roles for each door; `make test-long` takes all.
"""

import html
import io
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.utils import translation

from civicloop.foundation import clock
from civicloop.matters import reading
from civicloop.matters.models import Entry, Matter
from civicloop.people import access
from civicloop.people import actions as people
from civicloop.people.access import Actor
from civicloop.people.choices import Role
from civicloop.places import selectors as places
from tests import world
from tests.conftest import LONG, _clone, _drop, _forget_caches, _point_at, size
from tests.matters import loop
from tests.site.desks import signed_in
from tests.site.doors import ANY, Door, doors, looked_at

pytestmark = pytest.mark.filterwarnings("ignore:No directory at")
SHARE = size(9, 1)  # of the pairs of a role and a door one in so many
HERE, BESIDE, AWAY = world.SPOT, (117.12, 39.05), (117.25, 39.05)
# roles that the tiny city has no post for, and one that is cleared for what is confidential: role, unit, area, level
MORE = {
    **{
        role: (role, "s1-centre", "990101001", 0)
        for role in Role.values
        if role not in {post[0] for post in world.POSTS.values()}
    },
    "cleared": (Role.SUPERVISOR, "d1-centre", "990101", 1),
    "far-head": (Role.UNIT_HEAD, "d2-centre", "990102", 0),
    "far-grid": (Role.GRID_WORKER, "d2-centre", "990102001001", 0),
}
USERS = sorted({*world.POSTS, *MORE})


@dataclass(frozen=True)
class City:
    """The matters by what they are, and what nobody may read of them who may not know of them."""

    matters: dict[str, UUID]
    secrets: dict[str, tuple[str, ...]]
    actors: dict[str, Actor]
    seen: dict[str, frozenset[str]]  # by user: which matters access lets the user see


def _matter(name: str, point: tuple[float, float], **values: Any) -> UUID:
    return loop.report(title=f"题·{name}", text=f"文·{name}", address=f"址·{name}", point=point, kind="01001", **values)


def _made() -> dict[str, UUID]:
    """Own and other area, own and other unit, open, closed and confidential."""
    made = {name: _matter(name, HERE) for name in ("reported", "handling", "district", "closed")}
    loop.to_handling(made["handling"])
    loop.act("clerk", made["district"], "file", condition=loop.condition())
    loop.act("clerk", made["district"], "dispatch", answering="d1-urban")
    loop.to_handling(made["closed"])
    loop.to_check(made["closed"])
    loop.photo(made["closed"], "other")
    loop.act("checker", made["closed"], "post_check", "pass")
    loop.act("clerk", made["closed"], "close")
    made["confidential"] = _matter("confidential", HERE, confidentiality=1)
    made["complaint"] = _matter("complaint", HERE, complained_of=("s1-office",))
    made["beside"], made["away"] = _matter("beside", BESIDE), _matter("away", AWAY)
    return made


def _actors() -> dict[str, Actor]:
    system = access.system("tests")
    for user, (role, unit, area, level) in MORE.items():
        account = people.create_account(system, username=user, account_names={"zh-hans": user}, password=None)
        post = people.create_post(
            system, code=f"{user}-post", role=role, unit_id=world.unit(unit), area_id=places.by_code(area).id,
            confidentiality=level,
        )  # fmt: skip
        people.hold(system, account_id=account.id, post_id=post.id)
    return {user: world.actor(user) for user in USERS}


def _subject(matter: UUID) -> access.Subject:
    found = reading.read(matter)
    assert found is not None
    return found.subject


@pytest.fixture(scope="module")
def city(
    django_db_setup: None, django_db_blocker: Any, database_server: Any, database_template: str, tmp_path_factory: Any
) -> Iterator[City]:
    """One city for all roles, in a database of its own."""
    from django.test import override_settings

    home, name = connection.settings_dict["NAME"], f"doors_{os.getpid()}"
    _clone(database_server, name, database_template)
    with django_db_blocker.unblock(), ExitStack() as stack:
        stack.callback(_drop, database_server, name)
        stack.callback(_forget_caches)
        stack.callback(_point_at, database_server, home)
        _point_at(database_server, name)
        _forget_caches()
        stack.enter_context(override_settings(DATA_DIR=tmp_path_factory.mktemp("doors")))
        stack.enter_context(clock.at(world.START))
        stack.enter_context(translation.override("zh-hans"))
        actors, matters = _actors(), _made()
        secrets = {
            name: (f"题·{name}", f"文·{name}", f"址·{name}", Matter.objects.get(id=matter).number)
            for name, matter in matters.items()
        }
        subjects = {name: _subject(matter) for name, matter in matters.items()}
        seen = {
            user: frozenset(name for name, subject in subjects.items() if access.sees(actor, subject).known)
            for user, actor in actors.items()
        }
        yield City(matters, secrets, actors, seen)


def drawn(user: str, door: Door) -> bool:
    """Whether this pair is among the share that is looked at."""
    return zlib.crc32(f"{user} {door.pattern} {door.methods}".encode()) % SHARE == 0


ALWAYS = {"matters/<uuid:matter_id>", "matters/", "matters/export.csv"}
DOORS = doors()


def chosen(user: str, keep: Callable[[Door], bool]) -> list[Door]:
    return [each for each in DOORS if keep(each) and (each.pattern in ALWAYS or drawn(user, each))]


# what a request may write although it is refused: its bound, its session, the use of its token
HARMLESS = {"records_try", "django_session", "people_apitoken"}


@contextmanager
def nothing_written(what: str) -> Iterator[None]:
    """Nothing is inserted, changed or deleted inside, but a line of the audit log that says so."""
    written: list[str] = []
    entries = Entry.objects.count()

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        first = sql.lstrip().split(None, 3)
        if first and first[0].upper() in {"INSERT", "UPDATE", "DELETE"}:
            table = first[1 if first[0].upper() == "UPDATE" else 2].strip('"').split("(")[0]
            if table not in HARMLESS and not (table == "records_auditentry" and "refused" in str(params)):
                written.append(sql[:120])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield
    assert written == [], what
    assert Entry.objects.count() == entries, what


def body(response: Any) -> str:
    """The words of an answer, also those in a workbook."""
    content = b"".join(response) if response.streaming else response.content
    if "spreadsheet" in response.headers.get("Content-Type", ""):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return html.unescape("".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml")))
    return html.unescape(content.decode("utf-8", "replace"))


class Person:
    """One user with a browser and a token."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.browser = signed_in(user) if user else Client()
        self.bearer = {"Authorization": f"Bearer {world.token(user)}"} if user else {}

    def ask(self, door: Door, method: str, matter: UUID | str | None = None, query: str = "") -> Any:
        address = (door.address(matter) if matter else door.address()) + query
        headers = self.bearer if door.of_api else {}
        if method == "GET":
            return self.browser.get(address, headers=headers)
        if door.of_api:
            return self.browser.post(address, "{}", content_type="application/json", headers=headers)
        return self.browser.generic(method, address, headers=headers)


def test_every_address_can_be_filled_in() -> None:
    assert len({door.address() for door in DOORS}) > 100
    assert sum(door.of_matter for door in DOORS) > 30


@pytest.mark.parametrize("user", USERS)
def test_a_page_opens_for_its_duty_and_for_nobody_else(city: City, user: str) -> None:
    person, actor = Person(user), city.actors[user]
    faults = []
    for door in chosen(user, lambda d: d.duty not in {"public", "matters.act"}):
        allowed = access.may(actor, door.duty).allowed
        for method in door.methods:
            if allowed and (method == "POST" or door.of_matter):
                continue  # what it does then is what the tests of the page are about
            if allowed:
                status = person.ask(door, method).status_code
                fits = status != 403 and status < 500 and (status != 404 or not {"<", "{"}.isdisjoint(door.pattern))
            else:
                with nothing_written(f"{user} {method} {door.pattern}"):
                    status = person.ask(door, method).status_code
                fits = status in {403, 405, *([422] if door.of_api else [])}  # the form is looked at first
            if not fits:
                faults.append((door.pattern, door.duty, method, allowed, status))
    assert faults == []


@pytest.mark.parametrize("user", USERS)
def test_a_matter_opens_for_whoever_may_know_of_it_and_for_nobody_else(city: City, user: str) -> None:
    person, faults = Person(user), []
    whole = {"matters/<uuid:matter_id>", "api/v1/matters/{uuidstr:matter_id}"}
    for door in chosen(user, lambda d: d.of_matter and not d.pattern.startswith("status/")):
        if door.duty != "matters.act" and not access.may(city.actors[user], door.duty).allowed:
            continue  # the test above
        for name, matter in city.matters.items():
            known = name in city.seen[user]
            for method in door.methods:
                if known and (method != "GET" or door.pattern not in whole):
                    continue
                with nothing_written(f"{user} {method} {door.pattern} {name}"):
                    response = person.ask(door, method, matter)
                said, status = body(response), response.status_code
                fits = status == 200 if known else status in {404, 405, *([422] if method == "POST" else [])}
                leak = [] if known else [each for each in city.secrets[name] if each in said]
                if not fits or leak:
                    faults.append((door.pattern, method, name, known, status, leak))
    assert faults == []


QUERIES = ("?m={id}", "?number={number}&what={number}&username=clerk", "?text={number}", "?q={number}&object={id}")


def asked(user: str, door: Door, names: list[str]) -> list[tuple[str, str]]:
    """For single matters in all ways of asking; in `make test` for one in one of them."""
    pairs = [(name, query) for name in names for query in QUERIES]
    return pairs if LONG else [pairs[zlib.crc32(f"{user} {door.pattern} ask".encode()) % len(pairs)]]


def answers(person: Person, door: Door, city: City) -> Iterator[tuple[str, str, Any]]:
    """(query, number asked for, answer): as it is, and for single matters.

    A parameter that a page does not look at changes nothing of what it says, so it is sent only where some answer
    before has looked at it; a page may look at one more because of what another one says.
    """
    with looked_at() as parameters:
        yield "", "", person.ask(door, "GET")
        waiting, before = asked(person.user, door, [*city.matters]), -1
        while waiting and len(parameters) > before:
            before = len(parameters)
            for name, query in list(waiting):
                if ANY not in parameters and parameters.isdisjoint(QueryDict(query[1:])):
                    continue
                waiting.remove((name, query))
                number = city.secrets[name][3]
                yield query, number, person.ask(door, "GET", query=query.format(id=city.matters[name], number=number))


@pytest.mark.parametrize("user", USERS)
def test_no_list_export_search_or_tile_tells_of_a_matter_that_one_may_not_know_of(city: City, user: str) -> None:
    person, faults, seen = Person(user), [], 0
    for door in chosen(user, lambda d: not d.of_matter and "GET" in d.methods):
        if door.duty not in {"public", "matters.act"} and not access.may(city.actors[user], door.duty).allowed:
            continue
        for query, number, response in answers(person, door, city):
            said = body(response)
            seen += response.status_code == 200
            for other, secrets in city.secrets.items():
                told = [each for each in secrets if each in said and each != number]
                if told and other not in city.seen[user]:
                    faults.append((door.pattern, query, other, told))
    assert faults == []
    assert seen


def test_what_a_page_looks_at_is_seen(city: City) -> None:
    """The measure itself: one parameter, all of them, and none."""
    person = Person("supervisor")
    for pattern, parameters in (("matters/", {ANY, "text"}), ("inbox/", {"before"}), ("about-personal-data", set())):
        with looked_at() as found:
            assert person.browser.get(f"/{pattern}").status_code == 200
        assert found >= parameters, pattern
        assert bool(found) == bool(parameters), pattern
        assert (ANY in found) == (ANY in parameters), pattern


def test_nobody_in_particular_comes_to_what_is_public_only(city: City) -> None:
    person, faults = Person(""), []
    for door in DOORS:
        for method in door.methods:
            if door.nobody and method != "GET":
                continue
            with nothing_written(f"nobody {method} {door.pattern}"):
                response = person.ask(door, method, city.matters["reported"])
            status, said = response.status_code, body(response)
            if door.nobody or (door.duty == "matters.act" and not door.of_api):
                fits = status < 500 or door.pattern == "readyz"  # no worker gives a sign of life here
            elif door.of_api:
                fits = status == 401
            else:
                fits = status == 405 or (status == 302 and response["Location"].startswith("/sign-in"))
            told = [each for secrets in city.secrets.values() for each in secrets if each in said]
            if not fits or told:
                faults.append((door.pattern, method, status, told))
    assert faults == []


def test_the_city_has_all_sides_of_the_matrix(city: City) -> None:
    """Own and other, seen and hidden: an empty side would prove nothing."""
    assert {role for actor in city.actors.values() for role in actor.roles} == set(Role.values)
    for user, known, hidden in (
        ("d2-clerk", {"away"}, {"reported", "beside", "closed"}), ("clerk", {"reported"}, {"beside", "away"}),
        ("supervisor", {"reported", "beside"}, {"confidential", "complaint", "away"}),
        ("far-grid", {"away"}, {"reported"}),
        ("cleared", {"confidential", "complaint"}, {"away"}), ("receiver", {"handling"}, {"district", "complaint"}),
        ("d1-receiver", {"district"}, {"handling", "reported"}), ("leader", {"closed"}, {"confidential"}),
        ("system", set(), set(city.matters)), ("security", set(), set(city.matters)),
    ):  # fmt: skip
        assert known <= city.seen[user], user
        assert not hidden & city.seen[user], user
