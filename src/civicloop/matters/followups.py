"""What an act leads to by itself: automatic acts of the procedure, sub-matters, parents' parts, raised sampling shares.

Each is an act of its own with an id derived from its cause, so running it twice changes nothing. A process that dies
between an act and what follows leaves it to `jobs`, which looks for the same causes.
"""

from uuid import NAMESPACE_OID, UUID, uuid5

from civicloop.foundation import clock, locality
from civicloop.matters import clustering, reading, sampling
from civicloop.matters.errors import Refused
from civicloop.matters.reading import Reading
from civicloop.people import access
from civicloop.procedures.rules import run
from civicloop.procedures.rules.language import Move

SYSTEM = access.system("procedure")
ENOUGH = 8  # automatic acts in a row; the proof forbids endless ones, a fault must not hang a request


def derived(matter_id: UUID, seq: int, what: str) -> UUID:
    """The act id of something that follows from entry `seq` of a matter."""
    return uuid5(NAMESPACE_OID, f"{matter_id}:{seq}:{what}")


def after_act(matter_id: UUID) -> None:
    """Do what follows from the present state of a matter, until nothing does."""
    for _round in range(ENOUGH):
        seen = reading.read(matter_id)
        if seen is None:
            return
        open_children(seen)
        if seen.row["lead_id"] is not None and clustering.settle(seen):
            continue
        if seen.row["end"]:
            if seen.row["parent_id"]:
                tell_parent(seen)
            return
        if not automatic_act(seen):
            return


def has_automatic(seen: Reading) -> bool:
    """Whether the procedure acts by itself at the step where the matter stands."""
    return any("system" in move.by for move in seen.procedure.moves_from.get(seen.row["step"], ()))


def automatic_act(seen: Reading) -> bool:
    """Do the automatic act that is possible now; False when there is none."""
    from civicloop.matters import actions

    if not has_automatic(seen):
        return False
    now = clock.now()
    given = actions.given_for(seen, SYSTEM, {}, now)
    state = seen.state
    offers = [
        move
        for move in run.candidates(seen.procedure, state)
        if "system" in move.by and run.refusal(seen.procedure, state, move, given) is None
    ]
    if not offers:
        return False
    move, drawn = _choose(seen, offers)
    wanted = actions.Act(seen.id, move.action, derived(seen.id, seen.row["seq"], move.action), move.result)
    try:
        actions.act(SYSTEM, wanted, follow=False, kept=drawn)
    except Refused:
        return False  # somebody acted meanwhile; what follows from that is theirs to start
    return True


def _choose(seen: Reading, offers: list[Move]) -> tuple[Move, dict[str, object]]:
    """The one to do: for a sample the draw decides, otherwise the first."""
    sampled = [move for move in offers if move.sample]
    if not sampled:
        return offers[0], {}
    sample = seen.procedure.samples[sampled[0].sample or ""]
    day = clock.now().astimezone(locality.zone()).date()
    drawn, kept = sampling.draw(seen.procedure, sample, matter_id=seen.id, area_id=seen.row["subdistrict_id"], day=day)
    return next(move for move in sampled if move.drawn is drawn), dict(kept)


def open_children(seen: Reading) -> None:
    """Report the sub-matters whose ids were allotted when their parts were opened."""
    from civicloop.matters import actions
    from civicloop.matters.models import Matter

    waiting = {
        UUID(task["child_id"]): seen.procedure.tasks[task["group"]].matter
        for task in seen.tasks
        if task["child_id"] and task["state"] == "open"
    }
    if not waiting:
        return
    present = set(Matter.objects.filter(id__in=waiting).values_list("id", flat=True))
    parent = Matter.objects.get(id=seen.id)
    for child_id, code in waiting.items():
        if child_id in present:
            continue
        actions.report(
            SYSTEM,
            actions.NewMatter(
                id=child_id, title=parent.title, text=parent.text, procedure=code or "", channel="parent",
                lon=parent.lon, lat=parent.lat, crs="wgs84" if parent.lon is not None else "", address=parent.address,
                area=_area_code(seen), parent_id=seen.id, confidentiality=parent.confidentiality,
                complained_of=tuple(parent.complained_of),
            ),
        )  # fmt: skip


def _area_code(seen: Reading) -> str:
    """The code of the deepest area of a matter; empty outside every area."""
    from civicloop.places import selectors as places

    deepest = next((seen.areas[level] for level in reversed(access.LEVELS) if level in seen.areas), None)
    return places.area(deepest).code if deepest is not None else ""


def tell_parent(seen: Reading) -> None:
    """Answer the parent's part that this matter was; the answer is the step at which it ended."""
    from civicloop.matters import actions

    parent = reading.read(seen.row["parent_id"])
    if parent is None:
        return
    task = next((t for t in parent.tasks if t["child_id"] == str(seen.id) and t["state"] == "open"), None)
    if task is None:
        return
    act = actions.Act(
        parent.id, "answer_part", derived(seen.id, seen.row["seq"], "answer_part"),
        data={"task": task["no"], "answer": seen.row["step"]},
    )  # fmt: skip
    actions.act(SYSTEM, act)
