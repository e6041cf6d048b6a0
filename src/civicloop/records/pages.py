"""Pages of this room: audit log, read log, settings. Plain views; `site` puts each behind the duty of urls.BY_DUTY.

Who acts is a fact of the room of people, above this one: it registers a function with `describe_doer`. Without it
nothing can be set.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from civicloop.foundation import clock, spreadsheets
from civicloop.records import actions, amounts, selectors, settings
from civicloop.records import audit as audit_log
from civicloop.records.forms import AuditFilterForm, LogFilterForm, ReadFilterForm, SettingForm
from civicloop.records.models import AuditEntry, ReadEntry


@dataclass(frozen=True)
class Doer:
    """Who acts, as the audit log keeps it."""

    account_id: int | None
    post_id: int | None
    words: str
    may_change: bool = False


@dataclass(frozen=True)
class Told:
    """A line of the audit log in words; what stays empty is shown as the log has it."""

    action: str = ""
    outcome: str = ""
    object: str = ""
    url: str = ""
    who: str = ""
    who_url: str = ""


@dataclass(frozen=True)
class Opened:
    """A line of the read log in words; what stays empty is shown as the log has it."""

    field: str = ""
    matter: str = ""
    url: str = ""
    who: str = ""
    who_url: str = ""
    post: str = ""


Describe = Callable[[HttpRequest], Doer | None]
Say = Callable[[HttpRequest, Sequence[AuditEntry]], list[Told]]
SayOpenings = Callable[[HttpRequest, Sequence[ReadEntry]], list[Opened]]
_describe: list[Describe] = []
_say: list[Say] = []
_say_openings: list[SayOpenings] = []


def describe_doer(function: Describe) -> Describe:
    """Register who acts on a page; the last registration counts. None, or may_change False, may only look."""
    _describe[:] = [function]
    return function


def say_lines(function: Say) -> Say:
    """Register what says lines of the audit log in words, one for each line; the last registration counts."""
    _say[:] = [function]
    return function


def say_openings(function: SayOpenings) -> SayOpenings:
    """Register what says lines of the read log in words, one for each line; the last registration counts."""
    _say_openings[:] = [function]
    return function


def _told(request: HttpRequest, lines: Sequence[AuditEntry]) -> list[tuple[AuditEntry, Told]]:
    return list(zip(lines, _say[0](request, lines) if _say else [Told()] * len(lines), strict=True))


def _opened(request: HttpRequest, lines: Sequence[ReadEntry]) -> list[tuple[ReadEntry, Opened]]:
    said = _say_openings[0](request, lines) if _say_openings else [Opened()] * len(lines)
    return list(zip(lines, said, strict=True))


def _doer(request: HttpRequest) -> Doer | None:
    return _describe[0](request) if _describe else None


def _filtered(form: forms.Form) -> dict[str, Any]:
    return {key: value for key, value in form.cleaned_data.items() if value} if form.is_valid() else {}


def _pages(name: str, wanted: dict[str, Any], after: object, following: object) -> dict[str, str]:
    here = reverse(f"records:{name}")
    return {
        "next_url": f"{here}?{urlencode({**wanted, 'after': str(following)})}" if following else "",
        "previous_url": f"{here}?{urlencode(wanted)}" if after else "",
    }


def _log(request: HttpRequest, name: str, form: LogFilterForm, status: int = 200) -> HttpResponse:
    wanted = _filtered(form)
    after = selectors.Position.read(request.GET.get("after", ""))
    lines: Sequence[AuditEntry | ReadEntry] = ()
    following = None
    if form.is_valid() or not form.is_bound:
        if name == "audit":
            lines, following = selectors.audit_lines(**wanted, after=after)
        else:
            lines, following = selectors.read_lines(**_renamed(wanted), after=after)
    audited = [line for line in lines if isinstance(line, AuditEntry)]
    context = {
        "title": _("Audit log") if name == "audit" else _("Read log"), "form": form, "lines": lines,
        "told": _told(request, audited),
        "opened": _opened(request, [line for line in lines if isinstance(line, ReadEntry)]),
        "page": _pages(name, wanted, after, following), "query": urlencode(wanted), "export": f"records:{name}_export",
    }  # fmt: skip
    return render(request, f"records/{name}.html", context, status=status)


def _renamed(wanted: dict[str, Any]) -> dict[str, Any]:
    return {("matter_id" if key == "matter" else key): value for key, value in wanted.items()}


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Every write that is not in a matter's timeline, newest first. For the audit administrator."""
    return _log(request, "audit", AuditFilterForm(request.GET or None))


@require_safe
def reads(request: HttpRequest) -> HttpResponse:
    """Every opening of sealed data with its purpose, newest first. For the audit administrator."""
    return _log(request, "reads", ReadFilterForm(request.GET or None))


def _moment(at: datetime) -> str:
    return timezone.localtime(at).isoformat(timespec="milliseconds")


