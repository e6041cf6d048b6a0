"""The administration: one start page, and the rooms' own pages behind the duty that each needs."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext_lazy, pgettext_lazy

from civicloop.people import access, web
from civicloop.people.choices import Role
from civicloop.people.web import duty
from civicloop.places import urls as places
from civicloop.records import pages as records_pages
from civicloop.records import urls as records
from civicloop.site import audit_lines  # noqa: F401  says the lines of the audit log in words
from civicloop.ui import navigation

STAFF = frozenset(Role.values) - {Role.RESIDENT_CHANNEL}
# (name of the page, words, what it is for, duty)
PAGES = (
    (
        "places:areas",
        gettext_lazy("Areas"),
        gettext_lazy("Districts, subdistricts, communities and grids"),
        "areas.view",
    ),
    ("people:units", gettext_lazy("Units"), gettext_lazy("Who answers for matters, and at which phone"), "units.view"),
    (
        "people:standins",
        gettext_lazy("Stand-ins and leave"),
        gettext_lazy("Who is away, who stands in, which posts nobody looks after"),
        "standins.view",
    ),
    (
        "people:delegations",
        gettext_lazy("Delegated affairs"),
        gettext_lazy("Which unit lets whom look at which affairs or do them, by which paper"),
        "delegations.view",
    ),
    ("people:posts", gettext_lazy("Posts"), gettext_lazy("Who may do what, and since when"), "posts.view"),
    (
        "people:people",
        gettext_lazy("Who may do what"),
        gettext_lazy("What an account may do, who granted it, and what ends soon"),
        "rights.view",
    ),
    (
        "why",
        gettext_lazy("Why can somebody not see this?"),
        gettext_lazy("Whether an account may open a matter or a page, condition by condition"),
        "rights.view",
    ),
    (
        "catalogue:kinds",
        pgettext_lazy("navigation", "Kinds"),
        gettext_lazy("Kinds of matters with their filing conditions and limits"),
        "catalogue.view",
    ),
    (
        "catalogue:components",
        gettext_lazy("Components"),
        gettext_lazy("Lids, lamps, trees …: where they are, who owns and maintains them"),
        "catalogue.view",
    ),
    (
        "catalogue:responsibilities",
        gettext_lazy("Responsibilities"),
        gettext_lazy("Who answers for which kind where, and why"),
        "catalogue.view",
    ),
    (
        "boundaries",
        gettext_lazy("New boundaries"),
        gettext_lazy("Proposals of new grids and areas: what they would change, approval, moving open matters"),
        "boundaries.view",
    ),
    (
        "calendars",
        gettext_lazy("Working calendars"),
        gettext_lazy("When work is done: shifts, holidays, make-up days, closures"),
        "calendars.view",
    ),
    (
        "limits",
        gettext_lazy("Numbers of clocks"),
        gettext_lazy("How long each step may take: the city's and the districts' own numbers"),
        "settings.view",
    ),
    (
        "records:audit",
        gettext_lazy("Audit log"),
        gettext_lazy("Every write that is not in a matter's timeline"),
        "audit.view",
    ),
    (
        "records:reads",
        gettext_lazy("Read log"),
        gettext_lazy("Who opened sealed personal data, and what for"),
        "audit.view",
    ),
    (
        "people:anomalies",
        gettext_lazy("Unusual log lines"),
        gettext_lazy("Many openings, odd hours, refused sign-ins, large exports: what asks for a look"),
        "audit.view",
    ),
    (
        "notices:log",
        gettext_lazy("Messages sent"),
        gettext_lazy("By which way messages left, what could not be sent, and how notices read"),
        "notices.log",
    ),
    (
        "personal-data",
        gettext_lazy("Inventory of personal data"),
        gettext_lazy("What is kept of persons, why, how long, who may open it"),
        "settings.view",
    ),
    (
        "erasure",
        gettext_lazy("Erasure by schedule"),
        gettext_lazy("What has come to the end of its period: lists, approval, certificates"),
        "erasure.view",
    ),
    (
        "classifier:overview",
        gettext_lazy("Suggestions of kinds"),
        gettext_lazy("How often what the desk is told about a kind was right"),
        "classifier.view",
    ),
    (
        "records:settings",
        gettext_lazy("Settings"),
        gettext_lazy("Typed, versioned, with their history"),
        "settings.view",
    ),
)


@duty("areas.view")
def start(request: HttpRequest, actor: access.Actor) -> HttpResponse:
    """What this post may look after."""
    pages = [
        {"name": name, "words": words, "text": text}
        for name, words, text, needed in PAGES
        if access.may(actor, needed).allowed
    ]
    return render(request, "site/administration.html", {"pages": pages})


def guarded(code: str, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of a room below people, behind a duty; the room's view gets the request as it is."""

    @duty(code)
    def inner(request: HttpRequest, actor: access.Actor, *args: object, **kwargs: object) -> HttpResponse:
        return view(request, *args, **kwargs)

    return inner


def behind(code: str, patterns: list[URLPattern]) -> list[URLPattern]:
    """The same addresses and names, each behind a duty."""
    return [URLPattern(each.pattern, guarded(code, each.callback), each.default_args, each.name) for each in patterns]


def register_navigation() -> None:
    """The entry in the staff navigation."""
    item = navigation.Item(
        "administration", gettext_lazy("Administration"), "administration", 90, needs=STAFF, icon="settings"
    )
    navigation.register(item)


@records_pages.describe_doer
def doer(request: HttpRequest) -> records_pages.Doer:
    """Who acts on a page of the records room."""
    who = web.actor(request)
    may_change = access.may(who, "settings.change").allowed
    return records_pages.Doer(who.account_id, who.post_id, who.words, may_change)


register_navigation()
patterns: list[URLPattern | URLResolver] = [
    path("admin/", start, name="administration"),
    path("admin/", include("civicloop.people.urls")),
    path("admin/", include((behind("areas.view", places.urlpatterns), "places"))),
    path("admin/", include(([p for duty_, found in records.BY_DUTY.items() for p in behind(duty_, found)], "records"))),
    path("admin/kinds/", include("civicloop.catalogue.urls")),
    path("admin/classifier/", include("civicloop.classifier.urls")),
]
