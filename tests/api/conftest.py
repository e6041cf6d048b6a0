"""What all tests over HTTP need: a Monday morning that threads see too, and doors that nobody has tried yet."""

from collections.abc import Iterator

import pytest

from civicloop.foundation import clock
from civicloop.matters import api
from tests import world


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    """The platform's clock stands at world.START, for every thread."""
    clock.set_process_clock(lambda: world.START)
    for bound in (api.CODE_TRIES, api.CODE_TRIES_OF_MATTER):
        bound.forget()
    yield
    clock.set_process_clock(None)
