"""How many sessions an account has at once: the newest few; one that is pushed out ends at its next request.

Each session bears a mark of its own, the account the marks of those that hold. A mark opens nothing by itself. Sessions
that began before there were marks have none, and end by their age.
"""

import secrets

from django.db import transaction

from civicloop.people.models import Account
from civicloop.records import audit, settings

MARK = "mark"  # in the session


@transaction.atomic
def begin(account: Account) -> str:
    """The mark of a new session; the oldest ones are pushed out where there would be more than the setting allows."""
    mark = secrets.token_hex(8)
    row = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    kept = row.sessions[max(0, len(row.sessions) + 1 - settings.get_int("sign_in.most_sessions")) :]
    pushed_out = len(row.sessions) - len(kept)
    _keep(account, [*kept, mark])
    if pushed_out:
        _note(account, "session.pushed_out", pushed_out)
    return mark


def holds(account: Account, mark: str) -> bool:
    """Whether a session with this mark still holds."""
    return mark in account.sessions


@transaction.atomic
def end(account: Account, mark: str) -> None:
    """A session was signed out: its place is free."""
    row = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    _keep(account, [each for each in row.sessions if each != mark])


@transaction.atomic
def end_others(account: Account, mark: str) -> int:
    """End every session of the account but the own one; how many there were."""
    row = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    others = [each for each in row.sessions if each != mark]
    _keep(account, [each for each in row.sessions if each == mark])
    _note(account, "session.end_others", len(others))
    return len(others)


def _keep(account: Account, marks: list[str]) -> None:
    Account.objects.filter(pk=account.pk).update(sessions=marks)
    account.sessions = marks


def _note(account: Account, action: str, number: int) -> None:
    audit.write(
        actor_id=account.pk, post_id=None, actor_words=account.username, action=action, object="account",
        outcome="done", detail={"sessions": number},
    )  # fmt: skip
