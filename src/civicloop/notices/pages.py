"""The inbox of a member of staff, and how that person wants to be told outside the platform."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from civicloop.notices import actions, addresses, contacts, selectors, wording
from civicloop.notices.choices import Channel, Urgency
from civicloop.notices.errors import NoticeError
from civicloop.notices.models import Notice
from civicloop.people.access import Actor
from civicloop.people.web import duty

LONGEST_ID = 19


def number(text: str) -> int | None:
    """An id of an address; None for anything else."""
    return int(text) if text.isdecimal() and len(text) < LONGEST_ID else None


def target(notice: Notice) -> str:
    """The page that a notice leads to, which asks again whether it may be seen; empty where there is none."""
    if notice.link:
        return notice.link
    return addresses.page("matter", notice.matter_id) if notice.matter_id else ""


def _line(notice: Notice, language: str) -> dict[str, Any]:
    said = wording.said(notice.template, notice.data, language)
    return {
        "id": notice.pk, "title": said.title, "text": said.text, "at": notice.at, "unread": notice.read_at is None,
        "urgent": notice.urgency == Urgency.URGENT, "leads": bool(target(notice)),
    }  # fmt: skip


@never_cache
@require_safe
@duty("notices.own")
def inbox(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The own notices, 50 a page; with ?unread=1 only those that are not read."""
    only = request.GET.get("unread") == "1"
    found = selectors.inbox(actor, before=number(request.GET.get("before", "")), only_unread=only)
    language, here = get_language() or "zh-hans", reverse("notices:inbox")
    kept = "unread=1&" if only else ""
    page = {
        "next_url": f"{here}?{kept}before={found.next}" if found.next else "",
        "previous_url": f"{here}?{kept.rstrip('&')}" if "before" in request.GET else "",
    }
    lines = [_line(row, language) for row in found.rows]
    newest = found.rows[0].pk if found.rows else 0
    waiting = selectors.unread(actor.account_id or 0)
    return render(
        request, "notices/inbox.html",
        {"lines": lines, "page": page, "only": only, "newest": newest, "waiting": waiting},
    )  # fmt: skip


@never_cache
@require_safe
@duty("notices.own")
def open_one(request: HttpRequest, actor: Actor, notice_id: int) -> HttpResponse:
    """Mark an own notice as read and go where it leads."""
    row = selectors.own(actor, notice_id)
    if row is None:
        raise Http404
    actions.read(actor, notice_ids=[row.pk])
    return HttpResponseRedirect(target(row) or reverse("notices:inbox"))


@require_POST
@duty("notices.own")
def mark(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Mark one notice (`notice`) as read, or all up to the newest one that the page showed (`until`)."""
    one, until = number(request.POST.get("notice", "")), number(request.POST.get("until", ""))
    if one is not None:
        actions.read(actor, notice_ids=[one])
    elif until is not None:
        actions.read_all(actor, until=until)
    return HttpResponseRedirect(reverse("notices:inbox"))


# -- ways out ----------------------------------------------------------------------------------------------------------


@never_cache
@require_safe
@duty("notices.own")
def ways(request: HttpRequest, actor: Actor) -> HttpResponse:
    """By which ways one is reached."""
    return _ways(request, actor, {})


def _ways(request: HttpRequest, actor: Actor, refused: dict[str, str], status: int = 200) -> HttpResponse:
    own = contacts.of(actor)
    labels = {
        Channel.EMAIL: _("E-mail address at work"), Channel.SMS: _("Mobile phone for emergencies"),
        Channel.CHAT: _("Your name in the work chat"),
    }  # fmt: skip
    lines = [
        {"channel": channel.value, "label": label, "row": own.get(channel), "refused": refused.get(channel, ""),
         "typed": request.POST.get("to", "") if channel in refused else "", "mutable": channel != Channel.SMS}
        for channel, label in labels.items()
    ]  # fmt: skip
    return render(request, "notices/ways.html", {"lines": lines}, status=status)


@require_POST
@duty("notices.own")
def change_way(request: HttpRequest, actor: Actor, channel: str) -> HttpResponse:
    """Enter (`enter`), mute (`mute`, `unmute`) or take back (`take_back`) an own address."""
    what = request.POST.get("what", "")
    try:
        if what == "enter":
            contacts.enter(actor, channel=channel, to=request.POST.get("to", "")[:254])
        elif what in {"mute", "unmute"}:
            contacts.mute(actor, channel=channel, muted=what == "mute")
        elif what == "take_back":
            contacts.take_back(actor, channel=channel)
        else:
            raise Http404
    except NoticeError as reason:
        if reason.code == "unknown_channel":
            raise Http404 from None
        return _ways(request, actor, {channel: str(reason)}, status=422)
    messages.success(request, _("Saved."))
    return HttpResponseRedirect(reverse("notices:ways"))
