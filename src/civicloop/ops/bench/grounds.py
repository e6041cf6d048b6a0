"""What is measured on: a database that is filled for this run and grows from size to size, or seeded ones in place."""

from collections.abc import Callable, Iterator, Sequence

from civicloop.ops.bench import seeded, seeding
from civicloop.ops.bench.city import City, build
from civicloop.ops.bench.instance import Instance, bring_up_to_date, instance, kept, opened

Say = Callable[[str], None]
Fill = Callable[[int, City, str, Callable[[int], None]], None]


def grounds(
    sizes: Sequence[int], names: Sequence[str], say: Say, fill: Fill = seeding.fill
) -> Iterator[tuple[int, Instance, City]]:  # fmt: skip
    """(matters beforehand, instance, city) one after the other; Django looks at each while its turn is.

    A seeded one is used as it is, not a copy of it: what a measurement adds stays there and is little beside the rest.
    """
    if names:
        for here in sorted(map(kept, names), key=lambda each: seeded.ready(each).size):
            say(f"{seeded.ready(here).size:,} seeded matters")
            bring_up_to_date(here)
            with opened(here):
                say("folding what measurements before have left, as a worker does at once")
                fold()
                yield seeded.ready(here).size, here, seeded.city_of(here)
        return
    with instance() as here:
        say("a small city")
        city = build()
        for size in sorted(sizes):
            say(f"{size:,} matters")
            fill(size, city, here.owner, lambda done: say(f"{done:,} matters"))
            yield size, here, city
            here.stop()


def fold() -> None:
    """Bring the cubes and the counts of the map up to date, which an installation's worker does every two seconds."""
    from civicloop.figures import folding
    from civicloop.onemap import jobs

    folding.round(10**9)
    while jobs.round():
        continue
