"""Which areas stand in the place of one that has ended. Pure."""

from collections.abc import Callable, Iterable, Mapping


def chains(pairs: Iterable[tuple[int, int]], alive: Callable[[int], bool]) -> Mapping[int, tuple[int, ...]]:
    """ended area → the living ones that follow it, through areas that have ended too; rings are walked once."""
    following: dict[int, list[int]] = {}
    for before, after in pairs:
        following.setdefault(before, []).append(after)
    found = {}
    for start in following:
        if alive(start):
            continue
        seen, waiting, ends = {start}, list(following[start]), set()
        while waiting:
            each = waiting.pop()
            if alive(each):
                ends.add(each)
            elif each not in seen:
                seen.add(each)
                waiting += following.get(each, ())
        found[start] = tuple(sorted(ends))
    return found
