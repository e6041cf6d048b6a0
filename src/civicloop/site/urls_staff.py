"""Addresses of the desks."""

from django.urls import URLPattern, path, re_path
from django.utils.translation import gettext_lazy, pgettext_lazy

from civicloop.people import access
from civicloop.people.choices import Role
from civicloop.site import (
    approvals,
    boundaries,
    bulk,
    calendar_pages,
    card_page,
    comparing,
    complaints,
    desk,
    doubted,
    erasure_pages,
    film_adding,
    film_pages,
    following,
    joining,
    limit_pages,
    matter_page,
    opening,
    passage_panel,
    phrase_pages,
    publishing_pages,
    queue,
    receiving,
    receiving_sheet,
    repeated,
    rule_editor,
    saved_views,
    shift,
    signals_page,
    urging,
    why_page,
    why_unit_page,
)
from civicloop.ui import navigation

DESK = frozenset({Role.ACCEPTANCE_CLERK, Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER})
UNIT = frozenset({Role.RECEIVING_CLERK, Role.UNIT_WORKER, Role.UNIT_HEAD})
APPROVING = frozenset({Role.UNIT_HEAD, Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER, Role.ACCEPTANCE_CLERK})
PUBLISHING = access.DUTIES["photos.publish"]
WHISTLES = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.LEADER, Role.RECEIVING_CLERK, Role.UNIT_HEAD})
WATCHING = DESK | UNIT | {Role.CHECKER, Role.GRID_WORKER, Role.AUDIT_ADMIN}
FILM = "matters/<uuid:matter_id>/films/<uuid:evidence_id>"
PUBLISHED = "publishing/<uuid:matter_id>/<uuid:evidence_id>"
ORDERS = access.DUTIES["orders.view"]
REPEATED_FILE = r"^repeated/export/(?P<what>repeated|returned)\.(?P<kind>csv|xlsx)$"
AGAIN = access.DUTIES["clusters.watch"]

