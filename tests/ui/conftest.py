"""The room alone: what rooms above register with it is left out, so that its pages need no database."""

import pytest

from civicloop.ui import context


@pytest.fixture(autouse=True)
def _no_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "_notice", [])
