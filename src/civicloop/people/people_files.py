"""Accounts, posts and who holds them as a CSV file, out and in: an exported file taken in again changes nothing.

A line is one holding: the person's cells, the post's cells, since and until. A person without a post and a post without
a holder have lines of their own. What the file does not name stays as it is. A post that changes ends, and a new one of
the same code begins with the same holders; tokens of the former post end with it. Passwords go neither out nor in.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from civicloop.foundation import caches, clock, spreadsheets
from civicloop.foundation.names import own
from civicloop.people import exchange
from civicloop.people.access import SEPARATED, Actor
from civicloop.people.actions import needs_second, note, require
from civicloop.people.choices import Role
from civicloop.people.exchange import Areas, Change, Faults, Line, Outcome
from civicloop.people.models import Account, Holding, Post, Unit
from civicloop.people.selectors import not_ended

OF_ACCOUNT = ("name", "name_en", "active")
CONTENT = ("role", "also", "unit", "area", "classes", "confidentiality")
OF_POST = (*CONTENT, "post_from", "post_to")
COLUMNS = ("user", *OF_ACCOUNT, "post", *OF_POST, "since", "until")
NEEDED = ("user", "name", "post", "role", "unit", "area")
PRIVATE = frozenset({"name", "name_en"})
MOST_CONFIDENTIAL = 9
BATCH = 2000


@transaction.atomic
def export(actor: Actor) -> str:
    """Accounts, posts and holdings in force or to come as a file; never a password. Leaves an audit entry.

    Raises PeopleError `forbidden`.
    """
    require(actor, "posts.view")
    now = clock.now()
    posts = list(Post.objects.filter(not_ended()).select_related("unit"))
    areas = Areas({post.area_id for post in posts})
    held = Holding.objects.filter(Q(until=None) | Q(until__gt=now), post__in=posts).select_related("account")
    holders: dict[int, list[Holding]] = {}
    for holding in held:
        holders.setdefault(holding.post_id, []).append(holding)
    nobody = dict.fromkeys(("user", *OF_ACCOUNT), "")
    rows = []
    for post in posts:
        cells = _post_cells(post, areas)
        rows += [
            {**_account_cells(each.account), **cells, "since": exchange.written(each.since),
             "until": exchange.written(each.until)}
            for each in holders.get(post.pk, [])
        ] or [{**nobody, **cells, "since": "", "until": ""}]  # fmt: skip
    placed = {each.account_id for some in holders.values() for each in some}
    rest = dict.fromkeys(("post", *OF_POST, "since", "until"), "")
    rows += [{**_account_cells(account), **rest} for account in Account.objects.exclude(id__in=placed)]
    rows.sort(key=lambda row: (row["post"] == "", row["post"], row["post_from"], row["user"], row["since"]))
    note(actor, "people.export", "people", {"rows": len(rows)})
    return spreadsheets.written(COLUMNS, ([row[column] for column in COLUMNS] for row in rows))


def _account_cells(account: Account) -> dict[str, str]:
    return {
        "user": account.username,
        "name": own(account.names).strip(),
        "name_en": account.names.get("en", "").strip(),
        "active": "yes" if account.is_active else "no",
    }


def _post_cells(post: Post, areas: Areas) -> dict[str, str]:
    return {
        "post": post.code,
        "role": post.role,
        "also": " ".join(post.also),
        "unit": post.unit.code,
        "area": areas.code(post.area_id),
        "classes": " ".join(post.classes),
        "confidentiality": str(post.confidentiality),
        "post_from": exchange.written(post.valid_from),
        "post_to": exchange.written(post.valid_to),
    }


@transaction.atomic
def take(actor: Actor, *, raw: bytes, name: str, effective: datetime | None = None, dry_run: bool = False) -> Outcome:
    """Take the accounts, posts and holdings of a file; nothing is deleted, an end is a date in the file.

    What begins without a date of its own begins at `effective` (default, and at the earliest: now). New accounts have
    no password and cannot sign in until `actions.set_password` gives one. All or nothing. Raises PeopleError
    `forbidden`, exchange.FileRefused with every fault by line and column.
    """
    require(actor, "posts.change")
    lines = exchange.lines(raw, COLUMNS, NEEDED)
    exchange.one_at_a_time()
    work = _Import(lines, exchange.from_when(effective))
    work.plan()
    work.refuse_own_gain(actor)
    outcome = Outcome(work.at, dry_run, work.changes, work.unchanged)
    if not dry_run:
        work.write()
        note(actor, "people.import", name, outcome.audited(PRIVATE))
        transaction.on_commit(caches.forget_all)
    return outcome


@dataclass
class _Described:
    """A post as lines of the file describe it: all of them say the same."""

    line: Line
    begin: datetime | None
    end: datetime | None
    post: Post | None = None  # what came of it


@dataclass
class _Books:
    """What is there, and what is planned to be there."""

    accounts: dict[str, Account]
    units: dict[str, Unit]
    posts: dict[str, list[Post]] = field(default_factory=dict)  # by code, in the order of their beginnings
    holdings: dict[int, list[Holding]] = field(default_factory=dict)  # by id() of the post
    areas: Areas = field(default_factory=lambda: Areas(set()))

    @classmethod
    def read(cls) -> "_Books":
        """Everything in force, to come, or ended: a file may name it."""
        found = cls({each.username: each for each in Account.objects.all()}, {u.code: u for u in Unit.objects.all()})
        by_id: dict[int, Post] = {}
        for post in Post.objects.select_related("unit").order_by("valid_from", "id"):
            found.posts.setdefault(post.code, []).append(post)
            by_id[post.pk] = post
        people = {each.pk: each for each in found.accounts.values()}
        for holding in Holding.objects.order_by("since", "id"):
            post = by_id[holding.post_id]
            holding.post, holding.account = post, people[holding.account_id]
            found.holdings.setdefault(id(post), []).append(holding)
        found.areas = Areas({post.area_id for post in by_id.values()})
        return found


class _Import:
    """One file against what is there."""

    def __init__(self, lines: Sequence[Line], at: datetime) -> None:
        self.lines, self.at, self.now = lines, at, clock.now()
        self.faults = Faults()
        self.books = _Books.read()
        self.accounts: list[Account] = []
        self.posts: list[Post] = []
        self.holdings: list[Holding] = []
        self.changed: list[Account] = []
        self.ended: dict[int, Post] = {}
        self.moved: dict[int, Holding] = {}
        self.changes: list[Change] = []
        self.unchanged = 0

    def plan(self) -> None:
        """Decide on every line. Raises FileRefused."""
        for line in self.lines:
            if not line["user"] and not line["post"]:
                self.faults.add(line, "user", _("a line names a person, a post, or both"))
        accounts = self._once("user", OF_ACCOUNT, lambda line: (line["user"],))
        for (user,), line in accounts.items():
            self._account(line, user)
        described = self._once("post", OF_POST, lambda line: (line["post"], line["post_from"]))
        posts: dict[str, list[_Described]] = {}
        for (code, _begin), line in described.items():
            begin = exchange.moment(line, "post_from", self.faults)
            posts.setdefault(code, []).append(_Described(line, begin, exchange.moment(line, "post_to", self.faults)))
        for code, some in posts.items():
            for each in sorted(some, key=lambda one: one.begin or self.at):
                each.post = self._post(code, each)
        self.faults.refuse()
        said: dict[tuple[str, ...], Line] = {}
        for line in self.lines:
            if line["user"] and line["post"]:
                key = (line["user"], line["post"], line["post_from"], line["since"])
                if key in said:
                    self._repeated(line, "post", said[key])
                else:
                    said[key] = line
                    self._holding(line, posts.get(line["post"], []))
        self.faults.refuse()
        self._separate_hands()
        self.faults.refuse()

    def _repeated(self, line: Line, column: str, first: Line) -> None:
        self.faults.add(line, column, _("line %(line)s says this already") % {"line": first.number})

    def _once(
        self, name: str, columns: Sequence[str], key: Callable[[Line], tuple[str, ...]]
    ) -> dict[tuple[str, ...], Line]:
        """The first line that describes each person or post; all others that do must say the same."""
        found: dict[tuple[str, ...], Line] = {}
        for line in self.lines:
            if not line[name] or not any(line[column] for column in columns):
                continue
            first = found.setdefault(key(line), line)
            for column in columns:
                if line[column] != first[column]:
                    words = _("it differs from line %(line)s, which says %(value)s")
                    values = {"line": first.number, "value": first[column] or "—"}
                    self.faults.add(line, column, words % values)
        return found

    def _account(self, line: Line, user: str) -> None:
        exchange.code(line, "user", 64, self.faults)
        account = self.books.accounts.get(user)
        names = exchange.names(line, account.names if account else {}, self.faults)
        active = line["active"] or "yes"
        if active not in ("yes", "no"):
            self.faults.add(line, "active", _("it must be one of %(known)s") % {"known": "yes, no"})
        if account is None:
            # an unusable password: nobody signs in with it
            made = Account(
                username=user, names=names, is_active=active == "yes", password=make_password(None), created_at=self.now
            )
            self.books.accounts[user] = made
            self.accounts.append(made)
            self.changes.append(Change("account", user, "created"))
            return
        before = _account_cells(account)
        differing = {
            column: (before[column], line[column])
            for column in OF_ACCOUNT
            if line.has(column) and (line[column] or ("yes" if column == "active" else "")) != before[column]
        }
        if not differing:
            self.unchanged += 1
            return
        account.names = names
        if line.has("active"):
            account.is_active = active == "yes"
        self.changed.append(account)
        self.changes.append(Change("account", user, "changed", differing))

    def _post(self, code: str, described: _Described) -> Post | None:
        """The post that a description means: the one that is there, the one that follows it, or a new one."""
        line, begin, end = described.line, described.begin, described.end
        there = self.books.posts.setdefault(code, [])
        if not line.has("post_to") and there:
            end = described.end = there[-1].valid_to
        for post in there:
            if begin == post.valid_from and end == post.valid_to and not self._differing(line, post):
                self.unchanged += 1
                return post
        latest = there[-1] if there else None
        if latest is None or (latest.valid_to is not None and (begin or self.at) >= latest.valid_to):
            return self._begin(line, code, begin or self.at, end, latest)
        if latest.valid_to is not None and latest.valid_to <= self.now:
            if line.has("post_to") and end == latest.valid_to and not self._differing(line, latest):
                self.unchanged += 1
                return latest
            words = _("the post ended on %(moment)s; leave post_from empty to let it begin anew")
            self.faults.add(line, "post_from", words % {"moment": exchange.said(latest.valid_to)})
            return None
        differing = self._differing(line, latest)
        if differing:
            return self._follow(line, latest, differing, end)
        if end == latest.valid_to:
            self.unchanged += 1
        else:
            self._end(line, latest, end)
        return latest

    def _differing(self, line: Line, post: Post) -> dict[str, tuple[str, str]]:
        before, now = _post_cells(post, self.books.areas), self._content(line)
        return {
            column: (before[column], now[column])
            for column in CONTENT
            if line.has(column) and now[column] != before[column]
        }

    @staticmethod
    def _content(line: Line) -> dict[str, str]:
        """The cells of a post in the form in which they are exported."""
        found = {column: line[column] for column in CONTENT}
        found["also"] = " ".join(exchange.listed(line["also"]))
        found["classes"] = " ".join(exchange.listed(line["classes"]))
        found["confidentiality"] = line["confidentiality"] or "0"
        return found

    def _begin(self, line: Line, code: str, begin: datetime, end: datetime | None, former: Post | None) -> Post | None:
        exchange.code(line, "post", 80, self.faults)
        if end is not None and end <= begin:
            self.faults.add(line, "post_to", _("it must be later than the beginning"))
        post = Post(code=code, valid_from=begin, valid_to=end, also=[], classes=[])
        if not self._fill(line, post, {}):
            return None
        self.books.posts[code].append(post)
        self.posts.append(post)
        self.changes.append(Change("post", code, "created"))
        return post

    def _follow(
        self, line: Line, former: Post, differing: Mapping[str, tuple[str, str]], end: datetime | None
    ) -> Post | None:
        """A changed post: the former one ends, its successor begins with the same holders."""
        if self.at <= former.valid_from:
            words = _("the post begins only on %(moment)s; it can change after that")
            self.faults.add(line, next(iter(differing)), words % {"moment": exchange.said(former.valid_from)})
            return None
        if end is not None and end <= self.at:
            self.faults.add(line, "post_to", _("it must be later than the beginning"))
        post = Post(code=former.code, valid_from=self.at, valid_to=end)
        post.role, post.also, post.classes = former.role, list(former.also), list(former.classes)
        post.unit, post.area_id, post.confidentiality = former.unit, former.area_id, former.confidentiality
        if not self._fill(line, post, _post_cells(former, self.books.areas)):
            return None
        for holding in [*self.books.holdings.get(id(former), [])]:
            if holding.until is None or holding.until > self.at:
                self._place(Holding(account=holding.account, post=post, since=max(self.at, holding.since),
                                    until=_earlier(holding.until, end)))  # fmt: skip
                self._set_until(holding, max(self.at, holding.since))
        former.valid_to = self.at
        self._changed(former)
        self.books.posts[former.code].append(post)
        self.posts.append(post)
        self.changes.append(Change("post", former.code, "changed", dict(differing)))
        return post

    def _end(self, line: Line, post: Post, end: datetime | None) -> None:
        """Let a post end, at another moment, or after all not."""
        if end is not None and end < self.now:
            self.faults.add(line, "post_to", _("it lies in the past; what was done until now was done"))
        elif end is not None and end <= post.valid_from:
            self.faults.add(line, "post_to", _("it must be later than the beginning"))
        elif post.unit.valid_to is not None and (end is None or end > post.unit.valid_to):
            self._unit_fault(line, post.unit)
        fields = {"post_to": (exchange.written(post.valid_to), exchange.written(end))}
        post.valid_to = end
        self._changed(post)
        for holding in self.books.holdings.get(id(post), []):
            if end is not None and (holding.until is None or holding.until > end):
                self._set_until(holding, end)
        self.changes.append(Change("post", post.code, "ended" if end else "changed", fields))

    def _unit_fault(self, line: Line, unit: Unit) -> None:
        words = _("the unit %(code)s is in force from %(begin)s to %(end)s only")
        end = exchange.said(unit.valid_to) if unit.valid_to else "—"
        values = {"code": unit.code, "begin": exchange.said(unit.valid_from), "end": end}
        self.faults.add(line, "unit", words % values)

    def _changed(self, post: Post) -> None:
        if post.pk is not None:
            self.ended[post.pk] = post

    def _fill(self, line: Line, post: Post, before: Mapping[str, str]) -> bool:
        """The content of a post, checked; whether it could be filled."""
        cells = self._content(line)
        if line.has("also"):
            post.also = cells["also"].split()
        roles = [cells["role"], *post.also]
        for role, column in zip(roles, ["role"] + ["also"] * len(roles), strict=False):
            if role not in Role.values:
                words = _("%(value)s is no role; roles are %(known)s")
                self.faults.add(line, column, words % {"value": role or "—", "known": ", ".join(Role.values)})
        if len(SEPARATED & set(roles)) > 1:
            self.faults.add(line, "also", _("System, security and audit administration are separate hands."))
        post.role = cells["role"]
        if line.has("classes"):
            post.classes = cells["classes"].split()
        if line.has("confidentiality"):
            number = cells["confidentiality"]
            if len(number) > 1 or number not in "0123456789":
                self.faults.add(line, "confidentiality", _("a number from 0 to %(most)s") % {"most": MOST_CONFIDENTIAL})
                return False
            post.confidentiality = int(number)
        unit = self.books.units.get(line["unit"])
        if unit is None:
            words = _("there is no unit with the code %(code)s") % {"code": line["unit"] or "—"}
            self.faults.add(line, "unit", words)
            return False
        if unit.valid_from > post.valid_from or not _within(post.valid_to, unit.valid_to):
            self._unit_fault(line, unit)
        post.unit = unit
        if line["area"] != before.get("area"):
            area = self.books.areas.find(line, "area", self.faults)
            if area is None:
                return False
            post.area_id = area.id
        return True

    def _holding(self, line: Line, described: Sequence[_Described]) -> None:
        account = self.books.accounts.get(line["user"])
        if account is None:
            self.faults.add(line, "user", _("there is no such account, and no line gives its name"))
            return
        post = self._meant(line, described)
        if post is None:
            self.faults.add(line, "post", _("there is no such post, and no line says what it is"))
            return
        since = exchange.moment(line, "since", self.faults)
        mine = [each for each in self.books.holdings.get(id(post), []) if each.account is account]
        until = _earlier(exchange.moment(line, "until", self.faults), post.valid_to)
        if not line.has("until") and mine:
            until = _earlier(mine[-1].until, post.valid_to)
        found = next((each for each in mine if each.since == since), None)
        last = mine[-1] if mine else None
        if found is None and last is not None and _goes_on(last, since, self.now):
            found = last
        if found is None:
            self._hold(line, account, post, since, until, last)
        elif found.until == until:
            self.unchanged += 1
        else:
            self._let_go(line, found, until)

    def _meant(self, line: Line, described: Sequence[_Described]) -> Post | None:
        for each in described:
            if each.line["post_from"] == line["post_from"]:
                return each.post
        if described:
            return max(described, key=lambda each: each.begin or self.at).post
        there = self.books.posts.get(line["post"], [])
        return there[-1] if there and _after(there[-1].valid_to, self.now) else None

    def _hold(
        self, line: Line, account: Account, post: Post, since: datetime | None, until: datetime | None,
        former: Holding | None,
    ) -> None:  # fmt: skip
        begin = since or max(self.at, post.valid_from)
        if begin < post.valid_from:
            words = _("the post begins only on %(moment)s")
            self.faults.add(line, "since", words % {"moment": exchange.said(post.valid_from)})
        elif former is not None and former.until is not None and begin < former.until:
            words = _("this person held the post until %(moment)s already")
            self.faults.add(line, "since", words % {"moment": exchange.said(former.until)})
        elif until is not None and until <= begin:
            self.faults.add(line, "until", _("it must be later than the beginning"))
        else:
            self._place(Holding(account=account, post=post, since=begin, until=until))
            self.changes.append(Change("holding", f"{account.username} {post.code}", "created"))

    def _let_go(self, line: Line, holding: Holding, until: datetime | None) -> None:
        if holding.until is not None and holding.until <= self.now:
            words = _("this person held the post until %(moment)s; leave since empty to give it again")
            self.faults.add(line, "until", words % {"moment": exchange.said(holding.until)})
        elif until is not None and until < self.now:
            self.faults.add(line, "until", _("it lies in the past; what was done until now was done"))
        elif until is not None and until <= holding.since:
            self.faults.add(line, "until", _("it must be later than the beginning"))
        else:
            fields = {"until": (exchange.written(holding.until), exchange.written(until))}
            self._set_until(holding, until)
            did = "ended" if until else "changed"
            self.changes.append(Change("holding", f"{holding.account.username} {holding.post.code}", did, fields))

    def _place(self, holding: Holding) -> None:
        self.books.holdings.setdefault(id(holding.post), []).append(holding)
        self.holdings.append(holding)

    def _set_until(self, holding: Holding, until: datetime | None) -> None:
        holding.until = until
        if holding.pk is not None:
            self.moved[holding.pk] = holding

    def _separate_hands(self) -> None:
        """No account may come to hold posts of two of the three administrations."""
        roles: dict[str, set[str]] = {}
        for some in self.books.holdings.values():
            for each in some:
                if _after(each.until, self.now):
                    mine = {each.post.role, *each.post.also} & SEPARATED
                    roles.setdefault(each.account.username, set()).update(mine)
        for line in self.lines:
            if len(roles.get(line["user"], ())) > 1:
                self.faults.add(line, "user", _("System, security and audit administration are separate hands."))

    def refuse_own_gain(self, actor: Actor) -> None:
        """Staff give nothing to the own account, and what reaches far with a second one only (granting)."""
        for holding in self.holdings if actor.kind == "staff" else ():
            own, post = holding.account.pk == actor.account_id, holding.post
            if own or needs_second(post):
                line = next(each for each in self.lines if each["post"] == post.code)
                words = _("another administrator has to give this") if own else _("two administrators give this post")
                self.faults.add(line, "user", words)
        self.faults.refuse()

    def write(self) -> None:
        """Write what was planned: ends first, so that a code is open once at every moment."""
        Post.objects.bulk_update(self.ended.values(), ["valid_to"], batch_size=BATCH)
        Holding.objects.bulk_update(self.moved.values(), ["until"], batch_size=BATCH)
        Account.objects.bulk_update(self.changed, ["names", "is_active"], batch_size=BATCH)
        Account.objects.bulk_create(self.accounts, batch_size=BATCH)
        Post.objects.bulk_create(self.posts, batch_size=BATCH)
        Holding.objects.bulk_create(self.holdings, batch_size=BATCH)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    given = [each for each in (one, other) if each is not None]
    return min(given) if given else None


def _after(end: datetime | None, moment: datetime) -> bool:
    return end is None or end > moment


def _within(end: datetime | None, bound: datetime | None) -> bool:
    return bound is None or (end is not None and end <= bound)


def _goes_on(last: Holding, since: datetime | None, now: datetime) -> bool:
    """Whether a line that gives `since` speaks of this holding: it has not ended, and does not end before that."""
    return _after(last.until, now) and (since is None or _after(last.until, since))
