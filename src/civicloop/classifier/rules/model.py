"""A linear model over runs of signs: how it answers, and how it lies on the disk.

A text becomes a vector of (1 + ln count) · idf, of length one; the score of a label is that vector times the label's
column. A logistic curve over the lead of the best score, fitted on texts that the model had not seen, makes it a
confidence. No library that trains is needed to answer, and nothing that is read can run (plain arrays, no pickles).
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from civicloop.classifier.rules.features import plain, runs

Floats = NDArray[np.float32]
FORM = "civicloop linear text model 1"
LOOKED_AT, REASONS = 60, 5  # runs that weigh most; stretches of the text that are shown
TELLING = 0.2  # of what the best of them gained: less decides nothing


class NoModel(ValueError):
    """The folder holds no model that this program can read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The likeliest label, how sure (0–1), whether that is sure enough to be said, and the runs that decided."""

    label: str
    confidence: float
    spoken: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Model:
    """`weights` has a row for each run of `vocabulary` and a column for each of `labels`."""

    labels: tuple[str, ...]
    vocabulary: dict[str, int]
    idf: Floats
    weights: Floats
    intercept: Floats
    curve: tuple[float, float]
    threshold: float  # below this confidence it keeps silent
    about: dict[str, Any]  # where it comes from, for people

    def vector(self, text: str) -> tuple[list[str], NDArray[np.intp], Floats]:
        """The known runs of a text, their places in the vocabulary, their values; all empty when none is known."""
        # a vocabulary is larger than a processor's cache: each run is looked up once, which is most of an answer's time
        place, known, found, counts = self.vocabulary.get, list[str](), list[int](), list[int]()
        for run, count in Counter(runs(text)).items():
            at = place(run)
            if at is not None:
                known.append(run)
                found.append(at)
                counts.append(count)
        places, often = np.asarray(found, dtype=np.intp), np.asarray(counts, dtype=np.float32)
        values = (1 + np.log(often)) * self.idf[places]
        length = float(np.linalg.norm(values))
        return known, places, values / length if length else values

    def label(self, text: str) -> str:
        """The likeliest label."""
        _known, places, values = self.vector(text)
        return self.labels[int(np.argmax(values @ self.weights[places] + self.intercept))]

    def answer(self, text: str) -> Answer:
        """The likeliest label with its confidence and reasons; a text of which nothing is known is never answered."""
        known, places, values = self.vector(text)
        rows = self.weights[places]
        scores = values @ rows + self.intercept
        best = int(np.argmax(scores))
        sure = float(confidence(scores[None, :], self.curve)[0])
        gain = values * (rows[:, best] - rows.mean(axis=1))
        most = np.argpartition(-gain, LOOKED_AT)[:LOOKED_AT] if len(gain) > LOOKED_AT else np.arange(len(gain))
        told = {known[at]: float(gain[at]) for at in most if len(known[at]) > 1}
        return Answer(self.labels[best], sure, bool(known) and sure >= self.threshold, _stretches(text, told))


def lead(scores: NDArray[Any]) -> NDArray[Any]:
    """By how much the best label of each row leads the second."""
    two = np.sort(scores, axis=1)[:, -2:]
    found: NDArray[Any] = two[:, 1] - two[:, 0]
    return found


def confidence(scores: NDArray[Any], curve: tuple[float, float]) -> NDArray[Any]:
    """How likely the best label of each row is right: a logistic curve (slope, height) over its lead."""
    slope, height = curve
    found: NDArray[Any] = 1 / (1 + np.exp(-(slope * lead(scores) + height)))
    return found


def _stretches(text: str, gains: dict[str, float]) -> tuple[str, ...]:
    """The stretches of a text that the runs which gained most cover together: whole words rather than parts of them."""
    least = TELLING * max(gains.values(), default=0.0)
    telling = {run: gain for run, gain in gains.items() if gain >= least > 0}
    found: dict[str, float] = {}
    for piece in plain(text):
        covered = [(start, start + len(run), gain) for run, gain in telling.items() for start in _starts(piece, run)]
        begin, end, gained = 0, 0, 0.0
        for start, stop, gain in [*sorted(covered), (len(piece) + 1, 0, 0.0)]:
            if start >= end:  # nothing overlaps: the stretch before ends
                words = piece[begin:end].strip("0")  # a number that stands as 0 is none that was written
                if len(words) > 1:
                    found[words] = max(gained, found.get(words, 0.0))
                begin, end, gained = start, stop, 0.0
            end, gained = max(end, stop), gained + gain
    return tuple(sorted(found, key=lambda each: (-found[each], each))[:REASONS])


def _starts(piece: str, run: str) -> Iterator[int]:
    at = piece.find(run)
    while at >= 0:
        yield at
        at = piece.find(run, at + 1)


# -- on the disk ------------------------------------------------------------------------------------------------------


def save(model: Model, folder: Path) -> None:
    """Write a model; a reader sees the former one or this one, whole."""
    fresh = folder.with_name(f"{folder.name}.new")
    fresh.mkdir(parents=True, exist_ok=True)
    np.save(fresh / "weights.npy", model.weights)
    np.save(fresh / "idf.npy", model.idf)
    np.save(fresh / "intercept.npy", model.intercept)
    ordered = sorted(model.vocabulary, key=model.vocabulary.__getitem__)
    (fresh / "vocabulary.txt").write_text("\n".join(ordered), encoding="utf-8")
    head = {"form": FORM, "labels": model.labels, "curve": model.curve, "threshold": model.threshold,
            "about": model.about}  # fmt: skip
    (fresh / "model.json").write_text(json.dumps(head, ensure_ascii=False, indent=1), encoding="utf-8")
    former = folder.with_name(f"{folder.name}.old")
    _clear(former)
    if folder.exists():
        folder.rename(former)
    fresh.rename(folder)
    _clear(former)


def load(folder: Path) -> Model:
    """Read a model. Processes that read the same one share its weights in memory. Raises NoModel."""
    try:
        head = json.loads((folder / "model.json").read_text(encoding="utf-8"))
        words = (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
        # a plain view of the shared pages: numpy's own class of them is slow to take rows from
        weights = np.asarray(np.load(folder / "weights.npy", mmap_mode="r", allow_pickle=False))
        idf = np.load(folder / "idf.npy", allow_pickle=False)
        intercept = np.load(folder / "intercept.npy", allow_pickle=False)
        if head["form"] != FORM or weights.shape != (len(words), len(head["labels"])) or len(idf) != len(words):
            raise NoModel(folder)
        return Model(
            tuple(head["labels"]), {word: at for at, word in enumerate(words)}, idf, weights, intercept,
            (float(head["curve"][0]), float(head["curve"][1])), float(head["threshold"]), head["about"],
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as trouble:
        raise NoModel(folder) from trouble


def _clear(folder: Path) -> None:
    if folder.exists():
        for each in folder.iterdir():
            each.unlink()
        folder.rmdir()
