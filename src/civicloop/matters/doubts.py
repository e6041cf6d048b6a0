"""Reports without a sign-in that look as if no person had sent them: taken in like all others, but shown apart.

Nobody solves a puzzle and nothing is lost: number, check code, deadline and timeline are those of any report. Only the
list of the desk leaves it out until somebody has let it through, or has ended it as any other. The rules are plain and
told to whoever looks; each of them is wrong now and then, and none of them refuses anything.
"""

import re
import time
from collections.abc import Collection
from uuid import UUID

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.foundation import clock
from civicloop.foundation.throttle import network
from civicloop.matters import errors, timeline
from civicloop.matters.choices import DoubtReason
from civicloop.matters.errors import Refused, too_often
from civicloop.matters.models import Doubt
from civicloop.matters.plans import Plan
from civicloop.matters.reading import Reading
from civicloop.matters.rows import Rows
from civicloop.matters.values import Act, Done, NewMatter
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.records.tries import SharedThrottle

ACTION = "trust_report"
# beyond the first, a network is asked to wait; many before that, and the same words again, only ask for a look
REPORTS = SharedThrottle("report", most=30, seconds=600)
WORDS = SharedThrottle("report-words", most=1_000_000, seconds=86_400)
MANY, SAME, LINKS = 10, 5, 2
SHORT = 20  # signs; "the lamp is out" is said by many people in the same words
HASTE = 3.0  # seconds; whoever can read the page and write a sentence takes longer
_SALT = "civicloop.matters.doubts"
_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)


def form_mark() -> str:
    """What a page's form carries, so that its age is known when it comes back. In real time."""
    return signing.dumps(round(time.time(), 1), salt=_SALT)


def _age(mark: str) -> float:
    """How old a form is; endless where there is no mark that we made (a page that was kept, a program)."""
    try:
        return time.time() - float(signing.loads(mark, salt=_SALT))
    except (signing.BadSignature, TypeError, ValueError):
        return float("inf")


def weigh(new: NewMatter, address: str, *, mark: str = "", trap: str = "") -> list[str]:
    """Count a report of somebody without a sign-in, and say why it should be looked at first; mostly nothing.

    One statement counts network and words. Raises Refused too_often (429) beyond the bound of a network.
    """
    said = re.sub(r"\W+", "", f"{new.title}{new.text}").casefold()
    wait, many, same = REPORTS.wait_beside(network(address), WORDS, said[:2000])
    if wait:
        raise too_often(wait)
    found = {
        DoubtReason.TRAP: bool(trap.strip()), DoubtReason.HASTE: _age(mark) < HASTE, DoubtReason.MANY: many > MANY,
        DoubtReason.SAME: len(said) >= SHORT and same >= SAME,
        DoubtReason.LINKS: len(_LINK.findall(f"{new.title} {new.text}")) >= LINKS,
    }  # fmt: skip
    return [str(reason) for reason, so in found.items() if so]


def put_apart(matter_id: UUID, reasons: list[str]) -> None:
    """Keep why a report waits apart; the same report sent again changes nothing."""
    if reasons:
        Doubt.objects.get_or_create(matter_id=matter_id, defaults={"reasons": reasons, "found_at": clock.now()})


def waiting(matter_ids: Collection[UUID]) -> set[UUID]:
    """Those of some matters that wait apart and that nobody has let through yet."""
    rows = Doubt.objects.filter(matter_id__in=matter_ids, trusted_at=None)
    return set(rows.values_list("matter_id", flat=True))


def trust(actor: Actor, matter_id: UUID, act_id: UUID) -> Done:
    """Let a report through to the desk, with an entry in its timeline. Raises Refused not_found, forbidden, 409."""
    from civicloop.matters import actions

    with transaction.atomic():
        done = actions.act(actor, Act(matter_id, ACTION, act_id), kept={"trusted": True})
        if done.status == 201:
            now = {"trusted_at": clock.now(), "trusted_by": actor.account_id, "trusted_post": actor.post_id}
            if not Doubt.objects.filter(matter_id=matter_id, trusted_at=None).update(**now):
                raise Refused("not_in_doubt", 409, _("Somebody else has looked at this already."))
    return done


def plan(actor: Actor, _wanted: Act, seen: Reading) -> Plan:
    """The entry; it moves nothing. Who has the report at the desk lets it through."""
    from civicloop.matters import selectors

    if not access.may(actor, "matters.list").allowed or not selectors.waits_at(actor, seen.id):
        raise errors.forbidden()
    doubt = Doubt.objects.filter(matter_id=seen.id, trusted_at=None).first()
    if doubt is None:
        raise Refused("not_in_doubt", 409, _("Somebody else has looked at this already."))
    return Plan(ACTION, None, timeline.Draft(plain={"reasons": sorted(doubt.reasons)}), Rows())
