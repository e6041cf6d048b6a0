"""The counts of what was seeded: each line of the cubes by itself, from the text by which all cubes are summed.

Nothing is there yet, so every count is written once, into a table without index, and two processes share the lines.
"""

from collections.abc import Callable

import psycopg

from civicloop.figures import folding
from civicloop.figures import sql as figures
from civicloop.figures.cubes import LINES
from civicloop.foundation import locality
from civicloop.matters import counting
from civicloop.onemap import actions as onemap
from civicloop.ops.bench.instance import Instance
from civicloop.records import settings as options

TABLES = ("figures_count", "figures_duehour")
SHARES = 2
# 9 counts a matter were seen at a hundred thousand matters; the more matters, the more of them share one
EACH, SHARED, MORE, BYTES = 12, 3_000_000, 1, 340
NOTHING_WAITS = """WITH gone AS (DELETE FROM matters_unfolded)
UPDATE figures_folding SET zone = %(zone)s, day_start = %(day_start)s, rules = %(rules)s, days_folded = TRUE"""


def bytes_of(matters: int) -> int:
    """How much the cubes of so many matters take, by a rough bound."""
    return min(EACH * matters, SHARED + MORE * matters) * BYTES


def begin(line: psycopg.Connection[tuple[object, ...]]) -> dict[str, object]:
    """Say that no fact waits, and look at the facts for the planner; the values of the statements."""
    values: dict[str, object] = {
        "zone": locality.zone_name(), "day_start": options.get_str("figures.day_start"),
        "rules": counting.RULES, "generation": folding.state().generation,
    }  # fmt: skip
    line.execute(NOTHING_WAITS, values)
    line.execute("ANALYZE matters_fact")
    names = [name for (name,) in line.execute(figures.ALL_MEASURES.encode()).fetchall()]
    line.execute(figures.NEW_MEASURES, {"names": names})
    return values


def count(here: Instance, values: dict[str, object], share: int) -> None:
    """Write this share of the lines, as the owner; writing one and saying so is one transaction."""
    with psycopg.connect(here.owner, autocommit=True) as line:
        line.execute("SET work_mem = '256MB'")
        line.execute("SET synchronous_commit = off")
        done = {no for (no,) in line.execute("SELECT -no FROM bench_seed_batch WHERE no < 0").fetchall()}
        many = len(line.execute(figures.MEASURES).fetchall())
        statements = (*(figures.first_count(each, many) for each in LINES), figures.FIRST_HOURS)
        for number, statement in enumerate(statements, start=1):
            if number % SHARES == share and number not in done:
                with line.transaction():
                    line.execute(statement.encode(), values)
                    line.execute("INSERT INTO bench_seed_batch VALUES (%s)", [-number])


def rest(say: Callable[[str], None]) -> None:
    """What is made from the matters at once: the counts of the map."""
    say("counts of the map")
    onemap.rebuild()
