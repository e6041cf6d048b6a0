"""The counts of what was seeded: by the statement of the rebuild, a span of matters after the other."""

from collections.abc import Callable
from uuid import UUID

import psycopg

from civicloop.figures import folding
from civicloop.figures import sql as figures
from civicloop.foundation import locality
from civicloop.matters import counting
from civicloop.onemap import actions as onemap
from civicloop.ops.bench.instance import Instance
from civicloop.records import settings as options

SPAN = 200_000  # matters: the more at once, the fewer counts are written twice
NOTHING_WAITS = """WITH gone AS (DELETE FROM matters_unfolded)
UPDATE figures_folding SET zone = %(zone)s, day_start = %(day_start)s, rules = %(rules)s, days_folded = TRUE"""


def count(here: Instance) -> None:
    """Count all facts into the cubes, as the owner; killed, it goes on: counting a span and saying so is one."""
    values: dict[str, object] = {
        "zone": locality.zone_name(), "day_start": options.get_str("figures.day_start"),
        "rules": counting.RULES, "generation": folding.state().generation, "oldest": folding.oldest_of_grids(),
    }  # fmt: skip
    with psycopg.connect(here.owner, autocommit=True) as line:
        line.execute("SET work_mem = '256MB'")
        line.execute(NOTHING_WAITS, values)
        line.execute("ANALYZE matters_fact")  # nobody has looked at it yet, and a plan for few rows would take hours
        line.execute("ANALYZE matters_unfolded")
        bound: int | None = 0
        while bound is not None:
            bound = _span(line, values)


def _span(line: psycopg.Connection[tuple[object, ...]], values: dict[str, object]) -> int | None:
    """The next span, by milliseconds of receipt; where the one after it begins, None after the last."""
    row = line.execute("SELECT COALESCE(counted_until, 0) FROM bench_seed").fetchone()
    assert row is not None
    since = UUID(int=int(str(row[0])) << 80)
    last = line.execute(
        "SELECT id FROM matters_matter WHERE id > %s ORDER BY id OFFSET %s LIMIT 1", [since, SPAN]
    ).fetchone()
    bound = (UUID(str(last[0])).int >> 80) + 1 if last else (1 << 48) - 1
    with line.transaction():
        line.execute(figures.COUNT_SPAN, values | {"since": since, "until": UUID(int=(bound << 80) - 1)})
        line.execute("UPDATE bench_seed SET counted_until = %s", [bound])
    return bound if last else None


def rest(say: Callable[[str], None]) -> None:
    """What is made from the matters at once: the counts of the map."""
    say("counts of the map")
    folding.forget_old()
    onemap.rebuild()
