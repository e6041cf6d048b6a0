"""What a seeded database takes: bytes by table and per million matters, rows of every cube, partitions, and what
retention gives back.
"""

from collections.abc import Callable
from typing import Any

import psycopg

from civicloop.ops.bench import disk
from civicloop.ops.bench.instance import Instance, opened

Json = dict[str, Any]
Say = Callable[[str], None]
MIB = 2**20
SMALL = MIB  # tables below are not named one by one
TABLES = """SELECT root.relname, sum(pg_table_size(leaf.oid))::bigint, sum(pg_indexes_size(leaf.oid))::bigint,
    sum(greatest(leaf.reltuples, 0))::bigint, count(*) FILTER (WHERE leaf.relispartition)::int
FROM pg_class root
CROSS JOIN LATERAL (
    SELECT c.* FROM pg_partition_tree(root.oid) t JOIN pg_class c ON c.oid = t.relid WHERE t.isleaf
    UNION ALL SELECT root.* WHERE root.relkind = 'r') leaf
WHERE root.relnamespace = 'public'::regnamespace AND root.relkind IN ('p', 'r') AND NOT root.relispartition
GROUP BY 1 ORDER BY 2 DESC"""
QUARTERS = """SELECT substring(c.relname FROM '_([0-9]{4}q[0-9]|default)$'), sum(pg_total_relation_size(c.oid))::bigint,
    sum(greatest(c.reltuples, 0)) FILTER (WHERE c.relname LIKE 'matters_matter\\_%')::bigint
FROM pg_class c WHERE c.relispartition AND c.relkind = 'r' GROUP BY 1 ORDER BY 1"""
CUBES = """SELECT cube, grain, count(*), count(DISTINCT start) FROM figures_count
WHERE generation = (SELECT generation FROM figures_folding) GROUP BY 1, 2 ORDER BY 3 DESC"""
HOURS = """SELECT cube, count(*) FROM figures_duehour
WHERE generation = (SELECT generation FROM figures_folding) GROUP BY 1 ORDER BY 2 DESC"""
ROLLUPS = """SELECT level::text, count(*) FROM onemap_rollup GROUP BY 1
UNION ALL SELECT level || ' by kind', count(*) FROM onemap_kindrollup GROUP BY 1 ORDER BY 1"""
ERASABLE = """SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c
WHERE c.relispartition AND c.relkind = 'r'
    AND c.relname LIKE ANY(ARRAY['matters_entrytext\\_%', 'records_sealedvalue\\_%', 'evidence\\_%'])"""


def measured(here: Instance, matters: int) -> Json:
    """Everything, per million where that says more."""
    millions = matters / 1_000_000
    with psycopg.connect(here.owner) as line:
        whole = disk.used(line)
        tables = line.execute(TABLES).fetchall()
        quarters = line.execute(QUARTERS).fetchall()
        cubes, hours = line.execute(CUBES).fetchall(), line.execute(HOURS).fetchall()
        rollups = line.execute(ROLLUPS).fetchall()
        erasable = _one(line, ERASABLE)
        entries = sum(row[3] for row in tables if row[0] == "matters_entry")
    return {
        "results": {
            "matters": matters, "entries": entries,
            "database_mib": round(whole / MIB), "bytes_per_matter": round(whole / matters),
            "tables": {
                name: {"mib": round((heap + indexes) / MIB), "of_which_indexes": round(indexes / MIB), "rows": rows}
                for name, heap, indexes, rows, _parts in tables if heap + indexes >= SMALL
            },
            "cubes": {f"{cube} by {_GRAINS[grain]}": {"rows": rows, "periods": periods}
                      for cube, grain, rows, periods in cubes},
            "due_hours": dict(hours), "map_counts_by_level": dict(rollups),
            "partitions": {name: {"mib": round(size / MIB), "matters": rows or 0} for name, size, rows in quarters},
            "retention": _retention(quarters, erasable),
        },
        "ratios": {
            "gib_per_million": round(whole / 2**30 / millions, 2),
            "cube_rows_per_matter": round(sum(row[2] for row in cubes) / matters, 2),
            "entries_per_matter": round(entries / matters, 2),
        },
    }  # fmt: skip


_GRAINS = {"d": "day", "m": "month"}


def _retention(quarters: list[Any], erasable: int) -> Json:
    """What there is to be given back. Nothing is dropped here, and the product drops no partition by itself."""
    full = [(name, size) for name, size, rows in quarters if rows and name != "default"]
    oldest = full[0] if full else ("", 0)
    return {
        "oldest_partition": oldest[0], "dropping_it_gives_back_mib": round(oldest[1] / MIB),
        "erasure_of_texts_and_photos_frees_at_most_mib": round(erasable / MIB),
    }  # fmt: skip


def _one(line: psycopg.Connection[tuple[Any, ...]], statement: str) -> int:
    row = line.execute(statement.encode()).fetchone()
    return int(row[0] or 0) if row else 0


def proved(here: Instance, say: Say) -> Json:
    """Whether all timelines, figures and counts of the map are what they should be."""
    from civicloop.figures import ledger
    from civicloop.onemap import actions as onemap
    from civicloop.receipts import proof

    with opened(here):
        lines = proof.verify_all(lambda report: say(f"{report.matters:,} timelines proved"))
        book = ledger.check(lambda report: say(f"figures of {report.matters:,} matters proved"), processes=2)
        say("counts of the map")
        differences = onemap.differences()
    return {
        "ok": lines.ok and book.ok and differences == 0, "timelines": lines.matters, "entries": lines.entries,
        "findings": len(lines.findings), "facts": book.facts, "counts": book.counts,
        "differences": len(book.differences), "differences_of_the_map": differences,
    }  # fmt: skip
