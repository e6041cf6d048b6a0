"""Whose matters a post's map may show, decided before anything is read.

An area's post reads counts of its own area, the city's those of the city; units that answer for matters, grids and
posts that need a delegation read the matters that they may see themselves, one by one (matters.selectors.ways).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.places import selectors as places
from civicloop.places.models import LEVELS
from civicloop.procedures import selectors as procedures

DUTY = "map.view"


@dataclass(frozen=True, slots=True)
class Reach:
    """What is read: everything, one district, a smaller area, the own matters one by one, or nothing.

    `level` and `area_id` are the area that bounds it, `within` itself and all below it down to the community, `upper`
    those down to the subdistrict. `classes` are the main classes of the post, none for all.
    """

    kind: Literal["all", "district", "small", "own", "none"]
    level: str = "city"
    area_id: int = 0
    within: tuple[int, ...] = ()
    upper: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()


NONE = Reach("none")


def reach(actor: Actor, area: places.AreaRef | None = None) -> Reach:
    """What the post's map reads, within `area` where one is chosen; nothing for an area outside of the post's own."""
    bound = access.scope(actor)
    if not access.may(actor, DUTY).allowed or bound.nothing:
        return NONE
    if bound.everything:
        return _of_area(area)
    classes = tuple(sorted(bound.classes))
    withheld = any(bound.area_bound_by(posts) for posts in procedures.by_delegation())
    if not bound.level or withheld or bound.level == "grid":
        wanted = area if area is not None and area.level != "city" else None
        return Reach("own", wanted.level if wanted else "city", wanted.id if wanted else 0)
    if bound.level == "city" or bound.area_id is None:
        return replace(_of_area(area), classes=classes)
    own = places.area(bound.area_id)
    if area is None or area.id in {step.id for step in places.path(own.id).values()}:
        return replace(_of_area(own), classes=classes)
    if own.id in {step.id for step in places.path(area.id).values()}:
        return replace(_of_area(area), classes=classes)
    return NONE


def _of_area(area: places.AreaRef | None) -> Reach:
    if area is None or area.level == "city":
        return Reach("all")
    if area.level == "grid":
        return Reach("own", area.level, area.id)
    below, upper = [area.id], [area.id]
    for level in range(LEVELS.index(area.level), LEVELS.index("community")):
        below += [each.id for each in _below(below, LEVELS[level + 1])]
        if LEVELS[level + 1] == "subdistrict":
            upper = list(below)
    kind: Literal["district", "small"] = "district" if area.level == "district" else "small"
    return Reach(kind, area.level, area.id, tuple(sorted(below)), tuple(sorted(upper)))


def _below(above: Sequence[int], level: str) -> list[places.AreaRef]:
    return [each for one in above for each in places.children(one) if each.level == level]


def home(actor: Actor) -> places.AreaRef:
    """The area that a post's map opens with. Raises UnknownArea while there is no city."""
    if actor.area_id is None:
        return places.root()
    return places.area(actor.area_id)
