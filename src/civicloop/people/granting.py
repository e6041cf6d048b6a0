"""Posts that reach far are given by two administrators: one asks, another one agrees, neither for the own account.

Far means: one of the three administrations, any clearance for confidential matters, or personal data of a whole city or
district (access.reaches_far). Everything else one security administrator gives, but never to the own account.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from civicloop.foundation import clock
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.actions import PeopleError, begin_holding, hold, needs_second, note, refuse_own_gain, require
from civicloop.people.models import Account, Holding, Post, PostRequest

SHOWN = 50


@transaction.atomic
def give(actor: Actor, *, account_id: int, post_id: int) -> Holding | PostRequest:
    """Give a post, or ask for it where a second administrator has to agree; asked again it is the same request.

    Raises PeopleError `forbidden`, `own_gain`, `separate_hands`, `held_already`.
    """
    require(actor, "posts.change")
    refuse_own_gain(actor, account_id)
    post = Post.objects.select_related("area").get(id=post_id)
    if actor.account_id is None or not needs_second(post):
        return hold(actor, account_id=account_id, post_id=post_id)
    made, new = PostRequest.objects.get_or_create(
        account_id=account_id, post_id=post_id, decided_at=None,
        defaults={"asked_by": actor.account_id, "asked_at": clock.now()},
    )  # fmt: skip
    if new:
        note(actor, "post.ask", post.code, {"user": made.account.username})
    return made


@transaction.atomic
def decide(actor: Actor, *, request_id: int, yes: bool) -> PostRequest:
    """Agree to a request of somebody else, or refuse it. Raises PeopleError `forbidden`, `own_request`, `own_gain`,
    `decided_already`, `separate_hands`, `held_already`; PostRequest.DoesNotExist.
    """
    require(actor, "posts.decide")
    row = PostRequest.objects.select_for_update(no_key=True).get(id=request_id)
    if row.decided_at is not None:
        raise PeopleError("decided_already", _("This was decided already."))
    if actor.account_id is None or actor.account_id == row.asked_by:
        raise PeopleError("own_request", _("Whoever asked does not decide: another administrator has to do it."))
    refuse_own_gain(actor, row.account_id)
    post = Post.objects.get(id=row.post_id)
    if yes:
        if post.valid_to is not None and post.valid_to <= clock.now():
            raise PeopleError("post_ended", _("The post has ended or changed meanwhile: ask anew."))
        begin_holding(actor, account_id=row.account_id, post_id=row.post_id)
    row.decided_by, row.decided_at, row.granted = actor.account_id, clock.now(), yes
    row.save()
    asker = Account.objects.get(id=row.asked_by).username
    note(actor, "post.hold" if yes else "post.refuse", post.code, {"user": row.account.username, "asked_by": asker})
    return row


@dataclass(frozen=True)
class Waiting:
    """A request as the page shows it."""

    id: int
    post: Post
    account: Account
    asked_words: str
    asked_at: datetime
    may_decide: bool


def waiting(actor: Actor) -> list[Waiting]:
    """What waits for a second administrator, oldest first; for those who see the posts."""
    rows = PostRequest.objects.filter(decided_at=None).select_related("account", "post__unit").order_by("id")[:SHOWN]
    names = dict(Account.objects.filter(id__in=[row.asked_by for row in rows]).values_list("id", "username"))
    may = access.may(actor, "posts.decide").allowed
    return [
        Waiting(
            row.pk, row.post, row.account, names.get(row.asked_by, ""), row.asked_at,
            may and actor.account_id not in {row.asked_by, row.account_id},
        )
        for row in rows
    ]  # fmt: skip
