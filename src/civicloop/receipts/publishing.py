"""Roots as files outside the database: `DATA_DIR/roots/<day>.json`, one each, for whoever keeps copies elsewhere.

A database can be rewritten as a whole; these files, and every copy of them, then say so (receipts.proof compares).
"""

import json
import os
import secrets
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from civicloop.foundation.moments import moment
from civicloop.receipts.models import DailyRoot

Copies = dict[str, dict[str, Any] | None]


def folder() -> Path:
    """Where the published roots lie."""
    return Path(settings.DATA_DIR) / "roots"


def document(root: DailyRoot) -> dict[str, Any]:
    """A root as the API, the files and receipts give it: all that somebody needs to check it, bytes in hexadecimal."""
    return {
        "day": root.day.isoformat(), "no": root.no, "until": moment(root.until),
        "leaves": root.leaves, "root": bytes(root.root).hex(), "previous": bytes(root.previous).hex(),
        "algorithm": root.algorithm, "made_at": moment(root.made_at), "key": root.key_id,
        "body": bytes(root.body).hex(), "hash": bytes(root.hash).hex(), "signature": bytes(root.signature).hex(),
    }  # fmt: skip


def path_of(day: date) -> Path:
    """The file of a day's root."""
    return folder() / f"{day.isoformat()}.json"


def publish() -> int:
    """Write the file of every root that has none; a file once written is never written again. Returns how many."""
    present = {path.name for path in folder().glob("*.json")}
    missing = [
        day for day in DailyRoot.objects.order_by("no").values_list("day", flat=True)
        if path_of(day).name not in present
    ]  # fmt: skip
    for day in missing:
        _write(path_of(day), document(DailyRoot.objects.get(day=day)))
    return len(missing)


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def copies() -> Copies:
    """Every published file by its day; None for what is no such document (any more)."""
    found: Copies = {}
    for path in sorted(folder().glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, OSError):
            content = None
        found[path.stem] = content if isinstance(content, dict) else None
    return found