def _export(
    request: HttpRequest, name: str, form: LogFilterForm, kind: str, lines: Sequence[AuditEntry | ReadEntry] | None,
    columns: Sequence[str], cells: Callable[[Any], Sequence[object]],
) -> HttpResponse:  # fmt: skip
    """The lines as a file; that they left is itself a line of the audit log. Too many are refused, never cut off."""
    if lines is None:
        words = _("More than %(most)s lines fit. Narrow the period; nothing was exported.")
        form.add_error(None, words % {"most": selectors.EXPORT_MOST})
    if lines is None or not (form.is_valid() or not form.is_bound):
        return _log(request, name, form, 422)
    doer, asked = _doer(request), {key: str(value) for key, value in _filtered(form).items() if key != "q"}
    audit_log.write(
        actor_id=doer.account_id if doer else None, post_id=doer.post_id if doer else None,
        actor_words=doer.words if doer else "?", action=f"{name}.export", object=f"{name} log", outcome="done",
        detail={"rows": len(lines), "kind": kind, "by_text": bool(form.data.get("q")), **asked},
    )  # fmt: skip
    rows = [[_moment(line.at), *cells(line)] for line in lines]
    if kind == "xlsx":
        body: bytes = spreadsheets.workbook(columns, rows)
        content = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    else:
        body, content = ("\ufeff" + spreadsheets.written(columns, rows)).encode(), "text/csv; charset=utf-8"
    response = HttpResponse(body, content_type=content)
    response["Content-Disposition"] = f'attachment; filename="{name}-{clock.now():%Y%m%d-%H%M}.{kind}"'
    return response


@require_safe
@amounts.taken_away
def audit_export(request: HttpRequest, kind: str) -> HttpResponse:
    """The audit log as it is narrowed, as CSV or XLSX: the codes, and beside them the words. For the auditor."""
    form = AuditFilterForm(request.GET)
    lines = selectors.all_of(selectors.audited(**_filtered(form))) if form.is_valid() else ()
    words = {line.pk: told for line, told in _told(request, lines or ())}
    columns = ("at", "name", "account", "post", "action", "object", "outcome", "detail", "address",
               "action in words", "object in words", "outcome in words")  # fmt: skip
    return _export(request, "audit", form, kind, lines, columns, lambda line: (
        line.words, line.account_id or "", line.post_id or "", line.action, line.object, line.outcome,
        json.dumps(line.detail, ensure_ascii=False, sort_keys=True) if line.detail else "", line.address,
        words[line.pk].action, words[line.pk].object, words[line.pk].outcome,
    ))  # fmt: skip


@require_safe
@amounts.taken_away
def reads_export(request: HttpRequest, kind: str) -> HttpResponse:
    """The read log as it is narrowed, as CSV or XLSX. For the audit administrator."""
    form = ReadFilterForm(request.GET)
    lines = selectors.all_of(selectors.read(**_renamed(_filtered(form)))) if form.is_valid() else ()
    columns = ("at", "name", "account", "post", "purpose", "field", "matter")
    return _export(request, "reads", form, kind, lines, columns, lambda line: (
        line.words, line.account_id or "", line.post_id or "", line.purpose, line.field, line.matter_id or "",
    ))  # fmt: skip


@require_safe
def settings_page(request: HttpRequest) -> HttpResponse:
    """Every setting with its value and its last versions, or those that a word finds. For the system and the audit
    administrator."""
    return _settings(request, None)


def _settings(request: HttpRequest, wrong: SettingForm | None) -> HttpResponse:
    doer, rows, wanted = _doer(request), [], "" if wrong else request.GET.get("q", "").strip()[:60]
    for view in selectors.settings_in_force():
        if wanted.lower() not in f"{view.definition.code} {view.definition.label}".lower():
            continue
        form = SettingForm(view.definition, initial={"value": view.value}, auto_id=f"{view.definition.code}-%s")
        mine = wrong is not None and wrong.known is view.definition
        rows.append({"view": view, "form": wrong if mine else form})
    may_change = doer is not None and doer.may_change
    context = {"title": _("Settings"), "rows": rows, "q": wanted, "may_change": may_change}
    return render(request, "records/settings.html", context, status=422 if wrong else 200)


@require_POST
def set_value(request: HttpRequest, code: str) -> HttpResponse:
    """Set one setting of the installation. For the system administrator; everything typed stays on a refusal."""
    doer = _doer(request)
    if doer is None or not doer.may_change:
        raise PermissionDenied("settings.change")
    try:
        known = settings.definition(code)
    except settings.UnknownSetting as unknown:
        raise Http404 from unknown
    form = SettingForm(known, request.POST, auto_id=f"{code}-%s")
    if not form.is_valid():
        return _settings(request, form)
    actions.set_setting(
        actor_id=doer.account_id, post_id=doer.post_id, actor_words=doer.words, code=code,
        value=form.cleaned_data["value"],
    )  # fmt: skip
    messages.success(request, _("“%(label)s” is set.") % {"label": known.label})
    return redirect("records:settings")
