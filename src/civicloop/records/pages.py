"""Pages of this room: audit log, read log, settings. Plain views; `site` puts each behind the duty of urls.BY_DUTY.

Who acts is a fact of the room of people, above this one: it registers a function with `describe_doer`. Without it
nothing can be set.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from civicloop.records import actions, selectors, settings
from civicloop.records.forms import AuditFilterForm, ReadFilterForm, SettingForm


@dataclass(frozen=True)
class Doer:
    """Who acts, as the audit log keeps it."""

    account_id: int | None
    post_id: int | None
    words: str
    may_change: bool = False


Describe = Callable[[HttpRequest], Doer | None]
_describe: list[Describe] = []


def describe_doer(function: Describe) -> Describe:
    """Register who acts on a page; the last registration counts. None, or may_change False, may only look."""
    _describe[:] = [function]
    return function


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


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    """Every write that is not in a matter's timeline, newest first. For the audit administrator."""
    form = AuditFilterForm(request.GET or None)
    wanted = _filtered(form)
    after = selectors.Position.read(request.GET.get("after", ""))
    lines, following = selectors.audit_lines(**wanted, after=after)
    context = {
        "title": _("Audit log"), "form": form, "lines": lines, "page": _pages("audit", wanted, after, following)
    }  # fmt: skip
    return render(request, "records/audit.html", context)


@require_safe
def reads(request: HttpRequest) -> HttpResponse:
    """Every opening of sealed data with its purpose, newest first. For the audit administrator."""
    form = ReadFilterForm(request.GET or None)
    wanted = _filtered(form)
    after = selectors.Position.read(request.GET.get("after", ""))
    chosen = {("matter_id" if key == "matter" else key): value for key, value in wanted.items()}
    lines, following = selectors.read_lines(**chosen, after=after)
    context = {
        "title": _("Read log"), "form": form, "lines": lines, "page": _pages("reads", wanted, after, following)
    }  # fmt: skip
    return render(request, "records/reads.html", context)


@require_safe
def settings_page(request: HttpRequest) -> HttpResponse:
    """Every setting with its value and its last versions. For the system and the audit administrator."""
    return _settings(request, None)


def _settings(request: HttpRequest, wrong: SettingForm | None) -> HttpResponse:
    doer = _doer(request)
    rows = []
    for view in selectors.settings_in_force():
        form = SettingForm(view.definition, initial={"value": view.value}, auto_id=f"{view.definition.code}-%s")
        mine = wrong is not None and wrong.known is view.definition
        rows.append({"view": view, "form": wrong if mine else form})
    context = {"title": _("Settings"), "rows": rows, "may_change": doer is not None and doer.may_change}
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
