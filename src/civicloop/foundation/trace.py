"""Where rooms without a log of their own tell what they have written.

Places and calendars stand on one floor with the audit log and cannot import it. They tell here; the audit log listens
from start-up on, in the same transaction.
"""

from collections.abc import Callable, Mapping

Listener = Callable[[int | None, int | None, str, str, str, Mapping[str, object]], None]
_listeners: list[Listener] = []


def listen(function: Listener) -> Listener:
    """Be told of every write; the same function twice is told once."""
    if function not in _listeners:
        _listeners.append(function)
    return function


def tell(
    *, action: str, object: str, actor_id: int | None, actor_words: str, post_id: int | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:  # fmt: skip
    """Say what has been written by whom: `action` such as calendars.publish, `object` a code or number."""
    for listener in _listeners:
        listener(actor_id, post_id, actor_words, action, object, detail or {})
