"""The auditor's list of what asks for a look, and judging it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from civicloop.people import anomalies, selectors
from civicloop.people.access import Actor
from civicloop.people.actions import PeopleError
from civicloop.people.choices import AnomalyJudgement, AnomalyKind
from civicloop.people.models import Anomaly
from civicloop.people.web import duty

PAGE = 50
READING = frozenset({AnomalyKind.OPENINGS_HOUR, AnomalyKind.OPENINGS_DAY, AnomalyKind.ODD_HOURS})


def evidence(row: Anomaly) -> str:
    """The address of the log lines that an anomaly rests on."""
    wanted: dict[str, Any] = {"since": f"{timezone.localtime(row.begins):%Y-%m-%d}"}
    wanted["until"] = wanted["since"]
    if row.kind in READING:
        return reverse("records:reads") + "?" + urlencode(wanted | {"post": row.post_id})
    if row.kind == AnomalyKind.REFUSED:
        _what, _colon, value = row.key.partition(":")
        wanted |= {"action": "sign_in"} | ({"actor": value} if row.key.startswith("name:") else {})
    elif row.post_id is not None:
        wanted |= {"post": row.post_id}
    return reverse("records:audit") + "?" + urlencode(wanted)


def _about(row: Anomaly) -> str:
    if row.post_id is not None:
        code = selectors.post_code(row.post_id)
        place = row.key.partition(" ")[2]
        return f"{code} · {place}" if place else code
    return row.key.partition(":")[2]


@duty("audit.view")
def listed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What waits for a judgement, or with ?judged=1 what was judged; newest first, 50 a page."""
    judged, before = request.GET.get("judged") == "1", request.GET.get("before", "")
    rows = Anomaly.objects.exclude(judged_at=None) if judged else Anomaly.objects.filter(judged_at=None)
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(id__lt=int(before))
    found = list(rows.order_by("-id")[: PAGE + 1])
    lines = [{"row": row, "about": _about(row), "evidence": evidence(row)} for row in found[:PAGE]]
    following = found[PAGE - 1].pk if len(found) > PAGE else None
    shown = {"lines": lines, "next": following, "judged": judged, "judgements": AnomalyJudgement.choices}
    return render(request, "people/anomalies.html", shown)


@require_POST
@duty("audit.view")
def judge(request: HttpRequest, actor: Actor, anomaly_id: int) -> HttpResponse:
    """Keep what the auditor says of one."""
    try:
        anomalies.judge(
            actor, anomaly_id=anomaly_id, judgement=request.POST.get("judgement", ""),
            reason=request.POST.get("reason", ""),
        )  # fmt: skip
    except Anomaly.DoesNotExist:
        raise Http404 from None
    except PeopleError as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, _("Saved."))
    return HttpResponseRedirect(reverse("people:anomalies"))
