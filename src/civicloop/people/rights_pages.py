"""What somebody may do: a page per person for the administrators, and the own one for everybody with an account."""

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache

from civicloop.foundation import clock
from civicloop.people import rights
from civicloop.people.access import Actor
from civicloop.people.models import Account
from civicloop.people.web import duty, public
from civicloop.ui.context import address

PAGE = 50


@duty("rights.view")
def listed(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Accounts by sign-in name, also those that hold nothing any more, 50 a page."""
    wanted, after = request.GET.get("q", "")[:64].strip(), request.GET.get("after", "")[:64]
    found = list(rights.accounts(wanted, after)[: PAGE + 1])
    following = found[PAGE - 1].username if len(found) > PAGE else ""
    return render(request, "people/people.html", {"people": found[:PAGE], "next": following, "q": wanted})


def _page(request: HttpRequest, account: Account, *, own: bool, why: str = "") -> HttpResponse:
    shown = {
        "rights": rights.of(account),
        "own": own,
        "why": why,
        "at": clock.now(),
        "ask": rights.whom_to_ask() if own else [],
    }
    return render(request, "people/rights.html", shown)


@never_cache
@duty("rights.view")
def person(request: HttpRequest, actor: Actor, account_id: int) -> HttpResponse:
    """What one account may do and who granted it."""
    account = Account.objects.filter(id=account_id).first() if account_id < 2**63 else None
    if account is None:
        raise Http404
    return _page(request, account, own=account.pk == actor.account_id, why=address("why"))


@public
@never_cache
def mine(request: HttpRequest) -> HttpResponse:
    """What the signed-in person may do: the own account only, whatever the post."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    return _page(request, request.user, own=True)
