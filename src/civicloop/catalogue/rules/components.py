"""The code of a component, and how far its point may be off. Pure.

A code (管理部件标识码) has 17 digits: 6 of the administrative division, 2 of the main class, 3 of the kind, 6 of the
component's own number. None of them is a check digit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

LENGTH = 17
OLD_LENGTH = 16  # of the 2013 edition, whose kinds have two digits
TOLERANCE: Mapping[str, float] = {"A": 0.5, "B": 1.0, "C": 10.0}  # metres, by accuracy class


class CodeRefused(ValueError):
    """A text that is no code of a component; `code` is not_digits, old_edition or length."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Parts:
    """What the digits of a code say. `kind` are class and kind together, as in the list of kinds."""

    division: str
    kind: str
    serial: str


def parts(code: str) -> Parts:
    """The parts of a code. Raises CodeRefused."""
    if not (code.isascii() and code.isdigit()):
        raise CodeRefused("not_digits")
    if len(code) == OLD_LENGTH:
        raise CodeRefused("old_edition")
    if len(code) != LENGTH:
        raise CodeRefused("length")
    return Parts(code[:6], code[6:11], code[11:])


def reaches(accuracy: str, metres: float, within: float) -> bool:
    """Whether a point `metres` away may be at the component, when the point itself may be off by `within`."""
    return metres <= TOLERANCE[accuracy] + within
