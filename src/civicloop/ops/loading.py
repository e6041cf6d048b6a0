"""The load of the demonstration city: whether it is wanted, how far it is, who may sign in afterwards."""

from datetime import datetime

from civicloop.foundation import clock

DEMO = "demo"


def _django() -> None:
    from django.apps import apps

    if not apps.ready:
        from civicloop.ops import environment

        environment.prepare()


def is_empty() -> bool:
    """Whether nothing has been loaded into the database yet."""
    _django()
    from civicloop.places.models import Area

    return not Area.objects.exists()


def begin() -> None:
    """Want the demonstration city; the load itself runs beside the server."""
    _django()
    from civicloop.ops.models import Load

    Load.objects.get_or_create(name=DEMO, defaults={"started_at": clock.now()})


def wanted() -> bool:
    """Whether a load is wanted and not done (also one that a kill cut short)."""
    _django()
    from civicloop.ops.models import Load

    return Load.objects.filter(name=DEMO, wanted=True, done=False).exists()


def started() -> datetime | None:
    """When the load was begun: the "now" of its replay, also after an interruption."""
    from civicloop.ops.models import Load

    return Load.objects.filter(name=DEMO).values_list("started_at", flat=True).first()


def tell(part: str, share: float) -> None:
    """How far the load is: words and a share from 0 to 1."""
    from civicloop.ops.models import Load

    Load.objects.filter(name=DEMO).update(part=part[:200], share=share, trouble="")


def fail(trouble: str) -> None:
    """The load has stopped; the next start goes on with it."""
    from civicloop.ops.models import Load

    Load.objects.filter(name=DEMO).update(trouble=trouble[:2000])


def finish() -> None:
    """The load is done."""
    from civicloop.ops.models import Load

    Load.objects.filter(name=DEMO).update(done=True, share=1.0, part="", ended_at=clock.now())


def progress() -> tuple[str, float, str, datetime] | None:
    """(part, share, trouble, started) while a load is under way; None when there is none or it is done."""
    from civicloop.ops.models import Load

    row = Load.objects.filter(name=DEMO, wanted=True, done=False).first()
    return (row.part, row.share, row.trouble, row.started_at) if row else None
