"""What in the logs asks an auditor for a look (异常提示). Each row names a post or a name that was typed, a time and a
number, with the way to its log lines; it is never a score of a person, and only an auditor says what it means.

`look` is for the worker's rounds: it reads the last two days and finds the same row once.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max, Min, Q, QuerySet
from django.db.models.functions import TruncDay, TruncHour
from django.utils import timezone
from django.utils.translation import gettext as _

from civicloop.calendars import selectors as calendars
from civicloop.calendars.rules.calendar import microseconds
from civicloop.foundation import clock
from civicloop.foundation.throttle import network
from civicloop.people import selectors
from civicloop.people.access import SEPARATED, Actor
from civicloop.people.actions import PeopleError, note, require
from civicloop.people.choices import AnomalyJudgement, AnomalyKind
from civicloop.people.models import Anomaly, Post
from civicloop.records import audit, settings
from civicloop.records.models import AuditEntry, ReadEntry

TIMES = 3  # so many times its own past
PAST, KNOWN_PLACES = timedelta(days=30), timedelta(days=90)
MOST = 500  # of one kind in one look
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Found:
    """Something that asks for a look, not yet kept."""

    kind: str
    key: str
    begins: datetime
    ends: datetime
    number: int
    usual: int
    post_id: int | None = None
    account_id: int | None = None


def look() -> int:
    """Keep what the last two days hold that was not kept before; returns how many."""
    now = clock.now()
    start = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0) - DAY
    return sum(
        _kept(found) for kind in (_openings, _odd_hours, _refused, _new_places, _exports) for found in kind(start, now)
    )


@transaction.atomic
def _kept(found: Found) -> int:
    row, made = Anomaly.objects.get_or_create(
        kind=found.kind, key=found.key, begins=found.begins,
        defaults={
            "ends": found.ends, "number": found.number, "usual": found.usual, "post_id": found.post_id,
            "account_id": found.account_id, "found_at": clock.now(),
        },
    )  # fmt: skip
    if made:
        audit.write(
            actor_id=None, post_id=None, actor_words="system", action="anomaly.find", object=f"anomaly {row.pk}",
            outcome="done", detail={"kind": found.kind, "number": found.number},
        )  # fmt: skip
    return int(made)


def _one(least: int | None, most: int | None) -> int | None:
    """The account when all lines are of one."""
    return least if least == most else None


def _openings(start: datetime, now: datetime) -> Iterator[Found]:
    """A post opened more sealed values in an hour or a day than the setting and its own past let expect."""
    for trunc, width, kind, setting in (
        (TruncHour, HOUR, AnomalyKind.OPENINGS_HOUR, "anomalies.openings_hour"),
        (TruncDay, DAY, AnomalyKind.OPENINGS_DAY, "anomalies.openings_day"),
    ):
        counted = (
            ReadEntry.objects.filter(at__gte=start, at__lte=now)
            .exclude(post_id=None)
            .annotate(window=trunc("at"))
            .values("post_id", "window")
            .annotate(n=Count("id"), least=Min("account_id"), most=Max("account_id"))
            .filter(n__gt=settings.get_int(setting))
            .order_by("-n")[:MOST]
        )
        for line in counted:
            past = ReadEntry.objects.filter(
                post_id=line["post_id"], at__gte=line["window"] - PAST, at__lt=line["window"]
            ).annotate(window=trunc("at"))
            sums = past.aggregate(n=Count("id"), windows=Count("window", distinct=True))
            usual = sums["n"] // sums["windows"] if sums["windows"] else 0
            if line["n"] > TIMES * usual:
                yield Found(
                    kind, f"post:{line['post_id']}", line["window"], line["window"] + width, line["n"], usual,
                    line["post_id"], _one(line["least"], line["most"]),
                )  # fmt: skip


def _odd_hours(start: datetime, now: datetime) -> Iterator[Found]:
    """A post opened sealed values outside the working hours of the calendar that the setting names."""
    least = settings.get_int("anomalies.odd_hours")
    days: Counter[tuple[int, datetime]] = Counter()
    people: dict[tuple[int, datetime], set[int | None]] = {}
    lines = ReadEntry.objects.filter(at__gte=start, at__lte=now).exclude(post_id=None)
    for post_id, account_id, at in lines.values_list("post_id", "account_id", "at").iterator(chunk_size=2000):
        try:
            calendar = calendars.working_calendar(settings.get_str("anomalies.calendar"), at)
        except calendars.UnknownCalendar:
            return
        moment = microseconds(at)
        if post_id is None or calendar.worked(moment, moment + 1):
            continue
        day = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
        days[post_id, day] += 1
        people.setdefault((post_id, day), set()).add(account_id)
    for (post_id, day), number in days.most_common(MOST):
        if number >= least:
            who = people[post_id, day]
            account = next(iter(who)) if len(who) == 1 else None
            yield Found(AnomalyKind.ODD_HOURS, f"post:{post_id}", day, day + DAY, number, 0, post_id, account)


def _refused(start: datetime, now: datetime) -> Iterator[Found]:
    """Many refused sign-ins in an hour, under one name or from one network (IPv6 by /64)."""
    least = settings.get_int("anomalies.refused_hour")
    lines = AuditEntry.objects.filter(
        action="sign_in", outcome__in=("refused", "second_refused"), at__gte=start, at__lte=now
    ).annotate(window=TruncHour("at"))
    by_name = lines.values("words", "window").annotate(n=Count("id")).filter(n__gte=least).order_by("-n")[:MOST]
    for line in by_name:
        if line["words"] != "?":
            key = f"name:{line['words']}"
            yield Found(AnomalyKind.REFUSED, key, line["window"], line["window"] + HOUR, line["n"], 0)
    places: Counter[tuple[str, datetime]] = Counter()
    for address, window, number in (
        lines.exclude(address="").values_list("address", "window").annotate(n=Count("id")).order_by("-n")[: 20 * MOST]
    ):
        places[network(address), window] += number
    for (place, window), number in places.most_common(MOST):
        if number >= least:
            yield Found(AnomalyKind.REFUSED, f"net:{place}", window, window + HOUR, number, 0)


def _new_places(start: datetime, now: datetime) -> Iterator[Found]:
    """An administrator's post acted from a network that is new for it in 90 days, though others are not."""
    roles = Q(role__in=SEPARATED)
    for role in SEPARATED:
        roles |= Q(also__contains=[role])
    posts = list(Post.objects.filter(selectors.valid(), roles).values_list("id", flat=True)[:MOST])
    acted = AuditEntry.objects.filter(post_id__in=posts, at__lte=now).exclude(address="")
    for post_id, address, at, number, account in (
        acted.filter(at__gte=start)
        .values_list("post_id", "address")
        .annotate(Min("at"), Count("id"), Max("account_id"))
    )[:MOST]:
        before = _places(acted, post_id, at)
        if before and network(address) not in before:
            day = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
            key = f"post:{post_id} {network(address)}"
            yield Found(AnomalyKind.NEW_PLACE, key, day, day + DAY, number, 0, post_id, account)


