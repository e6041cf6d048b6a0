"""Why an account does (not) see a matter or open a page: each post with the conditions of `access`, in plain words.

What is told of a matter is that the conditions fit or not, nothing of what it is about; each question leaves its line.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from civicloop.people import access, rights
from civicloop.people.access import DUTIES, Actor, Explanation, Step, Subject
from civicloop.people.actions import note, require
from civicloop.people.choices import Role
from civicloop.people.models import Account, Post
from civicloop.people.selectors import actors_of_account

PUBLIC = "public"  # the duty of pages that everybody may open
# code of a condition → (words when it fits, words when it does not); a test holds it complete
WORDS: Mapping[str, tuple[Promise, Promise]] = {
    "system": (_("The platform itself may."), _("It is not the platform itself.")),
    "check_code": (_("The check code of this matter was shown."), _("The check code is of another matter.")),
    "signed_in": (_("Somebody has signed in."), _("Nobody has signed in.")),
    "scope": (_("The token's scopes name it."), _("The token's scopes do not name it.")),
    "duty": (_("A role of the post opens it."), _("No role of the post opens it.")),
    "matters": (_("A role of the post works with matters."), _("No role of the post works with matters.")),
    "complaint": (
        _("It is no complaint about a unit in which the person has a post."),
        _("It is a complaint about a unit in which the person, or somebody stood in for, has a post."),
    ),
    "delegation": (
        _("The affair is delegated to the post or its unit, for this kind and place."),
        _("The post works on such affairs by delegation only, and none in force fits this kind and place."),
    ),
    "unit": (_("The unit of the post takes part in it."), _("The unit of the post does not take part in it.")),
    "person": (_("The person takes part in it."), _("The person does not take part in it.")),
    "confidentiality": (
        _("The post is cleared for its confidentiality."),
        _("It is more confidential than the post is cleared for."),
    ),
    "kind": (_("The post is for its main class."), _("The post is for other main classes.")),
    "area_role": (
        _("A role of the post sees every matter of its area."),
        _("No role of the post sees a whole area: only what the unit or the person takes part in."),
    ),
    "area": (_("It lies in the area of the post."), _("It lies outside the area of the post.")),
}


@dataclass(frozen=True)
class Line:
    """A condition in words; `settles` is the one that decided."""

    code: str
    fits: bool
    words: str
    settles: bool


@dataclass(frozen=True)
class PostAnswer:
    """What one post comes to. `state` is now (access decides), to_come, past, off, or for a stand-in waiting."""

    code: str
    post: Post | None
    standing_in: bool
    state: str
    allowed: bool
    lines: list[Line]
    apart: bool | None = None  # sees it, but may not check it: took part in the handling


@dataclass(frozen=True)
class Answer:
    """The whole answer about an account; without posts when what was asked for is not there for who asks."""

    account: Account
    known: bool
    allowed: bool
    posts: list[PostAnswer]
    roles: list[str]  # of a page: whom it is for
    everybody: bool = False


@transaction.atomic
def ask(
    actor: Actor, account: Account, about: Subject | str | None, *, asked: str,
    took_part: Callable[[Actor], bool] | None = None,
) -> Answer:  # fmt: skip
    """Explain, and leave a line of it. `asked` is what was typed, made safe for the log.

    Nothing (None), and a matter that `actor` must not be told of, have the same answer. `took_part` says of a post that
    sees the matter whether it may not check it. Raises PeopleError `forbidden`.
    """
    require(actor, "rights.view")
    if isinstance(about, Subject) and not access.may_be_told(actor, about):
        about = None
    if about is None:
        found = Answer(account, False, False, [], [])
    elif about == PUBLIC:
        found = Answer(account, True, True, [], [], everybody=True)
    else:
        posts = _answers(account, about, took_part)
        roles = [str(role.label) for role in Role if role in DUTIES[about]] if isinstance(about, str) else []
        found = Answer(account, True, any(post.allowed for post in posts), posts, roles)
    said = "allowed" if found.allowed else "refused" if found.known else "not_found"
    note(actor, "rights.explain", account.username, {"asked": asked[:200], "answer": said})
    return found


def lines(explanation: Explanation) -> list[Line]:
    """The conditions of an explanation in words."""
    return [_line(step, number == explanation.settled) for number, step in enumerate(explanation.steps)]


def _line(step: Step, settles: bool) -> Line:
    fits, fails = WORDS[step.code]
    return Line(step.code, step.fits, str(fits if step.fits else fails), settles)


def _answers(account: Account, about: Subject | str, took_part: Callable[[Actor], bool] | None) -> list[PostAnswer]:
    """The posts that act now as `access` decides, then what is not in force."""
    actors = actors_of_account(account.pk)
    rows = Post.objects.select_related("unit").in_bulk([each.post_id for each in actors])
    found = []
    for each in actors:
        why, post = access.explain(each, about), rows[each.post_id or 0]
        apart = took_part(each) if took_part is not None and why.allowed else None
        borrowed = each.stands_in_from is not None
        found.append(PostAnswer(post.code, post, borrowed, "now", why.allowed, lines(why), apart))
    return found + list(_not_in_force(account, {each.post_id for each in actors}))


def _not_in_force(account: Account, acting: set[int | None]) -> Iterable[PostAnswer]:
    """Posts of the past or to come, of an account that is switched off, and stand-ins that wait."""
    has = rights.of(account)
    for line in has.posts:
        if line.post.pk not in acting:
            yield PostAnswer(line.post.code, line.post, False, line.state if line.state != "now" else "off", False, [])
    for stand_in in has.stand_ins:
        if stand_in.state == "now" and not stand_in.acts_now:
            yield PostAnswer(stand_in.post_code, stand_in.post, True, "waiting", False, [])
