"""Weights of scores: proposed by one person, decided by another, in force from the next month on, sealed with it.

A district decides for what lies in it, the city for all others. What is sealed for a month is never looked up again
anywhere else: formulas, weights, grades and roster all come from its baseline.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from civicloop.figures import definitions, keeping, periods, rules, scoring, selectors
from civicloop.figures.models import Baseline, Weighting, WeightingDecision
from civicloop.figures.rules import Set
from civicloop.figures.scoring import Score
from civicloop.figures.selectors import Cut
from civicloop.foundation import chain, clock
from civicloop.foundation.canonical import canonical
from civicloop.matters.errors import Refused, invalid
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.records import days

DUTY = "figures.weigh"
LONGEST = 300
CITY = 0  # the area of weights for the whole city


def _area_of(actor: Actor) -> int:
    """The area for which somebody decides: the city or a district. Raises Refused."""
    bound = selectors.bound_of(actor)
    if not access.may(actor, DUTY).allowed or bound.unit_id is not None or bound.level not in {"city", "district"}:
        raise Refused("forbidden", 403, _("Your post decides on no weights."))
    return bound.area_id


def may(actor: Actor) -> bool:
    """Whether somebody may propose weights."""
    try:
        _area_of(actor)
    except Refused:
        return False
    return True


def propose(actor: Actor, *, object: str, weights: Mapping[str, int], reason: str) -> Weighting:
    """Propose weights for areas or units. Raises Refused forbidden, missing, wrong_weights."""
    area = _area_of(actor)
    if object not in scoring.OBJECTS:
        raise invalid("object", "not_offered", _("Choose one of: %(choices)s") % {"choices": "area, unit"})
    if not reason.strip() or len(reason) > LONGEST or "\x00" in reason:
        raise invalid("reason", "missing", _("Say why, in at most %(most)s characters.") % {"most": LONGEST})
    found = {code: weight for code, weight in weights.items() if weight}
    try:
        scoring.check(found, definitions.in_force(_next_month()).indicators)
    except scoring.WrongWeights:
        words = _("Weights are whole numbers for rates that say what is better, and make 100 together.")
        raise invalid("weights", "wrong_weights", words) from None
    with transaction.atomic():
        made = Weighting.objects.create(
            area_id=area, object=object, weights=found, reason=reason.strip(), proposed_by=actor.account_id or 0,
            proposed_role=_role(actor), proposed_at=clock.now(),
        )  # fmt: skip
        keeping.tell(actor, "figures.weights_propose", f"weights {made.pk}", _digest(made))
    return made


def decide(actor: Actor, number: int, *, yes: bool) -> WeightingDecision:
    """Say yes or no to what somebody else proposed. Raises Refused forbidden, not_found, own, decided."""
    area = _area_of(actor)
    row = Weighting.objects.filter(pk=number, area_id=area).first()
    if row is None:
        raise Refused("not_found", 404, _("There is no such proposal."))
    if row.proposed_by == actor.account_id:
        raise Refused("own", 403, _("Somebody else decides on what you proposed."))
    try:
        with transaction.atomic():
            made = WeightingDecision.objects.create(
                weighting=row, yes=yes, proposed_by=row.proposed_by, decided_by=actor.account_id or 0,
                decided_role=_role(actor), decided_at=clock.now(), valid_from=_next_month() if yes else None,
            )  # fmt: skip
            if yes:
                keeping.tell(actor, "figures.weights_approve", f"weights {row.pk}", _digest(row))
            else:
                keeping.tell(actor, "figures.weights_decline", f"weights {row.pk}", _digest(row))
    except IntegrityError:
        raise Refused("decided", 409, _("This was decided already.")) from None
    return made


def waiting(actor: Actor, *, object: str, weights: Mapping[str, int], reason: str) -> Weighting | None:
    """The same proposal of the same person that nobody has decided on yet. Raises Refused forbidden."""
    found = {code: weight for code, weight in weights.items() if weight}
    rows = Weighting.objects.filter(
        area_id=_area_of(actor), proposed_by=actor.account_id or 0, object=object, decision=None
    )
    return next((row for row in rows if row.weights == found and row.reason == reason.strip()), None)


def decided(actor: Actor, number: int, *, yes: bool) -> Weighting | None:
    """What the same person has answered so before. Raises Refused forbidden."""
    rows = Weighting.objects.select_related("decision").filter(pk=number, area_id=_area_of(actor))
    return rows.filter(decision__decided_by=actor.account_id or 0, decision__yes=yes).first()


def _role(actor: Actor) -> str:
    return min(actor.roles, default="")


def _digest(row: Weighting) -> bytes:
    return chain.digest(canonical({"area": row.area_id, "object": row.object, "weights": row.weights}))


def _next_month() -> date:
    return periods.of_kind(periods.MONTH, days.day_of(clock.now())).until


def in_force(month: date) -> dict[str, dict[str, dict[str, int]]]:
    """area → object → weights for a month, by the newest decision of each; area "0" holds for all others."""
    told = scoring.shipped()
    found: dict[str, dict[str, dict[str, int]]] = {str(CITY): {each: told[each] for each in scoring.OBJECTS}}
    rows = Weighting.objects.filter(decision__yes=True, decision__valid_from__lte=month)
    for row in rows.order_by("decision__valid_from", "decision__decided_at", "pk"):
        found.setdefault(str(row.area_id), {})[row.object] = row.weights
    return found


def sealed(month: date) -> dict[str, Any]:
    """What the baseline of a month holds of scores (baselines.seal)."""
    return {
        "definitions": definitions.content(month), "weights": in_force(month), "grades": scoring.shipped()["grades"],
    }  # fmt: skip


def listed(actor: Actor) -> list[Weighting]:
    """All proposals of the city and of the reader's district, the newest first."""
    bound = selectors.bound_of(actor)
    rows = Weighting.objects.select_related("decision").order_by("-pk")
    if bound.area_id:
        rows = rows.filter(area_id__in=[CITY, *selectors.path_of(bound.area_id).values()])
    return list(rows[:100])