staff: list[URLPattern] = [
    path("desk/", desk.desk, name="desk"),
    path("desk/news", desk.news, name="desk-news"),
    path("desk/doubted", doubted.listed, name="doubted"),
    path("desk/<uuid:matter_id>/doubted", doubted.judge, name="judge-doubt"),
    path("desk/<uuid:matter_id>/form", desk.form, name="desk-form"),
    path("desk/<uuid:matter_id>/file-and-dispatch", desk.file_and_dispatch, name="file-and-dispatch"),
    path("receiving/", receiving.receiving, name="receiving"),
    path("receiving/bulk", receiving.bulk, name="bulk"),
    path("receiving/table", receiving_sheet.page, name="receiving-table"),
    path("receiving/table/out", receiving_sheet.out, name="receiving-sheet"),
    path("receiving/table/in", receiving_sheet.back, name="receiving-sheet-in"),
    path("receiving/orders", receiving.orders, name="orders"),
    path("bulk/", bulk.listed, name="bulk-list"),
    path("bulk/look", bulk.look, name="bulk-look"),
    path("bulk/begin", bulk.begin, name="bulk-begin"),
    path("bulk/<uuid:batch_id>", bulk.batch, name="batch"),
    path("bulk/<uuid:batch_id>/go", bulk.go, name="batch-go"),
    path("views/save", saved_views.save, name="view-save"),
    path("phrases/", phrase_pages.listed, name="phrases"),
    path("phrases/save", phrase_pages.save, name="phrase-save"),
    path("phrases/file", phrase_pages.take_file, name="phrases-file"),
    path("phrases/export.csv", phrase_pages.export, name="phrases-export"),
    path("phrases/<int:phrase_id>/end", phrase_pages.end, name="phrase-end"),
    path("approvals/", approvals.approvals, name="approvals"),
    path("signals/", signals_page.listed, name="signals"),
    path("signals/<uuid:matter_id>/<uuid:signal_id>", signals_page.judge, name="judge-signal"),
    path("publishing/", publishing_pages.queue, name="publishing"),
    path(PUBLISHED, publishing_pages.photo, name="publish-photo"),
    path(f"{PUBLISHED}/covered.jpg", publishing_pages.covered, name="publish-covered"),
    path("admin/why/", why_page.page, name="why"),
    path("admin/boundaries/", boundaries.listed, name="boundaries"),
    path("admin/boundaries/propose", boundaries.propose, name="boundaries-propose"),
    path("admin/boundaries/<int:proposal_id>", boundaries.page, name="boundary"),
    path("admin/boundaries/<int:proposal_id>/decide", boundaries.decide, name="boundary-decide"),
    path("admin/boundaries/<int:proposal_id>/withdraw", boundaries.withdraw, name="boundary-withdraw"),
    path("admin/boundaries/<int:proposal_id>/move", boundaries.move, name="boundary-move"),
    path("admin/boundaries/<int:proposal_id>/posts", following.posts, name="boundary-posts"),
    path("admin/boundaries/<int:proposal_id>/rules", following.rules, name="boundary-rules"),
    path("admin/erasure/", erasure_pages.listed, name="erasure"),
    path("admin/erasure/propose", erasure_pages.propose, name="erasure-propose"),
    path("admin/erasure/hold", erasure_pages.hold, name="erasure-hold"),
    path("admin/erasure/<int:list_id>", erasure_pages.page, name="erasure-list"),
    path("admin/erasure/<int:list_id>/decide", erasure_pages.decide, name="erasure-decide"),
    path("admin/erasure/<int:list_id>/certificate", erasure_pages.certificate, name="erasure-certificate"),
    path("admin/rules/new", rule_editor.new, name="rule-new"),
    path("admin/rules/from/<uuid:matter_id>", rule_editor.from_matter, name="rule-from-matter"),
    path("admin/rules/file", rule_editor.from_file, name="rules-file"),
    path("admin/rules/<int:rule_id>", rule_editor.change, name="rule-change"),
    path("admin/rules/<int:rule_id>/end", rule_editor.end, name="rule-end"),
    path("shift/", shift.page, name="shift"),
    path("shift/leave", shift.leave, name="shift-leave"),
    path("shift/leave/<int:absence_id>/back", shift.back, name="shift-back"),
    path("shift/hand-over", shift.hand_over, name="shift-hand-over"),
    path("shift/<int:handover_id>/confirm", shift.confirm, name="shift-confirm"),
    path("shift/<int:handover_id>/end", shift.end, name="shift-end"),
    path("admin/limits/", limit_pages.page, name="limits"),
    path("admin/limits/<slug:procedure>", limit_pages.change, name="limits-change"),
    path("calendars/", calendar_pages.listed, name="calendars"),
    path("calendars/<slug:code>", calendar_pages.year, name="calendar"),
    path("calendars/<slug:code>/days", calendar_pages.change_days, name="calendar-days"),
    path("calendars/<slug:code>/published", calendar_pages.change_published, name="calendar-published"),
    path("calendars/<slug:code>/file", calendar_pages.take_file, name="calendar-file"),
    path("calendars/<slug:code>/publish", calendar_pages.publish, name="calendar-publish"),
    path("calendars/<slug:code>/discard", calendar_pages.discard, name="calendar-discard"),
    path("matters/", queue.matters, name="matters"),
    path("matters/export.csv", queue.export, name="matters-export"),
    path("matters/<uuid:matter_id>", matter_page.page, name="matter"),
    path("matters/<uuid:matter_id>/why-unit", why_unit_page.page, name="why-unit"),
    path("matters/<uuid:matter_id>/films", film_adding.add, name="film-add"),
    path(FILM, film_pages.page, name="film"),
    path(f"{FILM}.mp4", film_pages.content, name="film-content"),
    path(f"{FILM}/<slug:which>.jpg", film_pages.still, name="film-still"),
    path("matters/<uuid:matter_id>/compare/<uuid:other_id>", comparing.compare, name="compare"),
    path("matters/<uuid:matter_id>/compare/<uuid:other_id>/apart", comparing.keep_apart, name="keep-apart"),
    path("matters/<uuid:matter_id>/cluster", joining.page, name="cluster"),
    path("matters/<uuid:matter_id>/cluster/join", joining.join, name="cluster-join"),
    path("matters/<uuid:matter_id>/cluster/out", joining.take_out_many, name="cluster-out"),
    path("matters/<uuid:matter_id>/take-out", joining.take_out, name="take-out"),
    path("repeated/", repeated.page, name="repeated"),
    path("repeated/returned", repeated.page, {"what": repeated.RETURNED}, name="returned"),
    path("repeated/<int:community_id>/<int:kind_id>", repeated.behind, name="repeated-behind"),
    re_path(REPEATED_FILE, repeated.export, name="repeated-export"),
    path("merging/<uuid:merging_id>", joining.run, name="merging"),
    path("merging/<uuid:merging_id>/news", joining.news, name="merging-news"),
    path("matters/<uuid:matter_id>/card", card_page.card, name="card"),
    path("matters/<uuid:matter_id>/order", receiving.order, name="order"),
    path("matters/<uuid:matter_id>/part", receiving.answer_part, name="answer-part"),
    path("matters/<uuid:matter_id>/arrive", passage_panel.arrive, name="arrive"),
    path("matters/<uuid:matter_id>/rate-part", passage_panel.rate, name="rate-part"),
    path("whistles/", passage_panel.whistles, name="whistles"),
    path("matters/<uuid:matter_id>/urge", urging.urge, name="urge"),
    path("matters/<uuid:matter_id>/complaint", complaints.name, name="name-complained"),
    path("matters/<uuid:matter_id>/rewrite", complaints.rewrite, name="rewrite-complaint"),
    path("matters/<uuid:matter_id>/rewrite/release", complaints.release, name="release-rewrite"),
    path("matters/<uuid:matter_id>/open", opening.values, name="open-values"),
    path("matters/<uuid:matter_id>/original", opening.original, name="open-original"),
]


