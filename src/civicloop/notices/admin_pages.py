"""The log of sendings and the wording of notices for administrators, and one answer to all who reported the same."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from civicloop.foundation import ids
from civicloop.matters import selectors as matters
from civicloop.matters.errors import Refused
from civicloop.notices import actions, broadcasts, selectors, wording
from civicloop.notices.choices import Channel, Urgency
from civicloop.notices.errors import NoticeError
from civicloop.notices.forms import BroadcastForm, LogForm
from civicloop.notices.models import Delivery
from civicloop.notices.pages import number
from civicloop.people import access
from civicloop.people.access import Actor
from civicloop.people.web import duty


@never_cache
@require_safe
@duty("notices.log")
def log(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The sendings, the newest first, 50 a page; neither contents nor addresses."""
    form, wanted = LogForm(request.GET or None), selectors.LogFilter()
    if form.is_valid():
        given = form.cleaned_data
        wanted = selectors.LogFilter(given["state"], given["channel"], given["day"])
    rows, following = selectors.log(wanted, before=number(request.GET.get("before", "")))
    language, here = get_language() or "zh-hans", reverse("notices:log")
    kept = {name: request.GET[name] for name in ("state", "channel", "day") if request.GET.get(name)}
    page = {
        "next_url": f"{here}?{urlencode(kept | {'before': following})}" if following else "",
        "previous_url": f"{here}?{urlencode(kept)}" if "before" in request.GET else "",
    }
    lines = [{"row": row, "title": wording.title(row.notice.template, language)} for row in rows]
    may_resend = access.may(actor, "notices.resend").allowed
    context = {"form": form, "lines": lines, "page": page, "may_resend": may_resend, "dead": selectors.dead()}
    return render(request, "notices/log.html", context)


@require_POST
@duty("notices.resend")
def resend(request: HttpRequest, actor: Actor, delivery_id: int) -> HttpResponse:
    """Try a sending again that was given up."""
    try:
        actions.resend(actor, delivery_id=delivery_id)
    except Delivery.DoesNotExist:
        raise Http404 from None
    except NoticeError as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, _("It is tried again."))
    return HttpResponseRedirect(reverse("notices:log") + "?state=dead")


@require_safe
@duty("notices.log")
def templates(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every template in both languages, filled with the values of its sample."""
    lines = []
    for template in wording.templates():
        said = [(lang, wording.said(template.code, template.sample, lang)) for lang in template.texts]
        lines.append(
            {"code": template.code, "reporter": template.audience == "reporter", "said": said,
             "urgency": Urgency(template.urgency).label,
             "channels": [Channel(channel).label for channel in template.channels]}
        )  # fmt: skip
    return render(request, "notices/templates.html", {"lines": lines})


# -- one answer for all ------------------------------------------------------------------------------------------------


@never_cache
@duty("notices.broadcast")
def broadcast(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """Write one answer, look at how many it reaches, then send it."""
    try:
        seen = matters.seen_by(actor, matter_id)
        found = broadcasts.reach(actor, matter_id)
    except Refused:
        raise Http404 from None
    except NoticeError as reason:
        return HttpResponse(str(reason), status=403, content_type="text/plain; charset=utf-8")
    form = BroadcastForm(request.POST) if request.method == "POST" else BroadcastForm(initial={"id": ids.uuid7()})
    context: dict[str, Any] = {
        "form": form, "reach": found, "number": seen.row["number"], "matter_id": matter_id,
        "before": broadcasts.of_matter(matter_id), "looked": False,
    }  # fmt: skip
    if request.method != "POST":
        return render(request, "notices/broadcast.html", context)
    if not form.is_valid():
        return render(request, "notices/broadcast.html", context, status=422)
    if request.POST.get("step") != "send":
        text = form.cleaned_data["text"]
        sample = {"number": seen.row["number"], "text": " ".join(text.split())}
        context |= {"looked": True, "said": wording.said(broadcasts.TEMPLATE, sample, "zh-hans")}
        return render(request, "notices/broadcast.html", context)
    try:
        made = broadcasts.send(
            actor, broadcast_id=form.cleaned_data["id"], matter_id=matter_id, text=form.cleaned_data["text"]
        )
    except NoticeError as reason:
        form.add_error(None, str(reason))
        return render(request, "notices/broadcast.html", context, status=409)
    messages.success(request, _("On its way to %(told)s people.") % {"told": made.told})
    return HttpResponseRedirect(reverse("notices:broadcast", args=[matter_id]))
