"""How good a model is: accuracy, macro-F1, a confusion table, and what it says when it may keep silent."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measures:
    """Over texts whose label is known. `confusion[i][j]`: texts of label i that were called label j."""

    rows: int
    accuracy: float
    macro_f1: float
    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]

    def per_label(self) -> dict[str, dict[str, float | int]]:
        """Precision, recall and F1 of each label, with how many texts bear it."""
        found: dict[str, dict[str, float | int]] = {}
        for at, label in enumerate(self.labels):
            right, borne = self.confusion[at][at], sum(self.confusion[at])
            called = sum(row[at] for row in self.confusion)
            precision, recall = right / called if called else 0.0, right / borne if borne else 0.0
            f1 = 2 * precision * recall / (precision + recall) if right else 0.0
            found[label] = {"rows": borne, "precision": precision, "recall": recall, "f1": f1}
        return found


def measure(true: Sequence[str], called: Sequence[str]) -> Measures:
    """Compare; macro-F1 is the plain mean over the labels that the texts bear or were called."""
    labels = tuple(sorted({*true, *called}))
    places = {label: at for at, label in enumerate(labels)}
    table = [[0] * len(labels) for _label in labels]
    for one, other in zip(true, called, strict=True):
        table[places[one]][places[other]] += 1
    bare = Measures(len(true), 0.0, 0.0, labels, tuple(tuple(row) for row in table))
    scores = [float(each["f1"]) for each in bare.per_label().values()]
    right = sum(table[at][at] for at in range(len(labels)))
    return Measures(
        bare.rows, right / len(true) if true else 0.0, sum(scores) / len(scores) if scores else 0.0, labels,
        bare.confusion,
    )  # fmt: skip
