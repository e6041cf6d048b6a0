"""The worker's part: the outbox told, summaries and reminders made, deliveries sent beside the rounds."""

import logging
import threading
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, connection

from civicloop.foundation import clock
from civicloop.notices import consuming, digests, sending
from civicloop.notices.channels import files
from civicloop.notices.models import Delivery, Notice
from civicloop.records import settings

log = logging.getLogger("civicloop.notices")
BATCHES = 10  # of the outbox in one round: marks must not wait longer
FORGOTTEN = 5000  # notices in one transaction
_senders: dict[str, threading.Thread] = {}


def round() -> int:
    """One round: what waits in the outbox, the summaries and reminders whose hour has come; how much was done."""
    done = 0
    for _batch in range(BATCHES):
        taken = consuming.consume()
        done += taken
        if taken < consuming.BATCH:
            break
    return done + digests.fold() + digests.remind_desks()


def send_all() -> int:
    """Send everything that is due, here and now; how many deliveries were looked at."""
    return sum(_send(channel) for channel in sending.due_channels())


def start_senders() -> None:
    """Send what is due beside the rounds, each channel in a thread of its own: one that hangs holds up no other."""
    for channel in sending.due_channels():
        if channel not in _senders or not _senders[channel].is_alive():
            _senders[channel] = threading.Thread(target=_beside, args=(channel,), name=f"send-{channel}", daemon=True)
            _senders[channel].start()


def senders() -> list[threading.Thread]:
    """What sends at this moment, or has sent; what a sender leaves undone is sent by the next worker."""
    return list(_senders.values())


def _beside(channel: str) -> None:
    try:
        _send(channel)
    except (DatabaseError, InterfaceError):
        log.exception("sending has to wait; the next round tries again")
    finally:
        connection.close()


def _send(channel: str) -> int:
    done = 0
    while looked := sending.send(channel):
        done += looked
    return done


def forget_old() -> int:
    """Delete notices and the log of their sending after their days; how many notices. Outgoing files go with them."""
    before = clock.now() - timedelta(days=settings.get_int("notices.kept_days"))
    old = list(Notice.objects.filter(at__lt=before).order_by("at").values_list("id", flat=True)[:FORGOTTEN])
    Delivery.objects.filter(notice_id__in=old).delete()
    Notice.objects.filter(id__in=old).delete()
    for path in files.folder().glob("*.json"):
        if path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
    return len(old)
