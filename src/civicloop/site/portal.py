"""群众端: report without an account, keep a number and a check code, follow, answer, rate. Whole without JavaScript."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from civicloop.catalogue import selectors as catalogue
from civicloop.foundation import caches, clock, ids
from civicloop.foundation.names import shown
from civicloop.foundation.throttle import network
from civicloop.matters import actions, doubts, opening, public_photos, selectors
from civicloop.matters.actions import NewMatter
from civicloop.matters.api import CODE_TRIES, outsider
from civicloop.matters.choices import Channel
from civicloop.matters.errors import Refused, too_often
from civicloop.matters.models import Matter
from civicloop.people import access, web
from civicloop.people.access import ANONYMOUS, Actor
from civicloop.people.choices import Role
from civicloop.people.web import public
from civicloop.places import selectors as places
from civicloop.receipts import pdf
from civicloop.receipts import selectors as receipts
from civicloop.records import settings
from civicloop.site import complaints, done_pages, faces, hinting, own_data, pointing, portal_words, urging
from civicloop.site.acting import SESSION_CODES, language, place_words

# what residents meet most, of the national catalogue; everything else is for the desk to name
STANDARD = "GB/T 47678.5-2026"
COMMON = ("01023", "01037", "06013", "06010", "06042", "06028", "09009", "09012", "09005", "08004", "04002", "10001")
SHOWN_AFTER = timedelta(hours=24)  # so that nobody can tell from the page who has just reported
SHOWN_FOR = timedelta(days=7)
MOST_SHOWN = 5
MOST_PAIRS = 2
KEPT_SECONDS = timedelta(minutes=5)


# -- home -----------------------------------------------------------------------------------------------------------

_solved: list[Any] = []


@caches.register
def forget() -> None:
    """Look anew at what was solved."""
    _solved.clear()


def solved() -> list[dict[str, str]]:
    """What was closed this week: kind and community, at most five, nothing confidential, nothing personal."""
    now = clock.now()
    if not _solved or not timedelta(0) <= now - _solved[0] < KEPT_SECONDS:
        rows = Matter.objects.filter(
            id__gte=ids.uuid7(now - timedelta(days=60)), procedure__code="grid-event", end="solved", confidentiality=0,
            ended_at__gte=now - SHOWN_FOR, ended_at__lt=now - SHOWN_AFTER,
        ).exclude(kind=None).exclude(community=None)  # fmt: skip
        found = list(rows.order_by("-ended_at").values_list("kind_id", "community_id")[:MOST_SHOWN])
        _solved[:] = [now, found]
    return [
        {
            "kind": shown(catalogue.kind(kind_id).names, language()),
            "community": shown(places.area(community_id).names, language()),
        }
        for kind_id, community_id in _solved[1]
    ]


class TrackForm(forms.Form):
    """Number and check code."""

    number = forms.CharField(
        label=gettext_lazy("Receipt number"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    code = forms.CharField(
        label=gettext_lazy("Check code"), max_length=20, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


@public
def home(request: HttpRequest) -> HttpResponse:
    """One sentence, two buttons, the way back to a report, what was solved."""
    pairs = [done_pages.line(row, pictures) for row, pictures in public_photos.shown(limit=MOST_PAIRS)[0]]
    return render(request, "site/portal_home.html", {"form": TrackForm(), "solved": solved(), "pairs": pairs})


# -- report ---------------------------------------------------------------------------------------------------------


class ReportForm(complaints.ComplaintForm):
    """What it is and who says so. Lengths are checked by the action, which says what was kept."""

    text = forms.CharField(
        label=gettext_lazy("What is the matter?"),
        help_text=gettext_lazy("One or two sentences are enough. Leave out names and ID numbers of other people."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Which kind is it?"),
        help_text=gettext_lazy("If you are not sure, leave it; we will sort it."),
        required=False,
    )
    name = forms.CharField(
        label=gettext_lazy("How may we call you? (optional)"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name", "data-no-draft": ""}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone (optional)"),
        help_text=gettext_lazy("Only if we may call you back, or tell you by text message how it stands."),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kind_choices()  # type: ignore[attr-defined]


def kind_choices() -> list[tuple[str, str]]:
    """The short list of kinds that the catalogue still has."""
    names = {
        view.code: shown(view.names, language())
        for view in catalogue.kinds(family="matter", standard=STANDARD)
        if view.code in COMMON
    }
    return [("", _("I am not sure")), *((code, names[code]) for code in COMMON if code in names)]


def sender(request: HttpRequest) -> Actor:
    """A resident without a name; the posts that enter residents' reports act as themselves."""
    who = web.actor(request)
    return who if Role.RESIDENT_CHANNEL in who.roles else ANONYMOUS