# -- scores ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scored:
    """A month's scores: one line a member in the order of codes (never ranked), with what they were measured by."""

    cut: Cut
    rows: Sequence[tuple[str, str, str, Score]]  # member, name, code
    weights: Mapping[str, int]
    chosen: Set
    grades: Mapping[str, int]
    digest: str


def scores(actor: Actor, cut: Cut) -> Scored | None:
    """The scores of the parts of an area, or of its units, in a month; None for a month that is not sealed so."""
    baseline = Baseline.objects.filter(month=cut.period.since).first() if cut.period.kind == periods.MONTH else None
    if baseline is None or "weights" not in baseline.content or cut.by not in scoring.OBJECTS:
        return None
    content = baseline.content
    weights = _weights_of(cut, content["weights"])
    chosen = rules.read(content["definitions"])
    used = frozenset().union(*(chosen.indicators[code].measures for code in weights))
    sums = selectors.sums_by_member(cut, used)
    roster = frozenset(content["areas" if cut.by == scoring.AREA else "units"])
    rows = []
    for member, name, code in selectors.names_of(cut, set(sums)):
        if not code:
            continue  # what has no area is nobody's
        values = {each: rules.value_of(chosen.indicators[each], sums.get(member, {})) for each in weights}
        rows.append(
            (member, name, code, scoring.score(values, weights, chosen, content["grades"], listed=code in roster))
        )
    return Scored(cut, rows, weights, chosen, content["grades"], bytes(baseline.digest).hex())


def _weights_of(cut: Cut, told: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Mapping[str, int]:
    """The weights of the district that is looked at, else those of the city; the heaviest first."""
    own = told.get(str(cut.path.get("district", CITY)), {})
    found = own.get(cut.by) or told[str(CITY)][cut.by]
    return dict(sorted(found.items(), key=lambda each: (-each[1], each[0])))
