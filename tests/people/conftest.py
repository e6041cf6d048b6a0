"""Every test of this room begins on a Monday morning, with nobody having tried to sign in."""

from collections.abc import Iterator

import pytest

from civicloop.foundation import clock
from tests import world


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    from civicloop.site.signin import TRIES

    TRIES.forget()
    with clock.at(world.START):
        yield
    TRIES.forget()
