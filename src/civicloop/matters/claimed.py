"""What an id claims of its moment: a device makes it by its own clock, and some clocks are ahead."""

from datetime import timedelta

from django.db.models import Func, Q, UUIDField

NEARLY = timedelta(minutes=10)  # few clocks are further ahead


class LatestId(Func):
    """The last id that claims a moment, or one NEARLY after it; an expression that never changes, as indexes need."""

    template = (
        "(lpad(to_hex(floor(extract(epoch FROM %(expressions)s AT TIME ZONE 'UTC') * 1000)::bigint + "
        f"{NEARLY // timedelta(milliseconds=1)}), 12, '0') || '{'f' * 20}')::uuid"
    )
    output_field = UUIDField()


# the reports whose id claims a moment well after they were received; an index holds them (matters.models)
FAST_CLOCK = Q(id__gt=LatestId("received_at"))
