"""Training: a linear support vector machine over runs of signs (scikit-learn), chosen on texts that it had not seen.

Joachims 1998 gives the reason for the machine; that runs of signs do as well as words for Chinese without a segmenter
was compared on texts of our own (docs/classifier.md). scikit-learn is imported here only: what answers needs numpy.
"""

import random
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from civicloop.classifier.rules.features import runs
from civicloop.classifier.rules.measures import Measures, measure
from civicloop.classifier.rules.model import Floats, Model, confidence, lead

CELLS = 12_000_000  # weights of a model at the most: 48 MB
MOST_RUNS = 400_000
FEWEST = 20  # texts below which nothing can be learnt
HELD_OUT = 0.12
COSTS = (0.1, 0.3, 1.0)
NAMES_CURVE, NAMES_THRESHOLD = (30.0, -2.4), 0.5  # of descriptions only; compared in docs/classifier.md
SURE_ENOUGH = 0.7  # where everything held out was right, also what is a little less sure is said
RIGHT_ENOUGH = 0.85  # what is said shall be right this often on texts that were held out


class TooLittle(ValueError):
    """There are too few texts or labels to learn from."""


@dataclass(frozen=True)
class Trained:
    """A model with what it achieved on texts that were held out before it was trained on all."""

    model: Model
    held_out: Measures
    spoken: float  # share of the held-out texts for which it would have said something
    spoken_right: float  # share of those that were right
    rival_accuracy: float  # of another model on the same texts; 0 without one


def train(
    texts: Sequence[str], labels: Sequence[str], *, about: dict[str, Any], described: Mapping[str, str] | None = None,
    rival: Model | None = None, fewest: int | None = None, seed: int = 20260302,
) -> Trained:  # fmt: skip
    """Learn from texts with their labels; the same texts, labels and seed give the same model.

    `described` has further texts by label, which are learnt from and never held out. A run enters the model when
    `fewest` texts have it (two of many, one of few) or a description does. Raises TooLittle.
    """
    if len(texts) < FEWEST or len(set(labels)) < 2:
        raise TooLittle(len(texts))
    inside, outside = _split(texts, labels, seed)
    more = dict(sorted((described or {}).items()))
    every, answers = [*texts, *more.values()], np.asarray([*labels, *more])
    inside = [*inside, *range(len(texts), len(every))]
    matrix, names, idf = _matrix(every, more.values(), fewest or (2 if len(texts) >= 500 else 1), len(set(answers)))
    true = [labels[at] for at in outside]
    trials = [_trial(matrix, answers, inside, outside, true, cost) for cost in COSTS]
    best = max(trials, key=lambda each: (each.measures.macro_f1 + each.measures.accuracy, -each.cost))
    right = np.asarray([one == other for one, other in zip(true, best.called, strict=True)])
    curve = _curve(best.scores, right)
    sure = confidence(best.scores, curve)
    threshold = _threshold(sure, right)
    said = sure >= threshold
    machine = _fit(matrix, answers, best.cost)
    found = best.measures
    model = Model(
        tuple(str(each) for each in machine.classes_), {name: at for at, name in enumerate(names)}, idf,
        np.ascontiguousarray(_columns(machine).T.astype(np.float32)), _intercepts(machine).astype(np.float32),
        curve, threshold,
        about | {"rows": len(texts), "cost": best.cost, "seed": seed, "accuracy": found.accuracy,
                 "macro_f1": found.macro_f1},
    )  # fmt: skip
    other = measure(true, [rival.label(texts[at]) for at in outside]).accuracy if rival else 0.0
    return Trained(model, found, float(said.mean()), float(right[said].mean()) if said.any() else 0.0, other)


def _split(texts: Sequence[str], labels: Sequence[str], seed: int) -> tuple[list[int], list[int]]:
    """Places to learn from and places held out: of each label its share, and never its only text.

    What was sent twice would be known when it is asked for: a copy of a text to learn from is learnt from as well.
    """
    by_label: dict[str, list[int]] = {}
    for at, label in enumerate(labels):
        by_label.setdefault(label, []).append(at)
    drawing, outside = random.Random(seed), set[int]()
    for label in sorted(by_label):
        places = by_label[label]
        most = min(len(places) - 1, max(1, round(len(places) * HELD_OUT)))
        outside.update(drawing.sample(places, most))
    learnt = {text for at, text in enumerate(texts) if at not in outside}
    outside = {at for at in outside if texts[at] not in learnt} or outside
    return [at for at in range(len(labels)) if at not in outside], sorted(outside)


