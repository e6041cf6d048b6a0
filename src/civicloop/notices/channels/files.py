"""Letters as files in DATA_DIR/outgoing: what an installation without mail server and gateways does, and tests look at.

The address is masked: a file is no sealed store. A letter sent twice writes the same file.
"""

import json
from pathlib import Path

from django.conf import settings

from civicloop.foundation import clock
from civicloop.notices.channels.base import Letter, Trouble

SHOWN = 3  # characters of an address at its beginning


class Files:
    """One file for each letter."""

    def __init__(self, code: str) -> None:
        self.code = code

    def route(self, letter: Letter) -> str:
        return "files"

    def send(self, letter: Letter) -> None:
        """Raises Trouble `disk`."""
        content = {
            "id": letter.id, "channel": self.code, "to": letter.to[:SHOWN] + "****", "title": letter.title,
            "text": letter.text, "link": letter.link, "at": clock.now().isoformat(),
        }  # fmt: skip
        path = folder() / f"{self.code}-{letter.id}.json"
        fresh = path.with_suffix(".fresh")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
            fresh.replace(path)
        except OSError as reason:
            raise Trouble("disk", away=True) from reason


def folder() -> Path:
    """Where the files lie."""
    return Path(settings.DATA_DIR) / "outgoing"
