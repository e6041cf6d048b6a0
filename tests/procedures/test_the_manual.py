"""The examples of the manual are procedures that are closed, and a ladder."""

import re
import tomllib
from pathlib import Path

from civicloop.procedures import selectors
from civicloop.procedures.rules import ladders, reading
from civicloop.procedures.rules.proof import prove
from tests.procedures.shipped import POSTS, proved, shipped
from tests.procedures.small import no_fragments

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "procedures.md"


def test_the_example_of_a_citys_own_numbers_is_closed(tmp_path: Path) -> None:
    text = re.findall(r"```toml\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.S)[1]
    (tmp_path / "grid-event.toml").write_text(text, encoding="utf-8")
    procedure = reading.load(tmp_path / "grid-event.toml")
    assert procedure.clocks["acceptance"].limits[0].limit == "0.5 urgent_hour"
    assert prove(procedure, POSTS, shipped()).problems == ()


def test_the_example_of_a_mark_that_takes_a_matter_back_fits_the_shipped_ladder() -> None:
    text = re.search(r"```toml\n(.*?)```", (MANUAL.parent / "ladder.md").read_text(encoding="utf-8"), re.S)
    assert text
    shipped_one = (Path(selectors.__file__).parent / "ladders" / "standard.toml").read_text("utf-8")
    ladder = ladders.parse(tomllib.loads(f"{shipped_one}\n{text[1]}".replace('repeat = "5 work_day"\ntimes = 4\n', "")))
    assert (ladder.marks[-1].act, ladder.marks[-1].code) == ("reassign", "taken")
    moves = shipped()["grid-event"].moves_of(ladder.marks[-1].act)
    assert all("ladder" in move.by for move in moves)


def test_the_example_of_the_manual_is_closed() -> None:
    text = re.search(r"```toml\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.S)
    assert text
    assert proved(reading.read(text[1], no_fragments)).problems == ()