def _matrix(texts: Sequence[str], described: Iterable[str], fewest: int, labels: int) -> tuple[Any, list[str], Floats]:
    """The texts as rows of a sparse matrix, the names of its columns, their idf."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    spread = Counter(run for text in texts for run in set(runs(text)))
    always = {run for text in described for run in runs(text)}
    wanted = [run for run, count in spread.items() if count >= fewest or run in always]
    most = min(MOST_RUNS, CELLS // labels)
    if len(wanted) > most:
        wanted = sorted(wanted, key=lambda run: (-spread[run], run))[:most]
    vectorizer = TfidfVectorizer(analyzer=runs, sublinear_tf=True, vocabulary=sorted(wanted), dtype=np.float32)
    matrix = vectorizer.fit_transform(texts)
    return matrix, [str(each) for each in vectorizer.get_feature_names_out()], vectorizer.idf_.astype(np.float32)


@dataclass(frozen=True)
class _Trial:
    """One cost tried on what was held out: the scores, the labels in their order, what each text was called."""

    cost: float
    scores: Any
    order: list[str]
    called: list[str]
    measures: Measures


def _trial(matrix: Any, answers: Any, inside: list[int], outside: list[int], true: list[str], cost: float) -> _Trial:
    machine = _fit(matrix[inside], answers[inside], cost)
    scores = matrix[outside] @ _columns(machine).T + _intercepts(machine)
    order = [str(each) for each in machine.classes_]
    called = [order[at] for at in scores.argmax(axis=1)]
    return _Trial(cost, scores, order, called, measure(true, called))


def _fit(matrix: Any, answers: Any, cost: float) -> Any:
    from sklearn.svm import LinearSVC

    machine = LinearSVC(C=cost, class_weight="balanced", random_state=0, max_iter=3000)
    with warnings.catch_warnings():
        # few texts of many kinds are what a city begins with
        warnings.filterwarnings("ignore", message="The number of unique classes", category=UserWarning)
        return machine.fit(matrix, answers)


def _columns(machine: Any) -> Any:
    """One row of weights a label; a machine of two labels has one row for both."""
    return machine.coef_ if len(machine.classes_) > 2 else np.vstack([-machine.coef_[0], machine.coef_[0]])


def _intercepts(machine: Any) -> Any:
    found = machine.intercept_
    return found if len(machine.classes_) > 2 else np.asarray([-found[0], found[0]])


def _curve(scores: Any, right: Any) -> tuple[float, float]:
    """How sure a lead of the best label over the second makes: a logistic curve through what was held out.

    Without a lead it is as likely wrong as right: as many such cases as a tenth of the texts (two at least) are added,
    so that a few texts that were all right make nobody certain. Platt 1999.
    """
    from sklearn.linear_model import LogisticRegression

    leads, even = lead(scores), max(1, len(right) // 20)
    xs = np.concatenate([leads, np.zeros(2 * even)])[:, None]
    fitted = LogisticRegression(C=100.0).fit(xs, [*right, *([True, False] * even)])
    return max(float(fitted.coef_[0, 0]), 0.0), min(float(fitted.intercept_[0]), 0.0)


def _threshold(sure: Any, right: Any) -> float:
    """The lowest confidence from which on what is said is right often enough; 1 where it never is."""
    order = np.argsort(-sure)
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.nonzero(share >= RIGHT_ENOUGH)[0]
    if not len(good):
        return 1.0
    lowest = float(sure[order[good[-1]]])
    return min(lowest, SURE_ENOUGH) if good[-1] == len(order) - 1 else lowest


def from_names(documents: dict[str, str], *, about: dict[str, Any]) -> Model:
    """A model before there is any history: what each label is called and described by, nothing learnt.

    The score is the cosine between the text and the label's description; it speaks only where one description clearly
    stands out, for a text that shares a single sign with many descriptions says nothing.
    """
    labels = sorted(documents)
    counts = {label: Counter(run for run in runs(documents[label]) if len(run) > 1) for label in labels}
    spread = Counter(run for each in counts.values() for run in each)
    names = sorted(spread)
    places = {name: at for at, name in enumerate(names)}
    idf = np.asarray([np.log((1 + len(labels)) / (1 + spread[name])) + 1 for name in names], dtype=np.float32)
    weights = np.zeros((len(names), len(labels)), dtype=np.float32)
    for column, label in enumerate(labels):
        for run, count in counts[label].items():
            weights[places[run], column] = (1 + np.log(count)) * idf[places[run]]
    lengths = np.linalg.norm(weights, axis=0)
    weights /= np.where(lengths > 0, lengths, 1)
    return Model(
        tuple(labels), places, idf, weights, np.zeros(len(labels), dtype=np.float32), NAMES_CURVE,
        NAMES_THRESHOLD, about,
    )  # fmt: skip
