"""The worker's part: measure the weeks that are over, then learn anew when enough was filed."""

import logging

from civicloop.classifier import actions
from civicloop.classifier.rules import training

log = logging.getLogger("civicloop.classifier")


def look() -> int:
    """Measure and learn; how many weeks were measured and models made. A failure waits for the next look."""
    done = actions.measure_due()
    if not actions.wanted():
        return done
    try:
        actions.learn()
    except (OSError, training.TooLittle):
        log.exception("nothing was learnt; the next look tries again")
        return done
    return done + 1
