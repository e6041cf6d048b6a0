"""`people`, `units` and `token` on the command line."""

import json
import sys
from dataclasses import asdict

import click

from civicloop.people import access, actions, selectors
from civicloop.people.models import Account, Holding


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
    held = Holding.objects.filter(account=account, until=None).select_related("post").order_by("post__code")
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


COMMANDS: list[click.Command] = [people, token]
