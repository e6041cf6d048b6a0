"""`classifier train`, `evaluate` for any table of texts with labels; `learn`, `measure` from the city's own matters."""

import codecs
import csv
import io
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from django.utils.translation import gettext as _

from civicloop.classifier import actions, store
from civicloop.classifier.rules import model as models
from civicloop.classifier.rules import training
from civicloop.classifier.rules.measures import Measures, measure

LONGEST_FIELD = 1_000_000  # signs of one field
DELIMITERS = "\t;|"  # what some programs put in the place of commas
MOST_CONFUSED = 10  # pairs of labels that are named in words


@dataclass(frozen=True)
class Table:
    """Texts with labels from a file; `skipped` counts the lines without one of both."""

    texts: list[str]
    labels: list[str]
    skipped: int


def read(path: Path, text: str, label: str) -> Table:
    """A CSV file in UTF-8 or GB 18030 with a line of names. Exits with plain words when it is not one."""
    found = Table([], [], 0)
    skipped = 0
    try:
        for row in _lines(path, text, label):
            words, name = (row[text] or "").strip(), (row[label] or "").strip()
            if not words or not name:
                skipped += 1
                continue
            found.texts.append(words)
            found.labels.append(name)
    except (OSError, csv.Error) as trouble:
        sys.exit(f"civicloop: {path} cannot be read: {trouble}")
    return Table(found.texts, found.labels, skipped)


def _lines(path: Path, text: str, label: str) -> Iterator[dict[str, str | None]]:
    csv.field_size_limit(LONGEST_FIELD)
    words = _decoded(path.read_bytes())
    if words is None:
        sys.exit(f"civicloop: {path} is neither UTF-8 nor GB 18030")
    head = next(csv.reader(io.StringIO(words, newline="")), [])
    marks = [each for each in DELIMITERS if {text, label} <= set(_names(words, each))] if len(head) < 2 else []
    # not str.splitlines: a message may hold U+2028 or a form feed, which end no line of a table
    rows = csv.DictReader(io.StringIO(words, newline=""), delimiter=marks[0] if marks else ",")
    names = rows.fieldnames = [name.strip() for name in rows.fieldnames or []]
    missing = [name for name in (text, label) if name not in names]
    if missing:
        sys.exit(f"civicloop: {path} has no column {', '.join(missing)}; it has: {', '.join(names) or 'none'}")
    yield from rows


def _decoded(content: bytes) -> str | None:
    """The words of a file: UTF-16 where its mark says so, UTF-8 with or without a mark, GB 18030; None for other bytes.

    One sign cut off at the end, as where a file was cut to a size, does not make a file unreadable.
    """
    names = ("utf-16",) if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else ("utf-8-sig", "gb18030")
    for name in names:
        try:
            return content.decode(name)
        except UnicodeDecodeError as trouble:
            if trouble.start >= len(content) - 3:
                return content[: trouble.start].decode(name)
    return None


def _names(words: str, delimiter: str) -> list[str]:
    """The names of the columns, were a table set apart by `delimiter`."""
    return [name.strip() for name in next(csv.reader(io.StringIO(words, newline=""), delimiter=delimiter), [])]


@click.group()
def classifier() -> None:
    """Suggest the kind of a text: train, evaluate, learn from the city's own matters."""


def _table_options(command: Any) -> Any:
    for option in reversed(
        [
            click.option("--file", "path", required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)),
            click.option("--text", required=True, metavar="COL", help="column of the texts"),
            click.option("--label", required=True, metavar="COL", help="column of the labels"),
            click.option("--model", default=None, type=click.Path(path_type=Path), help="folder of the model"),
            click.option("--json", "as_json", is_flag=True),
        ]
    ):
        command = option(command)
    return command


