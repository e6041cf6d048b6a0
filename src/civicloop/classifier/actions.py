"""Learning from the city's own matters, and measuring what the model in use would have said. The worker does both.

Only texts of ordinary matters are learnt from: no complaint about a unit, nothing confidential, nothing that belongs to
a household or an application, nothing that was erased.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from civicloop.classifier import store
from civicloop.classifier.choices import Origin
from civicloop.classifier.models import Making, Measure
from civicloop.classifier.rules import model as models
from civicloop.classifier.rules import training
from civicloop.foundation import clock, locality
from civicloop.matters.choices import Channel
from civicloop.matters.models import Matter
from civicloop.people import access
from civicloop.records import audit, settings

BY_ITSELF = access.system("classifier")
MOST = 20_000  # texts of one training, the newest
WEEKS = 12  # weeks that are measured back
FEWEST_TEXTS = 3  # a run of signs enters the model only when so many matters have it: no name, no address of one

settings.define(
    "classifier.fewest", "int", 200, gettext_lazy("Filed matters before suggestions are learnt from them"),
    low=100, high=100_000,
)  # fmt: skip
settings.define(
    "classifier.more", "int", 200, gettext_lazy("New filed matters after which suggestions are learnt anew"),
    low=1, high=100_000,
)  # fmt: skip


def filed() -> QuerySet[Matter]:
    """The matters whose kind somebody decided at filing and whose text may be learnt from."""
    found = Matter.objects.filter(condition__isnull=False, kind__isnull=False, kind__family="matter")
    found = found.filter(confidentiality=0, complained_of=[]).exclude(channel=Channel.VISIT).exclude(text="")
    return found.exclude(kind__standard__code=store.LOCAL)


def week_of(moment: datetime) -> date:
    """The Monday of the week in which a moment lies, by the installation's zone."""
    day = moment.astimezone(locality.zone()).date()
    return day - timedelta(days=day.weekday())


def _start(week: date) -> datetime:
    return datetime.combine(week, time(0), tzinfo=locality.zone())


def measure_due() -> int:
    """Measure each week that is over and was not measured; how many weeks."""
    this = week_of(clock.now())
    done = 0
    for back in range(WEEKS, 0, -1):
        week = this - timedelta(weeks=back)
        if not Measure.objects.filter(week=week).exists():
            done += _measure(week)
    return done


def _measure(week: date) -> int:
    """Ask the model in use about the matters of a week. 0 when there were none."""
    model = store.in_use()
    counted: dict[str, list[int]] = {}
    rows = filed().filter(received_at__gte=_start(week), received_at__lt=_start(week + timedelta(weeks=1)))
    for code, title, text in rows.order_by("-id").values_list("kind__code", "title", "text")[:MOST].iterator():
        answer = model.answer(f"{title}\n{text}")
        line = counted.setdefault(code, [0, 0, 0])
        line[0] += 1
        line[1] += answer.spoken
        line[2] += answer.spoken and answer.label == code
    Measure.objects.bulk_create(
        [Measure(week=week, kind_code=code, matters=n, spoken=said, right=right)
         for code, (n, said, right) in sorted(counted.items())],
        ignore_conflicts=True,
    )  # fmt: skip
    return bool(counted)


@dataclass(frozen=True, slots=True)
class Learnt:
    """What became of learning: the row that tells of it, and the measures on held-out texts."""

    making: Making
    trained: training.Trained


def wanted() -> bool:
    """Whether enough was filed, at all and since the last making, to learn anew."""
    fewest, more = settings.get_int("classifier.fewest"), settings.get_int("classifier.more")
    last = Making.objects.order_by("-made_at").first()
    if last is None or last.newest is None:
        return filed()[:fewest].count() >= fewest
    return filed().filter(id__gt=last.newest)[:more].count() >= more


def learn() -> Learnt:
    """Train on the newest filed matters and on the catalogue's words; taken when better than what was in use.

    Raises training.TooLittle.
    """
    texts, labels, newest = _examples()
    about = {"origin": Origin.HISTORY.value, "at": clock.now().isoformat()}
    trained = training.train(
        texts, labels, about=about, described=store.documents(), rival=store.from_catalogue(), fewest=FEWEST_TEXTS
    )
    taken = trained.held_out.accuracy >= trained.rival_accuracy
    if taken:
        models.save(trained.model, store.folder())
        store.forget()
    with transaction.atomic():
        making = Making.objects.create(
            made_at=clock.now(), origin=Origin.HISTORY, rows=len(texts), labels=len(set(labels)), newest=newest,
            accuracy=trained.held_out.accuracy, macro_f1=trained.held_out.macro_f1,
            rival_accuracy=trained.rival_accuracy, spoken=trained.spoken, spoken_right=trained.spoken_right,
            taken=taken,
        )  # fmt: skip
        audit.write(
            actor_id=None, post_id=None, actor_words=BY_ITSELF.words, action="classifier.learn",
            object=f"making {making.id}", outcome="taken" if taken else "left",
            detail={"rows": len(texts), "accuracy": trained.held_out.accuracy},
        )  # fmt: skip
    return Learnt(making, trained)


def _examples() -> tuple[list[str], list[str], UUID | None]:
    """The texts of the newest filed matters with their kinds, and the newest one's id."""
    texts, labels, newest = [], [], None
    rows: Iterator[tuple[UUID, str, str, str]] = (
        filed().order_by("-id").values_list("id", "kind__code", "title", "text")[:MOST].iterator()
    )
    for matter_id, code, title, text in rows:
        newest = newest or matter_id
        texts.append(f"{title}\n{text}")
        labels.append(code)
    return texts, labels, newest
