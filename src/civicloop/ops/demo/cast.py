"""Who acts in the demonstration: every holder of a post as an Actor, found by role and place or unit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from civicloop.people import delegation, desks
from civicloop.people.access import Actor
from civicloop.people.models import Holding


@dataclass
class Cast:
    """Actors by (role, unit) and (role, area)."""

    by_unit: dict[tuple[str, int], Actor] = field(default_factory=dict)
    by_area: dict[tuple[str, int], Actor] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Cast":
        """Everybody who holds a post now."""
        cast, delegated = cls(), delegation.of_units()
        rows = Holding.objects.filter(until=None).order_by("-post__code").values_list(
            "account_id", "account__username", "post_id", "post__role", "post__also", "post__unit_id", "post__area_id",
            "post__area__level",
        )  # fmt: skip
        for account, username, post, role, also, unit, area, level in rows:
            actor = Actor(
                kind="staff", words=username, account_id=account, post_id=post, roles=frozenset({role, *also}),
                unit_id=unit, area_id=area, level=level, delegated=delegated.get(unit, ()),
            )  # fmt: skip
            for each in (role, *also):
                cast.by_unit[each, unit] = cast.by_area[each, area] = actor
        return cast

    def at_desk(self, role: str, areas: Mapping[str, int], level: str = "") -> Actor:
        """Who holds `role` for a place (at `level`, when given)."""
        if not level:
            for each in ("community", "subdistrict", "district"):
                if (role, areas.get(each, 0)) in self.by_area:
                    return self.by_area[role, areas[each]]
        if level and (role, areas.get(level, 0)) in self.by_area:
            return self.by_area[role, areas[level]]
        return self.by_unit[role, desks.unit_for(role, areas, level)]

    def of_unit(self, role: str, unit_id: int) -> Actor:
        """Who holds `role` in a unit. Raises KeyError."""
        return self.by_unit[role, unit_id]
