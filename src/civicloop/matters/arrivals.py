"""报到: a unit that was called says that somebody is at the place; whoever whistled rates the units. Never persons.

A place is taken at this one act only, where the one who arrives sends it: it stands in the timeline as an erasable
text, and how far it was from the matter as a plain number.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from civicloop.foundation import coordinates
from civicloop.matters import engine, errors, timeline
from civicloop.matters.errors import Refused, invalid
from civicloop.matters.plans import Plan
from civicloop.matters.reading import Reading
from civicloop.matters.rows import Rows
from civicloop.matters.values import Act
from civicloop.people import access
from civicloop.people.access import Actor

ACTION = "rate_part"
STARS = range(1, 6)
RATED = "responder_rated"  # the fact that counts a rating of a unit


def place(draft: timeline.Draft, seen: Reading, value: Any) -> None:
    """Keep where an arrival was given: {"lon", "lat", "crs"}. Raises Refused for what is no point."""
    if value in (None, "", {}):
        return
    lon, lat = _point(value)
    draft.texts["point"] = f"{lon:.7f},{lat:.7f}"
    if seen.row["lon"] is not None:
        draft.plain["distance_m"] = round(coordinates.metres((lon, lat), (seen.row["lon"], seen.row["lat"])))


def _point(value: Any) -> tuple[float, float]:
    words = _("The place must be lon, lat and crs.")
    if not isinstance(value, Mapping):
        raise invalid("place", "not_a_point", words)
    try:
        lon, lat = float(value["lon"]), float(value["lat"])
        if not (abs(lon) <= 180 and abs(lat) <= 90):  # also what is no number
            raise ValueError
        return coordinates.to_wgs84(lon, lat, str(value.get("crs", "")))
    except (KeyError, TypeError, ValueError, OverflowError):
        raise invalid("place", "not_a_point", words) from None


def rate(actor: Actor, wanted: Act, seen: Reading) -> Plan:
    """Rate the unit of an answered part, once: {"task": no, "stars": 1–5, "note": text}, by those whom it names."""
    task = next((each for each in seen.tasks if each["no"] == wanted.data.get("task") and not each["lead"]), None)
    by = seen.procedure.tasks[task["group"]].rated_by if task is not None else ()
    if task is None or not by:
        raise Refused("no_such_task", 409, _("There is no such part to be rated."))
    if not stands_for(actor, seen, by):
        raise errors.forbidden()
    if task["state"] != "answered":
        raise Refused("not_answered", 409, _("This part is not answered yet."))
    if task["stars"] is not None:
        raise Refused("rated", 409, _("This part is rated already."))
    stars = wanted.data.get("stars")
    if not isinstance(stars, int) or isinstance(stars, bool) or stars not in STARS:
        raise invalid("stars", "out_of_range", _("Rate with one to five stars."))
    note = wanted.data.get("note") or ""
    if not isinstance(note, str) or len(note) > 2000:
        raise invalid("note", "too_long", _("Write at most %(most)s characters.") % {"most": 2000})
    rows = Rows()
    rows.tasks_changed.append({"no": task["no"], "state": task["state"], "answer": task["answer"], "stars": stars})
    rows.fact(RATED, task["unit_id"], detail=str(stars))
    plain = {"task": task["no"], "stars": stars, "rated": task["unit_id"]}
    return Plan(ACTION, None, timeline.Draft(plain=plain, texts={"note": note} if note else {}), rows)


def stands_for(actor: Actor, seen: Reading, by: tuple[str, ...]) -> bool:
    """Whether the actor is one of these holders of the matter."""
    for who in by:
        post, of, value = engine.relation(seen.procedure, who, seen.row["seats"])
        if actor.kind == "staff" and access.stands_for(actor, post=post, of=of, value=value, subject=seen.subject):
            return True
    return False
