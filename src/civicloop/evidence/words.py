"""How a photo was made, in words for whoever checks: facts of the sender's program and of the camera, no finding."""

from datetime import datetime, timedelta

from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from civicloop.evidence.models import Capture, How, Rule, Signal

_AT_ONCE = timedelta(minutes=1)


def made(capture: Capture | None, reported_at: datetime) -> str:
    """Such as “From the album · taken 3 days before the report”; empty when nothing is known."""
    if capture is None:
        return ""
    parts = [] if capture.how == How.UNKNOWN else [str(How(capture.how).label)]
    if capture.taken_at is not None:
        parts.append(_when(capture.taken_at, reported_at))
    if capture.editor:
        parts.append(_("saved by %(program)s") % {"program": capture.editor})
    return " · ".join(parts)


def _when(taken: datetime, reported: datetime) -> str:
    if abs(taken - reported) < _AT_ONCE:
        return _("taken at the time of the report")
    if taken < reported:
        return _("taken %(span)s before the report") % {"span": timesince(taken, reported, depth=1)}
    return _("taken %(span)s after the report") % {"span": timesince(reported, taken, depth=1)}


def off_by(signal: Signal) -> str:
    """By how much a photo does not fit, or in how many signs two hashes differ."""
    if signal.rule == Rule.FAR:
        return _("%(metres)s m away") % {"metres": signal.amount}
    if signal.rule == Rule.SCENE:
        return _("%(points)s points in common") % {"points": signal.amount}
    if signal.amount is not None:
        start = signal.found_at
        return timesince(start - timedelta(minutes=signal.amount), start, depth=1)
    return _("%(bits)s of 64 signs differ") % {"bits": signal.bits}
