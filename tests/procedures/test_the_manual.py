"""The example in docs/procedures.md is a procedure that is closed."""

import re
from pathlib import Path

from civicloop.procedures.rules import reading
from tests.procedures.shipped import proved
from tests.procedures.small import no_fragments

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "procedures.md"


def test_the_example_of_the_manual_is_closed() -> None:
    text = re.search(r"```toml\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.S)
    assert text
    assert proved(reading.read(text[1], no_fragments)).problems == ()
