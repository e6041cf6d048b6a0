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
