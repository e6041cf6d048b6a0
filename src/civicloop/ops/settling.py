"""What a serving process does before its first request, so that nobody waits for it in a page."""

import gc
from contextlib import suppress

from django.db import DatabaseError, connections
from django.urls import get_resolver

from civicloop.catalogue import selectors as catalogue
from civicloop.places import selectors as places
from civicloop.procedures import selectors as procedures


def settle() -> None:
    """Load all addresses, read what nearly every page asks of areas, catalogue and procedures, and leave it alone.

    The collector of garbage would go through these hundreds of thousands of objects several times during the first
    requests, an eighth of a second each. What cannot be read, while a schema is on its way, is read when it is asked
    for.
    """
    _ = get_resolver().reverse_dict
    with suppress(DatabaseError):
        places.revision()
        catalogue.picture()
        procedures.steps()
    connections.close_all()
    gc.collect()
    gc.freeze()
