"""`people`, `units` and `token` on the command line."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click
from django.utils.translation import gettext as _

from civicloop.foundation import locality, moments
from civicloop.people import access, actions, delegation_files, people_files, selectors, unit_files
from civicloop.people.actions import PeopleError
from civicloop.people.exchange import FileRefused, Outcome, written
from civicloop.people.models import Account, Holding

SHOWN = 40


@click.group()
def people() -> None:
    """Accounts and the posts that they hold."""


@people.command("list")
@click.option("--json", "as_json", is_flag=True)
@click.option("--role", default="", help="only posts of this role")
def list_people(as_json: bool, role: str) -> None:
    """Who holds which post."""
    lines = [line for line in selectors.post_lines() if not role or line.role == role]
    if as_json:
        users: dict[str, list[dict[str, object]]] = {}
        for line in lines:
            users.setdefault(line.user, []).append({k: v for k, v in asdict(line).items() if k != "user"})
        print(json.dumps([{"user": user, "posts": posts} for user, posts in users.items()], ensure_ascii=False))
        return
    for line in lines:
        print(f"{line.user:<28} {line.role:<18} {line.unit:<24} {line.area or ''}  {line.code}")


@click.group()
def units() -> None:
    """Units as a CSV file."""


def _effective(_context: click.Context, _parameter: click.Parameter, text: str | None) -> datetime | None:
    try:
        return moments.read(text, locality.zone_name()) if text else None
    except ValueError:
        raise click.BadParameter(
            _("%(text)s is no date or moment; write 2026-07-01 or 2026-07-01T08:30:00+08:00") % {"text": text}
        ) from None


_Taking = Callable[..., None]


def _import_options(command: _Taking) -> _Taking:
    """The options that both imports have."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="one JSON document that says what changed"),
        click.option("--dry-run", is_flag=True, help="say what would change, and change nothing"),
        click.option("--effective", callback=_effective, help="date or moment from which it holds (default: now)"),
        click.option("--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)),
    ):
        command = option(command)
    return command


def _taken(take: Callable[..., Outcome], path: Path, effective: datetime | None, dry_run: bool, as_json: bool) -> None:
    try:
        outcome = take(
            access.system("command line"), raw=path.read_bytes(), name=path.name, effective=effective, dry_run=dry_run
        )
    except FileRefused as refused:
        shown = refused.faults[:SHOWN]
        if len(refused.faults) > SHOWN:
            shown.append(_("… and %(number)s more") % {"number": len(refused.faults) - SHOWN})
        said = _("nothing of %(file)s was taken:") % {"file": path.name}
        click.echo(f"civicloop: {said}\n  " + "\n  ".join(shown), err=True)
        sys.exit(1)
    if as_json:
        document = {
            "dry_run": outcome.dry_run,
            "effective": written(outcome.effective),
            "changes": [asdict(change) for change in outcome.changes],
            "unchanged": outcome.unchanged,
        }
        click.echo(json.dumps(document, ensure_ascii=False))
        return
    for what, number in outcome.counts().items():
        click.echo(f"{number:>7} {what}")
    if not outcome.changes:
        click.echo(_("nothing has changed"))
    elif dry_run:
        click.echo(_("this was a dry run: nothing was changed"))
    told = [change for change in outcome.changes if change.did != "created"]
    for change in told[:SHOWN]:
        fields = "; ".join(
            f"{name}: {before or '—'} → {after or '—'}" for name, (before, after) in change.fields.items()
        )
        click.echo(f"  {change.what} {change.code} {change.did}  {fields}")


def _written(text: str, path: str) -> None:
    """Write a file that only its owner may read; "-" is standard output."""
    if path == "-":
        click.echo(text, nl=False)
        return
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as reason:
        sys.exit(f"civicloop: {path}: {reason.strerror}")
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    click.echo(_("%(number)s lines in %(file)s") % {"number": text.count("\n") - 1, "file": path}, err=True)


@units.command("import")
@_import_options
def import_units(path: Path, effective: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Take units from a CSV file: new ones begin, changed ones keep what they were, none is deleted."""
    _taken(unit_files.take, path, effective, dry_run, as_json)


@units.command("export")
@click.option("--file", "path", required=True, help="where to; - is standard output")
def export_units(path: str) -> None:
    """Write the units in force as the file that `units import` takes."""
    _written(unit_files.text(), path)


@people.command("import")
@_import_options
def import_people(path: Path, effective: datetime | None, dry_run: bool, as_json: bool) -> None:
    """Take accounts, posts and who holds them from a CSV file. New accounts get their password by set-password."""
    _taken(people_files.take, path, effective, dry_run, as_json)


@people.command("export")
@click.option("--file", "path", required=True, help="where to; - is standard output")
def export_people(path: str) -> None:
    """Write accounts, posts and holdings as the file that `people import` takes; never a password."""
    _written(people_files.export(access.system("command line")), path)


@people.command("delegations")
@click.option("--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_delegations(path: Path) -> None:
    """Enter the delegations of affairs of a CSV file that are not there yet; none is changed or taken back."""
    try:
        number = delegation_files.take(access.system("command line"), raw=path.read_bytes(), name=path.name)
    except FileRefused as refused:
        said = _("nothing of %(file)s was taken:") % {"file": path.name}
        click.echo(f"civicloop: {said}\n  " + "\n  ".join(refused.faults[:SHOWN]), err=True)
        sys.exit(1)
    click.echo(_("%(number)s delegations entered") % {"number": number})


@people.command("set-password")
@click.option("--user", required=True)
@click.password_option(help="asked for, when it is not given; in the environment: CIVICLOOP_PASSWORD",
                       envvar="CIVICLOOP_PASSWORD")  # fmt: skip
def set_password(user: str, password: str) -> None:
    """Give an account a password; without one nobody signs in with it. Sessions that are open end."""
    account = Account.objects.filter(username=user).first()
    if account is None:
        sys.exit(f"civicloop: there is no account {user}; `people list` shows them")
    try:
        actions.set_password(access.system("command line"), account_id=account.pk, password=password)
    except PeopleError as refused:
        sys.exit(f"civicloop: {refused}")
    click.echo(_("The password of %(user)s is set.") % {"user": user})


@click.group()
def token() -> None:
    """Tokens for programs."""


@token.command("create")
@click.option("--user", required=True)
@click.option(
    "--post", "post_code", default=None, help="code of one of the person's posts; needed when there are several"
)
@click.option("--scope", "scopes", multiple=True, help="a duty of access.DUTIES or an action code; none means all")
@click.option("--json", "as_json", is_flag=True)
def token_create(user: str, post_code: str | None, scopes: tuple[str, ...], as_json: bool) -> None:
    """A new API token, shown once."""
    account = Account.objects.filter(username=user).first()
    if account is None:
        sys.exit(f"civicloop: there is no account {user}; `people list` shows them")
    held = Holding.objects.filter(selectors.held(), account=account).select_related("post").order_by("post__code")
    posts = [holding.post for holding in held if post_code in (None, holding.post.code)]
    if len(posts) != 1:
        names = ", ".join(holding.post.code for holding in held)
        sys.exit(f"civicloop: say which post with --post; {user} holds: {names or 'none'}")
    made = actions.create_token(
        access.system("command line"), account_id=account.id, post_id=posts[0].id, scopes=scopes or ("all",)
    )
    if as_json:
        print(json.dumps({"token": made, "user": user, "post": posts[0].code, "scopes": list(scopes) or ["all"]}))
    else:
        print(made)


COMMANDS: list[click.Command] = [people, units, token]
