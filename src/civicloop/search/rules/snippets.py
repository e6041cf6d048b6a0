"""The part of a text that shows why it was found. Pure calculation."""

from civicloop.foundation import ngrams

Parts = list[tuple[str, bool]]
BEFORE, LENGTH = 16, 90


def whole(text: str, pieces: tuple[str, ...]) -> Parts:
    """All of a short text, cut where the pieces stand: (part, whether it is one)."""
    return ngrams.marked(text, pieces)


def around(text: str, pieces: tuple[str, ...], before: int = BEFORE, length: int = LENGTH) -> Parts:
    """About `length` characters around the first piece that stands in `text`; its beginning where none does."""
    text = " ".join(text.split())
    parts = ngrams.marked(text, pieces)
    first, position = 0, 0
    for part, hit in parts:
        if hit:
            first = position
            break
        position += len(part)
    begin = max(0, first - before) if first > before else 0
    end = min(len(text), begin + length)
    found: Parts = [("…", False)] if begin else []
    position = 0
    for part, hit in parts:
        piece = part[max(0, begin - position) : max(0, end - position)]
        if piece:
            found.append((piece, hit))
        position += len(part)
    return [*found, ("…", False)] if end < len(text) else found
