"""A tiny city for the tests: two districts, three subdistricts, three communities, five square grids, units and posts.

Everything goes through the same actions as a real city, in the application role. Codes are made up.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import shapely

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, 09:00 in Shanghai
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)

# code → (level, parent, names, square (west, south, east, north))
AREAS: dict[str, tuple[str, str | None, str, tuple[float, float, float, float]]] = {
    "99": ("city", None, "样例市", (117.0, 39.0, 117.3, 39.1)),
    "990101": ("district", "99", "甲区", (117.0, 39.0, 117.2, 39.1)),
    "990102": ("district", "99", "乙区", (117.2, 39.0, 117.3, 39.1)),
    "990101001": ("subdistrict", "990101", "东风街道", (117.0, 39.0, 117.1, 39.1)),
    "990101002": ("subdistrict", "990101", "新开街道", (117.1, 39.0, 117.2, 39.1)),
    "990102001": ("subdistrict", "990102", "临河镇", (117.2, 39.0, 117.3, 39.1)),
    "990101001001": ("community", "990101001", "和顺里社区", (117.0, 39.0, 117.1, 39.1)),
    "990101002001": ("community", "990101002", "平安里社区", (117.1, 39.0, 117.2, 39.1)),
    "990102001001": ("community", "990102001", "河东村", (117.2, 39.0, 117.3, 39.1)),
    "990101001001001": ("grid", "990101001001", "和顺里第1网格", (117.0, 39.0, 117.05, 39.1)),
    "990101001001002": ("grid", "990101001001", "和顺里第2网格", (117.05, 39.0, 117.1, 39.1)),
    "990101002001001": ("grid", "990101002001", "平安里第1网格", (117.1, 39.0, 117.15, 39.1)),
    "990101002001002": ("grid", "990101002001", "平安里第2网格", (117.15, 39.0, 117.2, 39.1)),
    "990102001001001": ("grid", "990102001001", "河东村第1网格", (117.2, 39.0, 117.3, 39.1)),
}
SPOT = (117.02, 39.05)  # in 和顺里第1网格
EDGE = (117.05, 39.05)  # on the edge of two grids
SEA = (118.9, 38.6)

# code → (kind, area, names)
UNITS = {
    "city-duty": ("duty_desk", "99", "市兜底值班席"),
    "city-centre": ("grid_centre", "99", "市运行中心"),
    "d1-duty": ("duty_desk", "990101", "甲区兜底值班席"),
    "d1-centre": ("grid_centre", "990101", "甲区网格化服务管理中心"),
    "d1-watch": ("grid_centre", "990101", "甲区监督中心"),
    "d1-urban": ("department", "990101", "甲区城市管理委"),
    "d1-power": ("public_service", "990101", "甲区供电公司"),
    "d2-centre": ("grid_centre", "990102", "乙区网格化服务管理中心"),
    "s1-centre": ("grid_centre", "990101001", "东风街道网格中心"),
    "s1-watch": ("grid_centre", "990101001", "东风街道核查组"),
    "s1-office": ("subdistrict_office", "990101001", "东风街道办事处"),
    "s1-property": ("property_manager", "990101001", "和顺里物业"),
    "s2-centre": ("grid_centre", "990101002", "新开街道网格中心"),
}
# user → (role, also, unit, area)
POSTS: dict[str, tuple[str, list[str], str, str]] = {
    "channel": ("resident_channel", [], "city-centre", "99"),
    "grid": ("grid_worker", [], "s1-centre", "990101001001"),
    "clerk": ("acceptance_clerk", ["dispatcher"], "s1-centre", "990101001"),
    "d1-clerk": ("acceptance_clerk", [], "d1-centre", "990101"),
    "d1-dispatcher": ("dispatcher", [], "d1-centre", "990101"),
    "d2-clerk": ("acceptance_clerk", ["dispatcher"], "d2-centre", "990102"),
    "receiver": ("receiving_clerk", [], "s1-office", "990101001"),
    "worker": ("unit_worker", [], "s1-office", "990101001"),
    "head": ("unit_head", [], "s1-office", "990101001"),
    "d1-receiver": ("receiving_clerk", [], "d1-urban", "990101"),
    "d1-worker": ("unit_worker", [], "d1-urban", "990101"),
    "property": ("receiving_clerk", [], "s1-property", "990101001"),
    "checker": ("checker", [], "s1-watch", "990101001"),
    "d1-checker": ("checker", [], "d1-watch", "990101"),
    "supervisor": ("supervisor", [], "d1-centre", "990101"),
    "leader": ("leader", [], "d1-centre", "990101"),
    "system": ("system_admin", [], "city-centre", "99"),
    "security": ("security_admin", [], "city-centre", "99"),
    "audit": ("audit_admin", [], "city-centre", "99"),
    "s2-clerk": ("acceptance_clerk", ["dispatcher"], "s2-centre", "990101002"),
}
# kind → limits of its filing conditions
CONDITIONS = {
    "01001": ("2 urgent_hour", "4 work_hour", "2 work_day", "5 work_day"),
    "06010": ("4 work_hour",),
    "06012": ("2 work_hour",),
}
PASSWORD = "a long test password"


def build() -> None:
    """Fill an empty database with the tiny city."""
    from civicloop.calendars import actions as calendars
    from civicloop.catalogue import actions as catalogue
    from civicloop.catalogue.models import FilingCondition, Kind, Responsibility
    from civicloop.foundation import caches, clock
    from civicloop.people import access, actions, delegation
    from civicloop.places.models import Area, AreaVersion, LayerRevision
    from civicloop.procedures import actions as procedures
    from civicloop.procedures.rules.reading import SHIPPED
    from civicloop.records import actions as records

    system = access.system("tests")
    with clock.at(BEGINNING):
        # tests that are about it set it themselves
        records.set_setting(
            actor_id=None, post_id=None, actor_words="tests", code="sign_in.second_factor", value="nobody"
        )
        areas: dict[str, Any] = {}
        for code, (level, parent, name, square) in AREAS.items():
            areas[code] = Area.objects.create(level=level, created_at=BEGINNING)
            AreaVersion.objects.create(
                area=areas[code],
                code=code,
                names={"zh-hans": name},
                parent=areas[parent] if parent else None,
                layer="full_grid" if level == "grid" else "admin",
                synthetic=True,
                polygon=shapely.to_wkb(shapely.box(*square)),
                source="tests",
                valid_from=BEGINNING,
            )
        LayerRevision.objects.update_or_create(id=1, defaults={"revision": 1})
        units = {
            code: actions.create_unit(
                system,
                code=code,
                unit_names={"zh-hans": name},
                kind=kind,
                area_id=areas[area].id,
                duty_phone="022-0000",
            )
            for code, (kind, area, name) in UNITS.items()
        }
        for user, (role, also, unit, area) in POSTS.items():
            account = actions.create_account(
                system,
                username=user,
                account_names={"zh-hans": f"测试{user}"},
                password=PASSWORD if user in {"grid", "clerk"} else None,
            )
            post = actions.create_post(
                system, code=f"{user}-post", role=role, also=also, unit_id=units[unit].id, area_id=areas[area].id
            )
            actions.hold(system, account_id=account.id, post_id=post.id)
        calendars.load_shipped(actor_id=None, actor_words="tests")
        catalogue.load_folders(system, folders=[catalogue.NATIONAL])
        for code, area in (("s1-office", "990101001"), ("d1-urban", "990101")):
            Responsibility.objects.create(
                area_id=areas[area].id,
                unit_id=units[code].id,
                priority=10,
                reason={"zh-hans": "测试权责"},
                valid_from=BEGINNING,
            )
        for code, limits in CONDITIONS.items():
            kind = Kind.objects.get(standard__code="GB/T 47678.5-2026", family="matter", code=code)
            for number, limit in enumerate(limits, start=1):
                FilingCondition.objects.create(
                    kind=kind,
                    no=number,
                    names={"zh-hans": f"条件{number}"},
                    closing={"zh-hans": "恢复原状"} if number == 1 else {},  # defaults have no closing words
                    limit=limit,
                    source="city",
                    note={},
                    valid_from=BEGINNING,
                )
        delegation.delegate(
            system,
            delegation.Wanted(
                from_unit="d1-urban", to_unit="s1-centre", area_id=areas["990101001"].id, query=True, act=True,
                purpose="帮办代办", valid_from=BEGINNING, valid_to=BEGINNING.replace(year=2040),
                paper_number="测试〔2020〕1号", paper_date=BEGINNING.date(),
            ),
        )  # fmt: skip
        paths = [
            SHIPPED / f"{code}.toml" for code in ("grid-event", "visit-problem", "delegated-service", "common-problem")
        ]
        procedures.load_files(actor_id=None, paths=paths, effective_from=BEGINNING)
    caches.forget_all()


@dataclass(frozen=True)
class People:
    """Actors by sign-in name."""

    def __getattr__(self, name: str) -> Any:
        return actor(name.replace("_", "-"))


def actor(user: str) -> Any:
    """The actor of a user in the post that bears the user's name."""
    from civicloop.people.models import Account, Post
    from civicloop.people.selectors import actors_of_account

    post = Post.objects.get(code=f"{user}-post").id
    return next(each for each in actors_of_account(Account.objects.get(username=user).id) if each.post_id == post)


def hire(user: str, role: str, of: str, area: str, *also: str) -> Any:
    """One more user with a post that bears the user's name; the actor."""
    from civicloop.people import access, actions
    from civicloop.places import selectors as areas

    system = access.system("tests")
    account = actions.create_account(system, username=user, account_names={"zh-hans": user}, password=None)
    post = actions.create_post(
        system, code=f"{user}-post", role=role, also=list(also), unit_id=unit(of),
        area_id=areas.by_code(area).id,
    )  # fmt: skip
    actions.hold(system, account_id=account.id, post_id=post.id)
    return actor(user)


def token(user: str) -> str:
    """A bearer token of a user's only post."""
    from civicloop.people import access, actions
    from civicloop.people.models import Holding

    holding = Holding.objects.get(account__username=user, post__code=f"{user}-post")
    return actions.create_token(access.system("tests"), account_id=holding.account_id, post_id=holding.post_id)


def unit(code: str) -> int:
    """The id of a unit."""
    from civicloop.people.models import Unit

    return Unit.objects.get(code=code).id
