"""A city for measuring: one district, four subdistricts with all posts of the loop, 64 square grids; or as wide as a
real one, with 304 subdistricts and 23,104 grids.

Made by the rooms' own actions in the application role, so that what is measured is what runs. Names and codes are
made up.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import shapely
from django.db import transaction

from civicloop.calendars import actions as calendars
from civicloop.calendars.rules.limits import Limit
from civicloop.catalogue import actions as catalogue
from civicloop.catalogue.models import FilingCondition, Kind, Responsibility
from civicloop.foundation import caches, clock
from civicloop.people import access, actions
from civicloop.places import actions as places
from civicloop.places import selectors as areas
from civicloop.places.areas import NewArea
from civicloop.procedures import actions as procedures
from civicloop.procedures.rules.reading import SHIPPED

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
KIND, LIMIT = "01001", "2 work_day"
WEST, SOUTH, SIDE = 117.0, 39.0, 0.1  # each subdistrict is a square of this many degrees, one beside the other
# role → further roles of the same post; the posts of each subdistrict
POSTS = {
    "acceptance_clerk": ("dispatcher",), "receiving_clerk": (), "unit_worker": (), "checker": (), "grid_worker": (),
    "supervisor": (),
}  # fmt: skip


@dataclass(frozen=True)
class Extent:
    """How many districts, and how many of each level lie in one of the level above; kinds with a filing condition."""

    districts: int = 1
    subdistricts: int = 4
    communities: int = 4
    grids: int = 4
    kinds: int = 1


SMALL, WIDE = Extent(), Extent(16, 19, 19, 4, 60)


@dataclass(frozen=True)
class Team:
    """Bearer tokens of one subdistrict by role, the worker's sign-in name, and a corner to report from."""

    tokens: dict[str, str]
    worker: str
    west: float
    south: float = SOUTH


@dataclass(frozen=True)
class City:
    """What a client needs: who may do what where, and the filing condition."""

    teams: list[Team]
    channel: str
    condition: int


def build(extent: Extent = SMALL) -> City:
    """Fill an empty, migrated database and give the tokens."""
    system = access.system("bench")
    with clock.at(BEGINNING):
        places.take(_areas(extent), at=BEGINNING)
        caches.forget_all()
        calendars.load_shipped(actor_id=None, actor_words="bench")
        catalogue.load_folders(system, folders=[catalogue.NATIONAL])
        kinds = _kinds(extent.kinds)
        for kind in kinds:
            line = catalogue.ConditionLine(1, {"zh-hans": "基准条件"}, Limit.parse(LIMIT), {"zh-hans": "恢复原状"})
            catalogue.set_conditions(system, kind_id=kind.id, lines=[line])
        paths = [SHIPPED / "grid-event.toml", Path(__file__).with_name("direct-event.toml")]
        procedures.load_files(actor_id=None, paths=paths, effective_from=BEGINNING)
        duty = _unit("city-duty", "duty_desk", areas.by_code("99").id)
        for district in range(1, extent.districts + 1):
            _unit(f"d{district}-duty", "duty_desk", areas.by_code(f"9901{district:02}").id)
        channel = token("channel", "resident_channel", (), duty, areas.by_code("99").id)
        with transaction.atomic():  # else each of some thousand posts waits for the disk
            teams = [
                _team(d * extent.subdistricts + s + 1, f"9901{d + 1:02}{s + 1:03}", d, s)
                for d in range(extent.districts)
                for s in range(extent.subdistricts)
            ]
    caches.forget_all()
    return City(teams, channel, FilingCondition.objects.get(kind=kinds[0], no=1, valid_to=None).id)


def _kinds(number: int) -> list[Kind]:
    """So many kinds of matters, the one of all other measurements first."""
    rows = Kind.objects.filter(standard__code="GB/T 47678.5-2026", family="matter", valid_to=None).order_by("code")
    return [rows.get(code=KIND), *rows.exclude(code=KIND)[: number - 1]]


def _areas(extent: Extent) -> list[NewArea]:
    found = []

    def add(code: str, level: str, parent: str, box: tuple[float, float, float, float]) -> None:
        found.append(
            NewArea(
                code=code, level=level, names={"zh-hans": f"样例{code}"}, parent=parent, polygon=shapely.box(*box),
                synthetic=True, layer="full_grid" if level == "grid" else "admin", source="bench",
            )
        )  # fmt: skip

    east = WEST + extent.subdistricts * SIDE
    wide, high = SIDE / extent.communities, SIDE / extent.grids
    add("99", "city", "", (WEST, SOUTH, east, SOUTH + extent.districts * SIDE))
    for d in range(extent.districts):
        south, district = SOUTH + d * SIDE, f"9901{d + 1:02}"
        add(district, "district", "99", (WEST, south, east, south + SIDE))
        for s in range(extent.subdistricts):
            west, code = WEST + s * SIDE, f"{district}{s + 1:03}"
            add(code, "subdistrict", district, (west, south, west + SIDE, south + SIDE))
            for c in range(extent.communities):
                left, community = west + c * wide, f"{code}{c + 1:03}"
                add(community, "community", code, (left, south, left + wide, south + SIDE))
                for g in range(extent.grids):
                    low = south + g * high
                    add(f"{community}{g + 1:03}", "grid", community, (left, low, left + wide, low + high))
    return found


def _unit(code: str, kind: str, area_id: int) -> int:
    system = access.system("bench")
    return actions.create_unit(system, code=code, unit_names={"zh-hans": code}, kind=kind, area_id=area_id).id


def token(user: str, role: str, also: tuple[str, ...], unit_id: int, area_id: int) -> str:
    """A bearer token of a new account in a new post."""
    system = access.system("bench")
    account = actions.create_account(system, username=user, account_names={"zh-hans": user}, password=None)
    post = actions.create_post(system, code=f"{user}-post", role=role, also=also, unit_id=unit_id, area_id=area_id)
    actions.hold(system, account_id=account.id, post_id=post.id)
    return actions.create_token(system, account_id=account.id, post_id=post.id)


def _team(number: int, code: str, row: int, column: int) -> Team:
    area = areas.by_code(code).id
    centre = _unit(f"s{number}-centre", "grid_centre", area)
    watch = _unit(f"s{number}-watch", "grid_centre", area)
    office = _unit(f"s{number}-office", "subdistrict_office", area)
    units = {"receiving_clerk": office, "unit_worker": office, "checker": watch}
    tokens = {
        role: token(f"s{number}-{role}", role, also, units.get(role, centre), area) for role, also in POSTS.items()
    }
    Responsibility.objects.create(
        area_id=area, unit_id=office, priority=10, reason={"zh-hans": "基准权责"}, valid_from=BEGINNING
    )
    return Team(tokens, f"s{number}-unit_worker", WEST + column * SIDE, SOUTH + row * SIDE)
