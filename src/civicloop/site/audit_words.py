"""What the codes of the audit log say, in words: every action and outcome that the program writes (a test reads it).

The log keeps codes, which never change; the page and the list to choose from say them in the reader's language.
"""

from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from civicloop.records import forms
from civicloop.supervision.choices import Doing

Words = str | Promise

GROUPS: tuple[tuple[Words, dict[str, Words]], ...] = (
    (_("Signing in and accounts"), {
        "sign_in": _("Sign-in"),
        "session.pushed_out": _("Oldest session ended: one too many"),
        "session.end_others": _("Signed out everywhere else"),
        "account.create": _("Account created"),
        "account.password": _("Password set"),
        "factor.begin": _("Second factor begun"),
        "factor.add": _("Second factor added"),
        "factor.remove": _("Second factor removed"),
        "factor.take_away": _("Second factors taken away by an administrator"),
        "factor.codes": _("Paper codes made"),
        "factor.paper": _("Paper code used"),
        "identity.link": _("Linked with the city's sign-in"),
        "identity.end": _("Link with the city's sign-in ended"),
        "token.create": _("API token made"),
        "token.revoke": _("API token taken back"),
    }),
    (_("Units, posts and delegation"), {
        "unit.create": _("Unit created"),
        "unit.change": _("Unit changed"),
        "units.import": _("Units taken in from a file"),
        "units.load": _("Units of the city's files loaded"),
        "post.create": _("Post created"),
        "post.ask": _("Far-reaching post asked for"),
        "post.hold": _("Post given"),
        "post.refuse": _("Far-reaching post refused"),
        "post.release": _("Post taken back"),
        "people.import": _("People taken in from a file"),
        "people.export": _("People taken out as a file"),
        "people.load": _("People of the city's files loaded"),
        "standin.name": _("Stand-in named"),
        "standin.end": _("Stand-in ended"),
        "leave.enter": _("Leave entered"),
        "leave.end": _("Leave ended"),
        "shift.hand_over": _("Shift handed over"),
        "shift.confirm": _("Shift taken over"),
        "shift.end": _("Shift given back"),
        "delegation.enter": _("Delegation entered"),
        "delegation.import": _("Delegations taken in from a file"),
        "delegation.revoke": _("Delegation taken back"),
        "rights.explain": _("Asked why somebody does not see something"),
    }),
    (_("Matters"), {
        "matter.card": _("Card to pass on opened"),
        "matters.export": _("List of matters exported"),
        "receiving.export": _("List of the receiving desk exported"),
        "matters.merge": _("Reports joined"),
        "matters.keep_apart": _("Reports kept apart"),
        "batch.begin": _("Several matters acted on: begun"),
        "batch.end": _("Several matters acted on: ended"),
        "view.save": _("View saved"),
        "view.end": _("View removed"),
        "phrases.save": _("Phrases saved"),
        "feedback": _("Word about this program"),
    }),
    (_("Personal data"), {
        "personal.copy": _("Own data copied by the person"),
        "erasure.propose": _("Erasure proposed"),
        "erasure.decide": _("Erasure decided"),
        "erasure.hold": _("Kept from erasure"),
        "erasure.release": _("No longer kept from erasure"),
        "keys.change": _("Keys changed"),
        "keys.resealed": _("Everything is under the new key"),
        "keys.retire": _("Former key given up"),
        "anomaly.find": _("Something unusual found in the logs"),
        "anomaly.judge": _("Something unusual judged"),
        "audit.export": _("Audit log exported"),
        "reads.export": _("Read log exported"),
    }),
    (_("Supervision"), {
        **{f"order.{each.value}": format_lazy("{}: {}", pgettext_lazy("audit", "Order"), each.label) for each in Doing},
        "order.erase": _("Words of an order erased"),
        "orders.export": _("List of orders exported"),
    }),
    (_("Figures"), {
        "figures.load": _("Indicators loaded"),
        "figures.seal": _("Baseline sealed"),
        "figures.keep": _("Table kept"),
        "figures.publish": _("Table published"),
        "figures.weights_propose": _("Weights proposed"),
        "figures.weights_approve": _("Weights approved"),
        "figures.weights_decline": _("Weights declined"),
        "figures.month": _("Figures of a month shown to everybody"),
        "figures.export": _("Table exported"),
    }),
    (_("Messages"), {
        "notices.broadcast": _("Message to all who reported it"),
        "notices.resend": _("Message sent again"),
        "notices.contact.enter": _("Own address for messages entered"),
        "notices.contact.mute": _("Own messages switched"),
        "notices.contact.take_back": _("Own address for messages taken back"),
    }),
    (_("City and settings"), {
        "setting.set": _("Setting changed"),
        "catalogue.import": _("Kinds taken in"),
        "catalogue.conditions": _("Conditions of a kind changed"),
        "catalogue.rules": _("Responsibilities changed"),
        "catalogue.components": _("Components changed"),
        "catalogue.components_out": _("Components taken out as a file"),
        "procedures.load": _("Procedures loaded"),
        "procedure.retire": _("Version of a procedure ended"),
        "ladders.load": _("Ladder of urging loaded"),
        "calendars.publish": _("Working calendar published"),
        "places.take": _("Areas taken in"),
        "places.boundaries.propose": _("New boundaries proposed"),
        "places.boundaries.approve": _("New boundaries approved"),
        "places.boundaries.refuse": _("New boundaries refused"),
        "places.boundaries.withdraw": _("New boundaries withdrawn"),
        "places.boundaries.in_force": _("New boundaries in force"),
        "classifier.learn": _("Suggestions of kinds learned anew"),
    }),
    (_("Operation"), {
        "roots.close": _("Daily root signed"),
        "ops.backup": _("Backup made"),
        "ops.restore": _("Backup restored"),
    }),
)  # fmt: skip
ACTIONS: dict[str, Words] = {code: words for _group, found in GROUPS for code, words in found.items()}
OUTCOMES: dict[str, Words] = {
    "done": pgettext_lazy("audit", "Done"),
    "refused": pgettext_lazy("audit", "Refused"),
    "second_refused": pgettext_lazy("audit", "Second factor refused"),
    "failed": pgettext_lazy("audit", "Failed"),
    "taken": pgettext_lazy("audit", "Taken into use"),
    "left": pgettext_lazy("audit", "Not taken into use"),
}

