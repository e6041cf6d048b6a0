"""`verify`: prove the timelines of matters and the daily roots."""

import json
import sys
from datetime import date, datetime
from typing import Any

import click

from civicloop.foundation import clock
from civicloop.matters import proof as timelines
from civicloop.matters.models import Matter
from civicloop.receipts import days, logproof, proof
from civicloop.receipts.logproof import Change
from civicloop.receipts.proof import Finding, Report

SHOWN = 50  # texts and days that are named in words; the JSON has more


@click.command()
@click.option("--matter", default=None, help="one matter, by id or number, and the roots that cover it")
@click.option("--day", default=None, type=click.DateTime(["%Y-%m-%d"]), help="one day: its root and all under it")
@click.option("--all", "everything", is_flag=True, help="every matter and every root")
@click.option("--logs", is_flag=True, help="the audit log, the read log and the settings, and every root")
@click.option("--json", "as_json", is_flag=True)
def verify(matter: str | None, day: datetime | None, everything: bool, logs: bool, as_json: bool) -> None:
    """Prove that timelines, logs and daily roots were not rewritten; exit 1 and name what was changed."""
    if sum((matter is not None, day is not None, everything, logs)) != 1:
        sys.exit("civicloop: say one of --matter ID, --day YYYY-MM-DD, --logs and --all")
    report = proof.verify_logs() if logs else _look(matter, day.date() if day else None)
    numbers = _numbers(report)
    if as_json:
        print(json.dumps(_document(report, numbers), ensure_ascii=False))
    else:
        _say(report, numbers)
    if not report.ok:
        sys.exit(1)


def _look(matter: str | None, day: date | None) -> Report:
    if matter is not None:
        matter_id = timelines.matter_of(matter)
        if matter_id is None:
            sys.exit(f"civicloop: there is no matter {matter}")
        return proof.verify_matter(matter_id)
    if day is not None:
        if day > days.last_over(clock.now()):
            sys.exit(f"civicloop: {day} is not over, so it has no root yet; see --matter or --all")
        return proof.verify_day(day, _progress)
    return proof.verify_all(_progress)


def _progress(report: Report) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{report.matters} matters, {report.entries} entries, {len(report.findings)} findings ")
        sys.stderr.flush()


def _numbers(report: Report) -> dict[Any, str]:
    """The human numbers of the matters that findings are about."""
    wanted = {each.matter for each in report.findings if each.matter is not None}
    return dict(Matter.objects.filter(id__in=list(wanted)[:10_000]).values_list("id", "number"))


def _document(report: Report, numbers: dict[Any, str]) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "matters": report.matters,
        "entries": report.entries,
        "roots": report.roots,
        "leaves": report.leaves,
        "copies": report.copies,
        "log_lines": report.logs.lines,
        "log_heads": report.logs.heads,
        "late_count": report.logs.late_count,
        "late": [_log_line(each) for each in report.logs.late],
        "open_days": [day.isoformat() for day in report.open_days],
        "erased_count": report.erased_count,
        "erased": [
            {"matter": str(matter), "seq": each.seq, "field": each.field, "list": each.list, "on": each.on}
            for matter, each in report.erased
        ],
        "findings": [
            *(_line(each, numbers) for each in report.findings),
            *(_log_line(each) | {"words": logproof.words(each)} for each in report.logs.changes),
        ],
    }


def _log_line(each: Change) -> dict[str, Any]:
    return {
        "code": each.code, "log": each.log, "matter": None, "number": None, "seq": each.number,
        "day": each.day.isoformat() if each.day else None, "about": each.about,
    }  # fmt: skip


def _line(each: Finding, numbers: dict[Any, str]) -> dict[str, Any]:
    number = numbers.get(each.matter, "")
    return {
        "code": each.code, "matter": str(each.matter) if each.matter else None, "number": number or None,
        "seq": each.seq, "day": each.day.isoformat() if each.day else None, "about": each.about,
        "words": proof.words(each, number),
    }  # fmt: skip


def _say(report: Report, numbers: dict[Any, str]) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r")
    for each in report.findings:
        print(f"CHANGED  {proof.words(each, numbers.get(each.matter, ''))}")
    for change in report.logs.changes:
        print(f"CHANGED  {logproof.words(change)}")
    for line in report.logs.late[:SHOWN]:
        print(f"late     {line.log} log, line {line.number}: it came after its day was closed; under {line.day}")
    if report.logs.late_count > SHOWN:
        print(f"late     {report.logs.late_count - SHOWN} more lines")
    for matter, gone in report.erased[:SHOWN]:
        under = f"on {gone.on} under list {gone.list}; its commitment stands"
        print(f"erased   matter {matter}, entry {gone.seq}: text {gone.field} {under}")
    if report.erased_count > SHOWN:
        print(f"erased   {report.erased_count - SHOWN} more texts")
    if report.open_days:
        named = ", ".join(day.isoformat() for day in report.open_days[:SHOWN])
        print(f"open     entries of these days stand under no root yet: {named}")
    print(
        f"{report.matters} matters with {report.entries} entries, {report.roots} roots with {report.leaves} leaves "
        f"looked at, {report.copies} published copies: {len(report.findings) + len(report.logs.changes)} findings"
    )
    print(
        f"{report.logs.lines} lines of logs under {report.logs.heads} heads looked at, "
        f"{report.logs.late_count} of them later than their day"
    )


COMMANDS: list[click.Command] = [verify]
