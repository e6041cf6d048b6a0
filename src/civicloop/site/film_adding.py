"""Adding a film to a matter, by the staff who see it."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from civicloop.evidence.models import Stage as When
from civicloop.matters import actions
from civicloop.matters.errors import Refused
from civicloop.people.access import Actor
from civicloop.people.web import duty
from civicloop.site import acting, faces


@require_POST
@duty("matters.list")
def add(request: HttpRequest, actor: Actor, matter_id: UUID) -> HttpResponse:
    """A film from somebody who sees the matter; the same film sent twice is one."""
    stage, upload = request.POST.get("stage", ""), request.FILES.get("film")
    try:
        actions.may_add(actor, matter_id)
    except Refused:
        raise Http404 from None
    if upload is None or stage not in When.values:
        messages.warning(request, _("Choose a film first."))
    else:
        refused = faces.add_photos(actor, matter_id, [upload], stage)
        for said in refused:
            messages.error(request, said)
        if not refused:
            messages.success(request, _("The film has arrived. It is shown once the worker has checked it."))
    return HttpResponseRedirect(acting.next_of(request, matter_id))
