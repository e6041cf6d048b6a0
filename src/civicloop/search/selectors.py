"""Finding matters by words, limited to what the reader may see, with the places where the words stand."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from civicloop.foundation import clock, ids, ngrams
from civicloop.matters import selectors as lists
from civicloop.matters.models import Matter
from civicloop.people.access import Actor
from civicloop.search.rules import snippets
from civicloop.search.rules.snippets import Parts

LONGEST = 200
PAGE = 20


@dataclass(frozen=True)
class Hit:
    """A found matter: its row, and title, text and address cut where the words stand."""

    row: Matter
    title: Parts
    text: Parts
    address: Parts


@dataclass(frozen=True)
class Found:
    """A page of hits. `understood` is false where nothing of the question can be looked for."""

    hits: list[Hit] = field(default_factory=list)
    next: str | None = None
    understood: bool = True


def understood(text: str) -> bool:
    """Whether a question has a word that can be looked for: two Han characters, or one word of other signs."""
    wanted = ngrams.wanted(text)
    return any(len(token) > 1 or token < "\u3400" for token in wanted.tokens)


def search(
    actor: Actor, text: str, *, filters: lists.Filters | None = None, days: int | None = None, after: str = "",
    limit: int = PAGE,
) -> Found:  # fmt: skip
    """Matters that hold what `text` asks for (foundation.ngrams.wanted), newest first, in keyset pages.

    `days`: only those received in so many days. Raises matters.errors.Refused for a key that is no key.
    """
    text = text.strip()[:LONGEST]
    if not ids.number_is_sound(text) and not understood(text):
        return Found(understood=False)
    since = clock.now() - timedelta(days=days) if days else None
    page = lists.matters(actor, replace(filters or lists.Filters(), text=text, since=since), after=after, limit=limit)
    pieces = (text.lower(),) if ids.number_is_sound(text) else ngrams.wanted(text).shown
    return Found([hit(row, pieces) for row in page.rows], page.next)


def hit(row: Matter, pieces: tuple[str, ...]) -> Hit:
    """What to show of a found matter."""
    text = "" if row.text == row.title else row.text
    return Hit(row, snippets.whole(row.title, pieces), snippets.around(text, pieces),
               snippets.whole(row.address, pieces))  # fmt: skip