# parts of the program that act by themselves, as the log names them
PARTS = frozenset({
    "backup", "bench", "city files", "classifier", "clock", "cluster", "command line", "demo", "erasure", "figures",
    "keys", "ladder", "notices", "procedure", "restore", "system",
})  # fmt: skip


def action(code: str) -> str:
    """The words of an action; a code of another version of the program stays as it is."""
    return str(ACTIONS.get(code, code))


def outcome(code: str) -> str:
    """The words of an outcome."""
    return str(OUTCOMES.get(code, code))


def doer(words: str) -> str:
    """Who acted, where it was a part of the program."""
    return _("The program (%(part)s)") % {"part": words} if words in PARTS else words


@forms.offer("action")
def actions(given: str) -> list[tuple[Any, Any]]:
    """The actions to choose from, in groups; with one that an address asks for and that stands in no group."""
    found: list[tuple[Any, Any]] = [("", _("All actions")), *((words, list(of.items())) for words, of in GROUPS)]
    return [*found, (given, given)] if given and given not in ACTIONS else found


@forms.offer("outcome")
def outcomes(given: str) -> list[tuple[Any, Any]]:
    """The outcomes to choose from."""
    found: list[tuple[Any, Any]] = [("", pgettext_lazy("audit", "Any")), *OUTCOMES.items()]
    return [*found, (given, given)] if given and given not in OUTCOMES else found
