"""The worker's part: fold what has changed, and make the picture for everybody anew now and then."""

from datetime import timedelta

from civicloop.foundation import clock
from civicloop.onemap import actions
from civicloop.onemap.models import FoldState

PUBLIC_EVERY = timedelta(hours=6)


def round() -> int:
    """Fold; returns how many changes were folded."""
    return actions.fold()


def public_is_due() -> bool:
    """Whether the picture for everybody was never made, or some time ago."""
    return not FoldState.objects.filter(public_at__gt=clock.now() - PUBLIC_EVERY).exists()


def look_after() -> None:
    """The longer work, beside the rounds: the first counts of an older installation, the picture for everybody."""
    actions.build_if_new()
    if public_is_due():
        actions.show_public()
