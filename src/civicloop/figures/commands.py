"""`civicloop ledger check` and `ledger rebuild`."""

import json
import sys
import time
from collections.abc import Callable

import click

from civicloop.figures import indicator_commands
from civicloop.figures.ledger import Report

EVERY = 30.0  # seconds between two lines of a log


@click.group()
def ledger() -> None:
    """Prove that every counter is what the timelines say; make all counters anew."""


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout")
@click.option("--processes", type=click.IntRange(1, 16), default=2, show_default=True, help="how many share the work")
def check(as_json: bool, processes: int) -> None:
    """Hold facts against timelines and cubes against facts; exit 1 and name what differs."""
    from civicloop.figures import ledger as book

    _tell(book.check(_progress(), processes=processes), as_json)


@ledger.command()
@click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout")
def rebuild(as_json: bool) -> None:
    """Make facts and cubes anew from the timelines, as the owner; killed, it goes on where it was."""
    from civicloop.figures import ledger as book

    _tell(book.rebuild(_progress()), as_json)


def _progress() -> Callable[[Report], None]:
    """Says on stderr how far it is: in one line at a terminal, in a log a line every EVERY seconds."""
    said = time.monotonic()

    def say(report: Report) -> None:
        nonlocal said
        words = f"{report.matters} matters, {report.facts} facts …"
        if sys.stderr.isatty():
            print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - said >= EVERY:
            said = time.monotonic()
            print(words, file=sys.stderr, flush=True)

    return say


def _tell(report: Report, as_json: bool) -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    if as_json:
        document = {
            "ok": report.ok, "matters": report.matters, "facts": report.facts, "counts": report.counts,
            "mended": report.mended, "differences": report.differences,
        }  # fmt: skip
        print(json.dumps(document, ensure_ascii=False, default=str))
    else:
        for each in report.differences:
            print(f"{each['what']} {each['about']}: timeline {each['timeline']}, database {each['database']}")
        mended = f", {report.mended} matters put right" if report.mended else ""
        print(f"{report.matters} matters, {report.facts} facts, {report.counts} counts{mended}")
        print("all agree" if report.ok else f"{len(report.differences)} differences")
    if not report.ok:
        sys.exit(1)


COMMANDS: list[click.Command] = [ledger, *indicator_commands.COMMANDS]
