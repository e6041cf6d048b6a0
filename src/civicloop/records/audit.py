"""The audit log: one line for each write that is not a matter's own timeline entry."""

from collections.abc import Mapping
from contextvars import ContextVar

from civicloop.foundation import clock
from civicloop.records.models import AuditEntry

# the address of the present request, set by the middleware of the pages and the API
address: ContextVar[str] = ContextVar("civicloop_address", default="")


def write(
    *, actor_id: int | None, post_id: int | None, actor_words: str, action: str, object: str, outcome: str,
    detail: Mapping[str, object] | None = None,
) -> AuditEntry:  # fmt: skip
    """Add a line, inside the caller's transaction: no write without its line. `detail` holds no personal data."""
    return AuditEntry.objects.create(
        at=clock.now(), account_id=actor_id, post_id=post_id, words=actor_words[:64], action=action,
        object=object[:120], outcome=outcome, detail=dict(detail or {}), address=address.get()[:64],
    )  # fmt: skip


def keep(
    actor_id: int | None, post_id: int | None, actor_words: str, action: str, object: str, detail: Mapping[str, object]
) -> None:
    """A line for what another room of this floor has written (foundation.trace)."""
    write(
        actor_id=actor_id, post_id=post_id, actor_words=actor_words, action=action, object=object, outcome="done",
        detail=detail,
    )  # fmt: skip
