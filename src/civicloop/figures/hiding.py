"""Small cells hidden from everybody, so that nobody finds them by taking the others from the whole. Pure.

A row is hidden in a group of columns when one of their numbers is small: columns belong together when they count the
same facts, since one of them tells what the other hides. Beside the small rows a larger one is hidden as well, always,
drawn by lot: whoever takes the rest from the whole cannot tell which of the hidden ones is the small one. (Were it the
next larger one, a row that is shown would say how large it can be at most; a test tries all of it.) Where there is no
larger one all rows are hidden, those of nothing too. The whole is never hidden: it is a number of the level above.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence

FEW = 5  # below the subdistrict a public cell of fewer is hidden
Number = int | None


def together(measures: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """The columns in groups: those that share a measure, also by way of a third."""
    groups: list[tuple[frozenset[str], list[str]]] = []
    for code, mine in measures.items():
        touched = [each for each in groups if each[0] & mine]
        groups = [each for each in groups if not each[0] & mine]
        groups.append((mine.union(*(each[0] for each in touched)), [*(c for each in touched for c in each[1]), code]))
    return [codes for _measures, codes in groups]


def smallest(of: int, per: Number, left_out: int) -> int:
    """The smallest number that a figure tells, also by taking one of its numbers from another; 0 where of nobody."""
    numbers = [of, left_out] if per is None else [of, per - of, per, left_out]
    return min((each for each in numbers if each > 0), default=0)


def rows_hidden(sizes: Sequence[int], draw: Callable[[Sequence[int]], int] = secrets.choice) -> set[int]:
    """The places of the rows that are hidden, by the smallest number that each tells; `draw` picks the larger one.

    Draws anew each time: what is hidden is written once.
    """
    few = {place for place, size in enumerate(sizes) if 0 < size < FEW}
    if not few:
        return set()
    larger = [place for place, size in enumerate(sizes) if size >= FEW]
    return few | {draw(larger)} if larger else set(range(len(sizes)))
