"""`calendars` and `clock` on the command line."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import click
from django.db import DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _

from civicloop.calendars import actions, files, selectors, shipped, words
from civicloop.calendars import rules as clocks
from civicloop.calendars.rules import explain as explaining
from civicloop.calendars.rules.body import CalendarRefused, calendar_of


def _refuse(words_: str) -> NoReturn:
    click.echo(f"civicloop: {words_}", err=True)
    sys.exit(1)


@click.group()
def calendars() -> None:
    """Working calendars as files."""


@calendars.command("import")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shipped", "with_shipped", is_flag=True, help="also every calendar that comes with the product")
@click.option("--effective", default=None, help="ISO moment from which the new version is in force; default: now")
def import_calendars(paths: tuple[Path, ...], with_shipped: bool, effective: str | None) -> None:
    """Publish calendar files as new versions. All files are read first: with one bad file nothing is written."""
    start = _moment(effective, None, "--effective") if effective else None
    read: list[tuple[str, dict[str, object]]] = []
    for path in paths:
        try:
            code, content = files.read(path)
            calendar_of(code, 0, content)
        except CalendarRefused as refused:
            _refuse(f"{path} was not imported, nothing was changed:\n  " + "\n  ".join(refused.faults))
        read.append((code, content))
    read += [(code, shipped.content(code)) for code in shipped.codes() if with_shipped]
    if not read:
        _refuse("name a calendar file, or say --shipped")
    from django.db import transaction

    with transaction.atomic():
        for code, content in read:
            version = actions.publish(
                actor_id=None, actor_words="command line", code=code, content=content, valid_from=start
            )
            click.echo(f"{code}: version {version.version}, in force from {version.valid_from.isoformat()}")


@calendars.command("export")
@click.argument("code")
@click.option("--version", type=int, default=None, help="default: the one in force now")
def export_calendar(code: str, version: int | None) -> None:
    """Print a calendar as the TOML file that `calendars import` takes."""
    try:
        found = selectors.working_calendar(code) if version is None else selectors.calendar_version(code, version)
    except selectors.UnknownCalendar as unknown:
        _refuse(f"there is no calendar {unknown}; there are: {', '.join(selectors.codes()) or 'none'}")
    click.echo(files.written(selectors.content(code, found.version)), nl=False)


@calendars.command("list")
def list_calendars() -> None:
    """The calendars in force now."""
    for code in selectors.codes():
        found = selectors.working_calendar(code)
        click.echo(f"{code}  version {found.version}  published until {found.published_until or '-'}")


@click.group()
def clock() -> None:
    """Deadlines that anyone can check."""


def _calendar(code: str, file: Path | None, version: int | None) -> clocks.WorkingCalendar:
    try:
        if file is not None:
            return calendar_of(code, 0, files.read(file)[1])
        if version is None and code in shipped.codes():
            return shipped.calendar(code)
        return selectors.working_calendar(code) if version is None else selectors.calendar_version(code, version)
    except CalendarRefused as refused:
        _refuse(f"{file} is no calendar: " + "; ".join(refused.faults))
    except selectors.UnknownCalendar as unknown:
        _refuse(f"there is no calendar {unknown}; shipped: {', '.join(shipped.codes())}")
    except DatabaseError:
        _refuse(
            f"{code} is no shipped calendar ({', '.join(shipped.codes())}) and no database answers; "
            "give its file with --file, or set DATABASE_URL"
        )


def _moment(text: str, calendar: clocks.WorkingCalendar | None, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        _refuse(f"{where}: {text!r} is no moment; write 2026-02-13T16:00:00+08:00")
    if moment.tzinfo is None:
        if calendar is None:
            _refuse(f"{where}: {text!r} needs a zone; write 2026-02-13T16:00:00+08:00")
        return moment.replace(tzinfo=calendar.tz)
    return moment


def _pause(text: str, calendar: clocks.WorkingCalendar) -> clocks.Pause:
    begin, slash, end = text.partition("/")
    if not slash or not begin or not end:
        _refuse(f"--pause: {text!r} is no interval; write START/END")
    pause = clocks.Pause(_moment(begin, calendar, "--pause"), _moment(end, calendar, "--pause"))
    if pause.end is not None and pause.end < pause.start:
        _refuse(f"--pause: {text!r} ends before it begins")
    return pause


LIMIT_TROUBLE = {
    "no_limit": 'write a number and a unit, such as "4 工作时" or "2 work_day"',
    "ambiguous_unit": "a plain hour or day may be working or running time; say 工作时/紧急工作时 or 工作日/紧急工作日",
    "unknown_unit": "units are " + ", ".join(clocks.LimitUnit),
    "not_positive": "a limit is more than nothing",
    "not_whole": "days, months and years of the law are whole numbers",
    "too_large": "that is more than a century",
}


@clock.command("explain")
@click.option("--calendar", "code", default="cn-8h", show_default=True)
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="a calendar file instead")
@click.option("--version", type=int, default=None, help="a version of the installation's calendar")
@click.option("--start", required=True, help="ISO moment; without a zone it is read in the calendar's zone")
@click.option("--limit", "limit_text", required=True, help='such as "4 工作时"')
@click.option("--pause", "pauses", multiple=True, help="START/END, as often as needed")
@click.option("--language", type=click.Choice(["en", "zh-hans"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True)
def explain(
    code: str, file: Path | None, version: int | None, start: str, limit_text: str, pauses: tuple[str, ...],
    language: str, as_json: bool,
) -> None:  # fmt: skip
    """The due moment of a limit, and every interval: counted or not, and why."""
    calendar = _calendar(code, file, version)
    try:
        limit = clocks.Limit.parse(limit_text)
    except clocks.LimitRefused as refused:
        _refuse(f"--limit {limit_text!r}: {LIMIT_TROUBLE[refused.code]}")
    begin = _moment(start, calendar, "--start")
    stops = [_pause(text, calendar) for text in pauses]
    try:
        due = clocks.due(calendar, begin, limit, stops)
        intervals = explaining.explain(calendar, begin, limit, stops)
    except OverflowError:
        _refuse(f"{limit_text!r} from {start} lies outside the years 1 to 9998")
    with translation.override(language):
        rows = words.interval_rows(calendar, intervals)
        moment = calendar.local(due.moment).isoformat()
        if as_json:
            answer = {"due": moment, "provisional": due.provisional, "intervals": rows}
            click.echo(json.dumps(answer, ensure_ascii=False, indent=2))
            return
        for row in rows:
            click.echo(f"{'+' if row['counted'] else ' '} {row['from']} – {row['to']}  {row['why']}")
        click.echo(_("due %(moment)s") % {"moment": moment})
        if due.provisional:
            click.echo(_("provisional: it rests on days that are not published yet"))


COMMANDS: list[click.Command] = [calendars, clock]
