"""Lawful erasure of one matter, as a list that two persons have made and approved does it."""

from datetime import timedelta
from uuid import UUID

from civicloop.foundation import clock
from civicloop.matters import erasure
from civicloop.matters.models import ErasureList, Matter
from tests import world


def lawfully(matter: UUID) -> ErasureList:
    """Destroy the texts of a matter now, as if it had ended eleven years ago."""
    before = Matter.objects.values("step", "end", "ended_at").get(id=matter)
    long_ago = clock.now() - timedelta(days=366 * 11)
    Matter.objects.filter(id=matter).update(step="not_filed", end="not_filed", ended_at=long_ago)
    made = erasure.propose(world.actor("security"), rule="texts")
    erasure.decide(world.actor("audit"), list_id=made.id, yes=True, reason="")
    assert erasure.carry_out() == 1
    Matter.objects.filter(id=matter).update(**before)
    return made
