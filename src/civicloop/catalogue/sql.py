"""Named statements of the catalogue."""

# one more change; the row is made by the first one
BUMP = """
INSERT INTO catalogue_revision (id, number) VALUES (1, 1)
ON CONFLICT (id) DO UPDATE SET number = catalogue_revision.number + 1
"""

# what must be the same for the answers kept in process to hold: our changes, and units that came, changed or ended
SIGNATURE = """
SELECT coalesce((SELECT number FROM catalogue_revision WHERE id = 1), 0),
       (SELECT count(*) FROM people_unit), (SELECT count(valid_to) FROM people_unit),
       (SELECT count(*) FROM people_unitedition)
"""

# components whose point lies in one of some ranges of cells; what is farther than wanted is left out by whoever asks.
# Of a range where more stand than stand anywhere (a file that put all at one point), no more than `most` are read.
NEAR = """
SELECT x.id, x.code, x.kind_id, x.names, x.state, x.accuracy, x.lon, x.lat, x.address, x.owner_id, x.maintainer_id
FROM unnest(%(firsts)s::bigint[], %(lasts)s::bigint[]) AS r(first, last)
CROSS JOIN LATERAL (
    SELECT c.* FROM catalogue_component c
    WHERE c.cell BETWEEN r.first AND r.last AND c.valid_to IS NULL AND c.state <> 'removed'
    ORDER BY c.cell LIMIT %(most)s) x
"""

# changes of the register wait for one another until the transaction ends
COMPONENT_LOCK = "SELECT pg_advisory_xact_lock(hashtext('catalogue_component'))"
