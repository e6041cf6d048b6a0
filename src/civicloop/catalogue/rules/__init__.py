"""Pure calculation of the catalogue, without a database."""