@public
@never_cache
def report(request: HttpRequest) -> HttpResponse:
    """The report's page. A POST answers with the receipt itself, so that the check code is kept nowhere."""
    if request.method != "POST":
        return _report_page(request, ReportForm(), {})
    data = request.POST
    form = ReportForm(data)
    if "narrow" in data:
        return _report_page(request, ReportForm(initial=data.dict()), data)
    if not form.is_valid():
        return _report_page(request, form, data, status=422)
    hinted, asking = hinting.asks_first(request), pointing.ask_first(request)
    if hinted is not None or asking:
        return _report_page(request, ReportForm(initial=data.dict()), data, hinted=hinted, asking=asking)
    actor = sender(request)
    try:
        new = faces.new_matter(
            data, channel=Channel.RESIDENT, reporter=faces.person(data), **complaints.said(form), **pointing.said(data)
        )
        reasons = _doubts(request, new) if actor.kind == "anonymous" else []
        made = actions.report(actor, new)
    except Refused as reason:
        return _report_page(request, form, data, refused=reason, status=reason.status)
    if made.status == 201:
        doubts.put_apart(made.id, reasons)
    remember(request, made.id)
    refused = faces.add_photos(_outsider(made.id), made.id, request.FILES.getlist("photo"), "before")
    joined = not reasons and hinting.add(made.id, data.get("voice", ""))
    row = selectors.row_of(made.id)
    ask_now = "hinted" not in data and not reasons
    shown_ = {"made": made, "refused": refused, "row": row, "joined": joined,
              "hints": hinting.afterwards(row) if ask_now else []}  # fmt: skip
    return render(request, "site/portal_receipt.html", shown_, status=made.status)


def _doubts(request: HttpRequest, new: NewMatter) -> list[str]:
    mark, trap = request.POST.get("form_mark", ""), request.POST.get("homepage", "")
    return doubts.weigh(new, web.address(request), mark=mark, trap=trap)


def _report_page(
    request: HttpRequest,
    form: ReportForm,
    data: Mapping[str, Any],
    refused: Refused | None = None,
    status: int = 200,
    hinted: Mapping[str, Any] | None = None,
    asking: bool = False,
) -> HttpResponse:
    """The page with everything that was typed; an id that was used for something else is replaced."""
    field = str(refused.extra.get("field", "")) if refused else ""
    if refused is not None and field in form.fields:
        form.add_error(field, refused.words)
    renew = refused is not None and refused.code == "id_reused"
    context = {
        "form": form, "picker": faces.picker(data, errors=[refused.words] if refused and _of_place(field) else []),
        "client_id": "" if renew else data.get("id", ""), "fresh_id": ids.uuid7(), "refused": refused,
        "photo_first": "photo" in request.GET, "had_photo": bool(request.FILES),
        "form_mark": data.get("form_mark") or doubts.form_mark(), "about": pointing.part(data, components=False),
        "asking": asking,
    }  # fmt: skip
    context |= hinted or (hinting.bag(request, data) if data else {})
    return render(request, "site/portal_report.html", context, status=status)


def _of_place(field: str) -> bool:
    return field in {"lon", "lat", "crs", "address", "area"}


# -- follow ---------------------------------------------------------------------------------------------------------


def remember(request: HttpRequest, matter_id: UUID) -> None:
    """Let this browser see the matter until its session ends. The code itself is not kept."""
    known = [each for each in request.session.get(SESSION_CODES, []) if each != str(matter_id)]
    request.session[SESSION_CODES] = [*known[-19:], str(matter_id)]


def _outsider(matter_id: UUID) -> Actor:
    return access.outsider(selectors.outside_relation(matter_id), matter_id)


def reporter_of(request: HttpRequest, matter_id: UUID) -> Actor | None:
    """Whoever this browser has shown the check code for, signed in or not."""
    known = str(matter_id) in request.session.get(SESSION_CODES, [])
    return _outsider(matter_id) if known else None


@public
@never_cache
def track(request: HttpRequest) -> HttpResponse:
    """Number and check code open the status page; a wrong number and a wrong code are answered alike."""
    form = TrackForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "site/portal_track.html", {"form": form}, status=422 if form.errors else 200)
    try:
        matter_id = _opened(request, form.cleaned_data["number"], form.cleaned_data["code"])
    except Refused as reason:
        return render(request, "site/portal_track.html", {"form": form, "refused": reason}, status=reason.status)
    request.session.cycle_key()
    remember(request, matter_id)
    return HttpResponseRedirect(reverse("status", args=[matter_id]))


def _opened(request: HttpRequest, number: str, code: str) -> UUID:
    cleaned = number.strip().upper()
    matter_id = selectors.by_number(cleaned) if ids.number_is_sound(cleaned) else None
    if matter_id is None:
        wait = CODE_TRIES.wait(network(web.address(request)))
        if wait:
            raise too_often(wait)
    if matter_id is None or outsider(request, matter_id, code) is None:
        raise Refused("not_found", 404, _("This number and check code do not belong together."))
    return matter_id


@public
@never_cache
def status(request: HttpRequest, matter_id: UUID) -> HttpResponse:
    """The status page of a matter whose code this browser has shown."""
    actor = reporter_of(request, matter_id)
    return HttpResponseRedirect(reverse("track")) if actor is None else show_status(request, actor, matter_id)