def _places(acted: QuerySet[AuditEntry], post_id: int | None, at: datetime) -> set[str]:
    earlier = acted.filter(post_id=post_id, at__gte=at - KNOWN_PLACES, at__lt=at)
    return {network(address) for address in earlier.values_list("address", flat=True).distinct()[: 20 * MOST]}


def _exports(start: datetime, now: datetime) -> Iterator[Found]:
    """A post took away far more rows at once than the setting and its own earlier exports let expect."""
    least = settings.get_int("anomalies.export_rows")
    exports = AuditEntry.objects.filter(action__endswith=".export", at__lte=now)
    for line in exports.filter(at__gte=start, detail__rows__gt=least).order_by("-at")[:MOST]:
        rows = int(line.detail["rows"])
        earlier = exports.filter(
            post_id=line.post_id, action=line.action, at__gte=line.at - KNOWN_PLACES, at__lt=line.at
        )
        known = [each.get("rows") for each in earlier.values_list("detail", flat=True)[:MOST]]
        sizes = [each for each in known if isinstance(each, int)]
        usual = sum(sizes) // len(sizes) if sizes else 0
        if rows > TIMES * usual:
            key = f"line:{line.pk}"
            yield Found(AnomalyKind.EXPORT, key, line.at, line.at, rows, usual, line.post_id, line.account_id)


@transaction.atomic
def judge(actor: Actor, *, anomaly_id: int, judgement: str, reason: str) -> Anomaly:
    """Say what an anomaly means, once. Nobody judges what the own post or account has done.

    Raises PeopleError `forbidden`, `own`, `judged`, `unknown`, `reason_missing`; Anomaly.DoesNotExist.
    """
    require(actor, "audit.view")
    row = Anomaly.objects.select_for_update(no_key=True).get(pk=anomaly_id)
    if actor.account_id is None or actor.account_id == row.account_id or actor.post_id == row.post_id:
        raise PeopleError("own", _("This is about your own post. Another auditor judges it."))
    if row.judged_at is not None:
        raise PeopleError("judged", _("Somebody has judged this already."))
    if judgement not in AnomalyJudgement.values:
        raise PeopleError("unknown", _("Choose what it is."))
    if not reason.strip():
        raise PeopleError("reason_missing", _("Give a reason."))
    row.judgement, row.reason = judgement, reason.strip()[:500]
    row.judged_at, row.judged_by = clock.now(), actor.account_id
    row.save(update_fields=["judgement", "reason", "judged_at", "judged_by"])
    note(actor, "anomaly.judge", f"anomaly {row.pk}", {"kind": row.kind, "judgement": judgement})
    return row