def register_navigation() -> None:
    """The entries of the desks."""
    for code, label, name, order, needs, icon in (
        ("desk", gettext_lazy("Acceptance and dispatch"), "desk", 10, DESK, "inbox"),
        ("receiving", gettext_lazy("Receiving desk"), "receiving", 20, UNIT, "clipboard-list"),
        ("approvals", gettext_lazy("Approvals"), "approvals", 40, APPROVING, "checks"),
        ("signals", gettext_lazy("Signals"), "signals", 45, access.DUTIES["signals.view"], "photo-search"),
        ("publishing", gettext_lazy("Photos for the public"), "publishing", 46, PUBLISHING, "photo"),
        ("orders", gettext_lazy("Supervision orders"), "supervision:orders", 47, ORDERS, "flag"),
        ("whistles", gettext_lazy("Whistles and arrivals"), "whistles", 48, WHISTLES, "bell"),
        ("repeated", gettext_lazy("Reported again and again"), "repeated", 49, AGAIN, "repeat"),
        ("figures", gettext_lazy("Figures"), "figures:figures", 49, access.DUTIES["figures.view"], "chart-bar"),
        (
            "workload",
            gettext_lazy("Workload of posts"),
            "figures:workload",
            95,
            access.DUTIES["figures.work"],
            "clipboard-list",
        ),
        ("matters", gettext_lazy("Matters"), "matters", 50, WATCHING, "list"),
        ("map", pgettext_lazy("navigation", "Map"), "onemap:map", 52, access.DUTIES["map.view"], "map"),
    ):
        navigation.register(navigation.Item(code, label, name, order, needs=needs, icon=icon))


register_navigation()
