"""举报: fields of a report that say whom it is about, and the panel in which a desk records it."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from civicloop.foundation import ids
from civicloop.foundation.names import shown
from civicloop.matters import actions, complaining, complaints, rewriting, selectors
from civicloop.matters.errors import Refused
from civicloop.matters.reading import Reading
from civicloop.people import access
from civicloop.people import selectors as directory
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.site import acting
from civicloop.site.acting import language

SHOWN = 5


def unit_named(text: str) -> int | None:
    """The id of the one unit with this code, this name, or these words in its name; None for no words.

    Raises ValidationError with what to do for none and for several.
    """
    if not text:
        return None
    ProhibitNullCharactersValidator()(text)
    rows = directory.units()
    found = list(rows.filter(code=text)[:1]) or list(rows.filter(names__icontains=text).order_by("code")[: SHOWN + 1])
    whole = [unit for unit in found if text in unit.names.values()]
    found = whole if len(whole) == 1 else found
    if not found:
        raise ValidationError(_("We know no unit of this name. Leave this empty and say in the text whom it is about."))
    if len(found) > 1:
        names = acting.listed(shown(unit.names, language()) for unit in found[:SHOWN])
        raise ValidationError(_("Several units fit: %(names)s. Write more of the name.") % {"names": names})
    return found[0].id


class ComplaintForm(forms.Form):
    """Whether a report is kept confidential, and which unit it is about.

    Data of a child under 14 and of somebody's health are sensitive (个保法 art. 28): such a report is confidential.
    """

    sensitive = forms.BooleanField(
        label=gettext_lazy("It is about a child under 14, or about somebody's health"),
        help_text=gettext_lazy("Then it is kept confidential: only those who have to deal with it see it."),
        required=False,
    )
    confidential = forms.BooleanField(
        label=gettext_lazy("Keep this confidential"),
        help_text=gettext_lazy("Only those who have to deal with it see it."),
        required=False,
    )
    complained_of = forms.CharField(
        label=gettext_lazy("Is it a complaint about a unit? Its name (optional)"),
        help_text=gettext_lazy("This unit and everybody who works there will neither see it nor be given it."),
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_complained_of(self) -> int | None:
        """The unit's id."""
        return unit_named(self.cleaned_data["complained_of"].strip())


def said(form: forms.Form) -> dict[str, Any]:
    """What a valid form says, for a new matter."""
    unit = form.cleaned_data.get("complained_of")
    kept = form.cleaned_data.get("confidential") or form.cleaned_data.get("sensitive") or unit
    confidentiality = complaints.CONFIDENTIAL if kept else 0
    return {"confidentiality": confidentiality, "complained_of": () if unit is None else (unit,)}


# -- the desk -------------------------------------------------------------------------------------------------------


def bag(actor: Actor, seen: Reading, typed: str = "") -> dict[str, Any]:
    """What the page of a matter shows of it: whom it is about, and the form for a desk that may record it."""
    about = seen.row["complained_of"]
    names = selectors.unit_names(set(about)) if about else {}
    return {
        "complaint": {
            "units": [shown(names[each], language()) for each in about if each in names],
            "confidential": seen.row["confidentiality"] > 0,
            "may_name": complaining.may_name(actor, seen), "act_id": str(ids.uuid7()),
            "texts": [_text(actor, each) for each in rewriting.of_matter(seen.id)] if about else [],
            "typed": typed if about else "",
        }
    }  # fmt: skip


def _text(actor: Actor, text: rewriting.Rewritten) -> dict[str, Any]:
    """A rewritten text: its words, the matter that it became, and whether this person may release it."""
    waits = text.copy is None and bool(text.text)
    return {
        "seq": text.seq, "text": text.text, "copy": text.copy, "act_id": str(ids.uuid7()), "waits": waits,
        "mine": waits and text.account_id in access.accounts(actor),
    }  # fmt: skip


@require_POST
@duty("matters.list")
def rewrite(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """Write the text that the unit complained of may be given; after a refusal it stays typed."""
    from civicloop.site import matter_page

    text = request.POST.get("text", "").replace("\r\n", "\n")
    try:
        act_id = UUID(request.POST.get("act_id", ""))
        actions.act(actor, actions.Act(matter_id, rewriting.WRITE, act_id, None, {"text": text}))
    except ValueError:
        raise Http404 from None
    except Refused as reason:
        if reason.code == "not_found":
            raise Http404 from None
        messages.error(request, reason.words)
        return matter_page.show(request, actor, matter_id, status=reason.status)
    messages.success(request, _("Kept. Somebody else must release it before the unit is given it."))
    return HttpResponseRedirect(reverse("matter", args=[matter_id]))


@require_POST
@duty("matters.list")
def release(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """Release a rewritten text that somebody else has written; it becomes a matter of its own."""
    try:
        act_id, number = UUID(request.POST.get("act_id", "")), int(request.POST.get("rewrite", ""))
        rewriting.release(actor, matter_id=matter_id, rewrite=number, act_id=act_id)
    except ValueError:
        raise Http404 from None
    except Refused as reason:
        if reason.code == "not_found":
            raise Http404 from None
        messages.error(request, reason.words)
    else:
        messages.success(request, _("Released as a matter of its own. File and dispatch it like any other."))
    return HttpResponseRedirect(reverse("matter", args=[matter_id]))


@require_POST
@duty("matters.list")
def name(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """Record the unit that a matter is about; without one only that it is confidential."""
    try:
        unit = unit_named(request.POST.get("unit", "").strip()[:64])
        act_id = UUID(request.POST.get("act_id", ""))
        data = {"units": [] if unit is None else [unit]}
        actions.act(actor, actions.Act(matter_id, complaining.ACTION, act_id, None, data))
    except ValidationError as reason:
        messages.error(request, reason.messages[0])
    except ValueError:
        raise Http404 from None
    except Refused as reason:
        if reason.code == "not_found":
            raise Http404 from None
        messages.error(request, reason.words)
    else:
        messages.success(request, _("Recorded. The unit sees nothing of this matter from now on."))
    return HttpResponseRedirect(reverse("matter", args=[matter_id]))