def show_status(
    request: HttpRequest, actor: Actor, matter_id: UUID, *, status: int = 200, bound: forms.Form | None = None
) -> HttpResponse:
    """Four lines, then the story, then what the reporter may do now. After a refusal with everything that was typed."""
    seen = selectors.seen_by(actor, matter_id)
    row = selectors.row_of(matter_id)
    sheets = faces.sheets(request, actor, seen, reverse("status_act", args=[matter_id]))
    for sheet in sheets:
        if sheet["hidden"]["action"] == "withdraw" and faces.trouble(request) is None:
            sheet |= {"open": False, "suggested": False, "happens": _("Nobody goes on working on it then.")}
    pictures = faces.photos_of([matter_id])[matter_id]
    context = {
        "row": row, "lines": portal_words.lines_of(row, seen), "story": portal_words.story(row, seen),
        "sheets": sheets, "photos": pictures, "has_photos": any(pictures.values()), "place": place_words(row),
        "refused": faces.trouble(request), "told": opening.told(matter_id),
        "may_add": not row.end and seen.procedure.code == "grid-event",
    }  # fmt: skip
    context |= urging.bag(actor, seen) | own_data.bag(seen, bound)
    return render(request, "site/portal_status.html", context, status=status)


@public
@require_POST
def status_act(request: HttpRequest, matter_id: UUID) -> HttpResponse:
    """An act of the reporter: rate, withdraw, answer, confirm."""
    actor = reporter_of(request, matter_id)
    if actor is None:
        return HttpResponseRedirect(reverse("track"))
    return faces.act(request, actor, matter_id, show_status, reverse("status", args=[matter_id]))


@public
@require_POST
def status_photo(request: HttpRequest, matter_id: UUID) -> HttpResponse:
    """A further photo from the reporter."""
    actor = reporter_of(request, matter_id)
    if actor is None:
        return HttpResponseRedirect(reverse("track"))
    uploads = request.FILES.getlist("photo")
    refused = faces.add_photos(actor, matter_id, uploads, "before", faces.captured(request, "photo"))
    for words in refused:
        messages.error(request, words)
    if len(refused) < len(uploads):
        messages.success(request, _("The photo has arrived."))
    if not uploads:
        messages.warning(request, _("Choose a photo first."))
    return HttpResponseRedirect(reverse("status", args=[matter_id]))


@public
@require_POST
def status_voice(request: HttpRequest, matter_id: UUID) -> HttpResponse:
    """The reporter says on the receipt that it is the same as what was reported already."""
    actor = reporter_of(request, matter_id)
    if actor is None:
        return HttpResponseRedirect(reverse("track"))
    if hinting.add(matter_id, request.POST.get("voice", "")):
        messages.success(request, _("Your voice is added. Your report keeps its own number."))
    return HttpResponseRedirect(reverse("status", args=[matter_id]))


@public
@require_POST
def status_urge(request: HttpRequest, matter_id: UUID) -> HttpResponse:
    """The reporter asks for more speed."""
    actor = reporter_of(request, matter_id)
    if actor is None:
        return HttpResponseRedirect(reverse("track"))
    return urging.perform(request, actor, matter_id, reverse("status", args=[matter_id]))


@public
@require_POST
def status_copy(request: HttpRequest, matter_id: UUID) -> HttpResponse:
    """A copy of everything kept about the reporter in this matter, as a file."""
    actor = reporter_of(request, matter_id)
    if actor is None:
        return HttpResponseRedirect(reverse("track"))
    made = own_data.copy(request, actor, matter_id)
    if isinstance(made, HttpResponse):
        return made
    return show_status(request, actor, matter_id, status=422, bound=made)


@public
@require_POST
def status_correct(request: HttpRequest, matter_id: UUID) -> HttpResponse:
    """The reporter corrects what was given."""
    actor = reporter_of(request, matter_id)
    if actor is None:
        return HttpResponseRedirect(reverse("track"))
    refused = own_data.correct(request, actor, matter_id)
    if refused is not None:
        return show_status(request, actor, matter_id, status=422, bound=refused)
    return HttpResponseRedirect(reverse("status", args=[matter_id]))


@public
@never_cache
def status_receipt(request: HttpRequest, matter_id: UUID, form: str) -> HttpResponse:
    """The receipt as a file: what proves the report and its history without this platform (docs/receipts.md)."""
    actor = reporter_of(request, matter_id)
    if actor is None:
        return HttpResponseRedirect(reverse("track"))
    receipt = receipts.receipt(matter_id)
    if form == "pdf":
        seen = selectors.seen_by(actor, matter_id)
        told = portal_words.story(selectors.row_of(matter_id), seen)
        lines = [pdf.Line(line["when"], str(line["what"]), str(line["text"] or "")) for line in told]
        author = str(settings.get("site.name")) or _("CivicLoop")
        made = pdf.make(receipt, story=lines, author=author, base=request.build_absolute_uri("/").rstrip("/"))
        answer = HttpResponse(made, content_type="application/pdf")
    else:
        answer = JsonResponse(receipt, json_dumps_params={"ensure_ascii": False, "indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="receipt-{receipt["number"]}.{form}"'
    return answer
