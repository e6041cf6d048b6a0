"""Questions that declarations ask by name (guards): pure answers about a matter as an act sees it."""

from datetime import datetime
from typing import Any


def ended_overdue(matter: Any, _actor: Any, _moment: datetime) -> bool:
    """Whether the handling clock stopped after its due moment: only then may the mark be appealed (超时申诉)."""
    row = matter.clock("handle")
    return bool(
        row
        and row["state"] == "stopped"
        and row["due_at"]
        and datetime.fromisoformat(row["stopped_at"]) > datetime.fromisoformat(row["due_at"])
    )