@classifier.command()
@_table_options
def train(path: Path, text: str, label: str, model: Path | None, as_json: bool) -> None:
    """Train a model on a CSV file and keep it for `evaluate`; the city's suggestions do not change."""
    table, began = read(path, text, label), time.perf_counter()
    try:
        done = training.train(table.texts, table.labels, about={"origin": "file", "file": path.name})
    except training.TooLittle:
        sys.exit(f"civicloop: {len(table.texts)} texts of {len(set(table.labels))} labels are too few to learn from "
                 f"(at least {training.FEWEST} texts, two labels)")  # fmt: skip
    folder = model or store.folder("trained")
    folder.parent.mkdir(parents=True, exist_ok=True)
    models.save(done.model, folder)
    document = {
        "rows": len(table.texts), "skipped": table.skipped, "labels": list(done.model.labels),
        "runs": len(done.model.vocabulary), "seconds": round(time.perf_counter() - began, 2),
        "held_out": _document(done.held_out) | {"spoken": done.spoken, "spoken_right": done.spoken_right},
        "threshold": done.model.threshold, "model": str(folder),
    }  # fmt: skip
    _print(document, as_json, _("%(rows)s texts of %(labels)s labels learnt in %(seconds)s s") % {
        "rows": document["rows"], "labels": len(done.model.labels), "seconds": document["seconds"],
    })  # fmt: skip
    if not as_json:
        _say(done.held_out)


@classifier.command()
@_table_options
def evaluate(path: Path, text: str, label: str, model: Path | None, as_json: bool) -> None:
    """Let a trained model answer a CSV file: accuracy, macro-F1, a confusion table."""
    folder = model or store.folder("trained")
    try:
        used = models.load(folder)
    except models.NoModel:
        sys.exit(f"civicloop: there is no model in {folder}; train one first, or name its folder with --model")
    table = read(path, text, label)
    if not table.texts:
        sys.exit(f"civicloop: {path} has no line with a text and a label")
    answers, took = [], []
    for words in table.texts:
        began = time.perf_counter()
        answers.append(used.answer(words))
        took.append(time.perf_counter() - began)
    found = measure(table.labels, [each.label for each in answers])
    said = [(true, each.label) for true, each in zip(table.labels, answers, strict=True) if each.spoken]
    document = {
        "rows": found.rows, "skipped": table.skipped, **_document(found),
        "spoken": len(said) / found.rows,
        "spoken_right": sum(true == called for true, called in said) / len(said) if said else None,
        "p95_ms": round(sorted(took)[int(len(took) * 0.95)] * 1000, 3), "model": str(folder),
    }  # fmt: skip
    _print(document, as_json, "")
    if not as_json:
        _say(found)


@classifier.command()
@click.option("--json", "as_json", is_flag=True)
def learn(as_json: bool) -> None:
    """Learn from the matters that this city has filed, and take the model when it is better than what is in use."""
    try:
        done = actions.learn()
    except training.TooLittle as few:
        sys.exit(f"civicloop: {few} filed matters are too few to learn from")
    document = {
        "rows": done.making.rows, "labels": done.making.labels, "taken": done.making.taken,
        "rival_accuracy": done.making.rival_accuracy, "held_out": _document(done.trained.held_out),
    }  # fmt: skip
    _print(document, as_json, _("taken into use") if done.making.taken else _("not better than before: left"))
    if not as_json:
        _say(done.trained.held_out)


def _document(found: Measures) -> dict[str, Any]:
    return {
        "accuracy": found.accuracy, "macro_f1": found.macro_f1, "per_label": found.per_label(),
        "confusion": {"labels": list(found.labels), "rows_true_columns_called": [list(row) for row in found.confusion]},
    }  # fmt: skip


def _print(document: dict[str, Any], as_json: bool, words: str) -> None:
    if as_json:
        print(json.dumps(document, ensure_ascii=False))
    elif words:
        print(words)


def _say(found: Measures) -> None:
    """The measures in words, with the pairs that are mixed up most."""
    print(_("accuracy %(accuracy).3f, macro-F1 %(f1).3f over %(rows)s texts") % {
        "accuracy": found.accuracy, "f1": found.macro_f1, "rows": found.rows,
    })  # fmt: skip
    pairs = [
        (count, found.labels[one], found.labels[other])
        for one, row in enumerate(found.confusion)
        for other, count in enumerate(row)
        if one != other and count
    ]
    for count, true, called in sorted(pairs, reverse=True)[:MOST_CONFUSED]:
        print(f"{count:6}  {true} → {called}")


COMMANDS = [classifier]
