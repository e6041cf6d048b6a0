"""One cause, many reports: what many residents of one community report within hours, and how the desk joins it.

The words are the city's (`[[cluster]]` of the demonstration's texts). Everything goes through the real actions; ids
come from the seed, so that repeating it changes nothing.
"""

import random
import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import shapely

from civicloop.foundation import clock
from civicloop.matters import actions, merging
from civicloop.matters.actions import Act, NewMatter
from civicloop.matters.models import Matter
from civicloop.ops.demo import scripts
from civicloop.ops.demo.cast import Cast
from civicloop.ops.demo.player import identifier
from civicloop.people.access import ANONYMOUS
from civicloop.people.models import Holding
from civicloop.places import selectors as places
from civicloop.places.models import AreaVersion

LAST = timedelta(hours=3)  # before now: the newest report
ROLE = "acceptance_clerk"


def play(*, folder: Path, seed: int, now: datetime) -> int:
    """Report and join what the city's texts tell; how many reports were joined."""
    texts = tomllib.loads((folder / "demo" / "texts.toml").read_text(encoding="utf-8"))
    with clock.at(now):
        cast, home = Cast.read(), _home()
        if home is None:
            return 0
        return sum(
            _one(cast, each, home, random.Random(f"{seed}:cluster:{number}"), now - number * timedelta(days=3))
            for number, each in enumerate(texts.get("cluster", []))
        )


def _home() -> int | None:
    """A community at whose desk somebody of the demonstration's sign-ins sits."""
    desks = Holding.objects.filter(until=None, account__demonstration=True, post__role=ROLE)
    area = desks.filter(post__area__level__in=["community", "subdistrict"]).order_by("post__code")
    found = area.values_list("post__area_id", "post__area__level").first()
    if found is None:
        return None
    if found[1] == "community":
        return int(found[0])
    below = [ref for ref in places.children(found[0]) if ref.level == "community"]
    return below[0].id if below else None


def _one(cast: Cast, told: dict[str, Any], community: int, draw: random.Random, now: datetime) -> int:
    """One cause: its reports in the order of their moments, then the desk."""
    grids = AreaVersion.objects.filter(valid_to=None, parent_id=community, area__level="grid").order_by("code")
    polygons = [shapely.from_wkb(bytes(polygon)) for polygon in grids.values_list("polygon", flat=True) if polygon]
    if not polygons:
        return 0
    middle = shapely.point_on_surface(polygons[0])
    many = int(told["reports"])
    moments = sorted(now - LAST - timedelta(minutes=draw.uniform(0, 240)) for _n in range(many))
    made: list[UUID] = []
    for moment in moments:
        with clock.at(moment):
            text = str(draw.choice(told["texts"])).format(n=draw.randint(1, 20), m=draw.randint(1, 6))
            new = NewMatter(
                id=identifier(draw, moment), title=scripts.title_of(text), text=text, crs="wgs84",
                lon=round(middle.x + draw.uniform(-4, 4) / 10_000, 6),
                lat=round(middle.y + draw.uniform(-4, 4) / 10_000, 6),
            )  # fmt: skip
            made.append(actions.report(ANONYMOUS, new).id)
    with clock.at(moments[-1] + timedelta(minutes=20)):
        return _at_desk(cast, str(told["kind"]), made)


def _at_desk(cast: Cast, kind: str, made: list[UUID]) -> int:
    """The clerk files and dispatches the first report and joins the others to it."""
    lead, *others = made
    row = Matter.objects.get(id=lead)
    areas = {level: getattr(row, f"{level}_id") for level in ("community", "subdistrict", "district")}
    clerk = cast.at_desk(ROLE, {level: area for level, area in areas.items() if area is not None})
    if Matter.objects.filter(id=lead, step="reported").exists():
        filed = Act(lead, "file", uuid5(lead, "file"), data={"condition": scripts.condition(kind)})
        actions.act(clerk, filed)
        if "dispatcher" in clerk.roles:
            actions.act(clerk, Act(lead, "dispatch", uuid5(lead, "dispatch")))
    run = merging.begin(clerk, merging_id=uuid5(lead, "cluster"), lead_id=lead, matter_ids=others)
    while merging.go_on(run.id):
        pass
    return merging.progress(run).joined
