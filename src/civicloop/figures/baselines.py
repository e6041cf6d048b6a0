"""The baseline of a month: what it is measured by, sealed at its start and never changed.

Its fingerprint stands in the audit log, and so under the day's signed root (receipts).
"""

import json
from datetime import date

from django.db import transaction

from civicloop.catalogue.models import Kind
from civicloop.figures import definitions, keeping, periods, weighing
from civicloop.figures.models import Baseline
from civicloop.foundation import chain, clock
from civicloop.foundation.canonical import canonical
from civicloop.people import access
from civicloop.people.models import Post, Unit
from civicloop.places.models import AreaVersion
from civicloop.records import days


def seal(month: date) -> Baseline | None:
    """Seal what a month is measured by; None when that is done. Called when the month has begun."""
    if Baseline.objects.filter(month=month).exists():
        return None
    now, posts = clock.now(), Post.objects.filter(valid_to=None)
    content = {
        "month": month.isoformat(), "sealed_at": now.isoformat(),
        "day_start": days.start_of_day().isoformat("minutes"),
        "posts": [[*each] for each in posts.order_by("code").values_list("code", "unit__code", "role")],
        "units": sorted(Unit.objects.filter(valid_to=None).values_list("code", flat=True)),
        "areas": sorted(AreaVersion.objects.filter(valid_to=None).exclude(area__level="overlay")
                        .values_list("code", flat=True)),
        "kinds": sorted(Kind.objects.filter(valid_to=None).values_list("code", flat=True).distinct()),
        "indicators": {
            code: {"formula": each.formula(), "without": list(each.without), "anchor": each.anchor,
                   "small": each.small} for code, each in definitions.in_force(month).indicators.items()
        },
        **weighing.sealed(month),
        "exemptions": "an approved appeal (超时申诉), by two reviewers of the procedure",
    }  # fmt: skip
    body = canonical(content)
    with transaction.atomic():
        made, new = Baseline.objects.get_or_create(
            month=month, defaults={"content": json.loads(body), "digest": chain.digest(body), "sealed_at": now}
        )
        if new:
            keeping.tell(access.system("figures"), "figures.seal", f"baseline {month.isoformat()}", made.digest)
    return made if new else None


def seal_due() -> int:
    """Seal the baseline of the present month when it is not sealed; how many were."""
    month = periods.of_kind(periods.MONTH, days.day_of(clock.now())).since
    return 1 if seal(month) is not None else 0
