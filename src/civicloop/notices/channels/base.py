"""What every channel takes and does."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Letter:
    """A notice in words with the address that it goes to; `id` is the delivery's, the same in each try.

    `units` are the codes of the recipient's unit and of those above it, the nearest first.
    """

    id: int
    to: str
    title: str
    text: str
    link: str = ""
    units: Sequence[str] = ()

    @property
    def whole(self) -> str:
        """Everything in one text, for ways that know no title."""
        return f"{self.title}：{self.text}" + (f" {self.link}" if self.link else "")


class Trouble(Exception):
    """A letter that did not go out. `code` stands in the delivery log, so it names nobody.

    `away`: the receiving side does not answer, which says nothing of the letter; `final`: another try is of no use.
    """

    def __init__(self, code: str, *, away: bool = False, final: bool = False) -> None:
        super().__init__(code)
        self.code, self.away, self.final = code[:40], away, final


class Channel(Protocol):
    """One way out."""

    def route(self, letter: Letter) -> str:
        """Which receiving side a letter goes to: one that hangs holds up its own letters only."""

    def send(self, letter: Letter) -> None:
        """Send a letter. Raises Trouble."""


def secret(path: str) -> str:
    """The secret in a file, read at each sending so that it can be changed. Raises Trouble `no_secret`."""
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as reason:
        raise Trouble("no_secret", away=True) from reason
