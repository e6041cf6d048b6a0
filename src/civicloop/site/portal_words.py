"""The story of a matter in a reporter's words: four lines, then what happened, without the jargon of stages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from civicloop.foundation import clock
from civicloop.foundation.names import shown
from civicloop.matters import clusters, reckoning, selectors
from civicloop.matters.choices import Stage
from civicloop.matters.models import Matter
from civicloop.matters.reading import Reading
from civicloop.people.models import Unit
from civicloop.site.acting import language, stars_words

FINDING = frozenset({Stage.COLLECT, Stage.FILE, Stage.DISPATCH})

HAPPENED: Mapping[str, str | Promise] = {
    "report": gettext_lazy("We have received it"),
    "send_pre_verify": gettext_lazy("A grid worker is asked to look at the place"),
    "pre_verify": gettext_lazy("A grid worker has looked at the place"),
    "file": gettext_lazy("It is confirmed that something must be done"),
    "order_orally": gettext_lazy("Urgent: somebody was sent at once"),
    "escalate": gettext_lazy("Passed up to the district, which has the means"),
    "dispatch": gettext_lazy("Given to the unit that answers for it"),
    "designate": gettext_lazy("Given to the unit that answers for it"),
    "accept": gettext_lazy("The unit has taken it on"),
    "return": gettext_lazy("The unit said that it is not its task; another one is found"),
    "assign": gettext_lazy("Somebody is on the way"),
    "handle_on_spot": gettext_lazy("A grid worker has put it right on the spot"),
    "fix_on_spot": gettext_lazy("Put right on the spot"),
    "make_task": gettext_lazy("Taken on with a date"),
    "hand_to_grid": gettext_lazy("Handed to the grid"),
    "handle": gettext_lazy("The work at the place is done"),
    "feed_back": gettext_lazy("The unit says that it is done; somebody else will check"),
    "post_check:pass": gettext_lazy("A checker has looked: it is done"),
    "spot_check:pass": gettext_lazy("A checker has looked: it is done"),
    "post_check:fail": gettext_lazy("A checker has looked: not done yet, it goes back to be done"),
    "spot_check:fail": gettext_lazy("A checker has looked: not done yet, it goes back to be done"),
    "post_check:cannot_see": gettext_lazy("The checker could not see the place and will come again"),
    "close": gettext_lazy("Closed"),
    "decline": gettext_lazy("It is not taken on"),
    "void": gettext_lazy("Struck out as an entry made by mistake"),
    "transfer": gettext_lazy("Passed to another lawful channel"),
    "explain": gettext_lazy("The unit has explained how things stand"),
    "force_close": gettext_lazy("Closed by decision, without a check"),
    "enter_enforcement": gettext_lazy("An enforcement case was opened"),
    "ask": gettext_lazy("We need to ask you something"),
    "answer": gettext_lazy("You have answered"),
    "withdraw": gettext_lazy("You have withdrawn it"),
    "reopen": gettext_lazy("Opened again"),
    "urge": gettext_lazy("The unit was asked for more speed"),
    "rate": gettext_lazy("You have rated it"),
    "join": gettext_lazy("Others have reported the same; all of it is dealt with as one case"),
    "take_out": gettext_lazy("It is dealt with by itself again"),
    "follow": gettext_lazy("Ended together with the case"),
    "come_back": gettext_lazy("The case was opened again, and with it your report"),
    "correct": gettext_lazy("You have corrected something"),
    "publish_photo:public": gettext_lazy("A photo of it is shown to everybody, with faces and number plates covered"),
    "publish_photo:taken_back": gettext_lazy("A photo of it is not shown to everybody any more"),
    "confirm:solved": gettext_lazy("You have confirmed that it is solved"),
    "confirm:not_solved": gettext_lazy("You said that it is not solved; it goes back to be done"),
    "authorise": gettext_lazy("Your authorisation is recorded"),
    "revoke": gettext_lazy("The authorisation was taken back"),
    "apply": gettext_lazy("The application is handed in for you"),
    "hand_over": gettext_lazy("The result was handed over to you"),
}

ENDS: Mapping[str, str | Promise] = {
    "solved": pgettext_lazy("end of a matter", "Done, and checked by somebody else"),
    "done": pgettext_lazy("end of a matter", "Done, and you have the result"),
    "explained": pgettext_lazy("end of a matter", "Ended with an explanation"),
    "not_filed": pgettext_lazy("end of a matter", "Not taken on"),
    "not_accepted": pgettext_lazy("end of a matter", "Not taken on"),
    "declined": pgettext_lazy("end of a matter", "Refused, with the reason"),
    "transferred": pgettext_lazy("end of a matter", "Passed to another lawful channel"),
    "void": pgettext_lazy("end of a matter", "Struck out as an entry made by mistake"),
    "forced": pgettext_lazy("end of a matter", "Closed by decision; not counted as solved"),
    "withdrawn": pgettext_lazy("end of a matter", "Withdrawn by you"),
}

# texts that are written to the reporter: answers, notices, questions. Everything else of the staff stays inside.
ADDRESSED: Mapping[str, str] = {
    "decline": "reason", "transfer": "reason", "explain": "reason", "refuse": "reason", "ask": "note",
    "answer": "note", "withdraw": "reason", "confirm": "reason", "hand_over": "note",
    "correct": "note", "follow": "answer",
}  # fmt: skip


def story(row: Matter, seen: Reading) -> list[dict[str, Any]]:
    """What happened, oldest first: {what, when, text} for `{% timeline %}`. Approvals and inner moves are left out."""
    found: list[dict[str, Any]] = []
    step = ""
    for line in selectors.timeline(row.id):
        words = HAPPENED.get(f"{line.action}:{line.result}") or HAPPENED.get(line.action)
        if words is None and line.step != step:
            names = seen.procedure.steps[line.step].names if line.step in seen.procedure.steps else {}
            words = shown(names, language()) if names and not line.action.startswith("request:") else None
        step = line.step
        text = line.texts.get(ADDRESSED.get(line.action, ""), "")
        if line.action == "rate":
            text = stars_words(line.data.get("stars"))
        if words and (not found or found[-1]["what"] != words or text):
            found.append({"what": words, "when": line.at, "text": text})
    return found


def lines_of(row: Matter, seen: Reading) -> list[dict[str, Any]]:
    """The four lines; of a report that is joined to another case those of that case, since it is dealt with there."""
    lead = clusters.case_of(seen)
    if lead is None:
        return four_lines(row, seen)
    lines = four_lines(selectors.row_of(lead.id), lead)
    lines[0]["due"] = row.received_at
    lines[1]["text"] = _("%(unit)s, together with what others have reported") % {"unit": lines[1]["text"]}
    return lines


def four_lines(row: Matter, seen: Reading) -> list[dict[str, Any]]:
    """已收到 → 谁在办 → 几点前 → 办好了请您看: {title, text, due, phone, state: done | now | ahead}."""
    phase = 4 if row.end else _phase(row)
    unit = _unit(row)
    name = shown(unit.names, language())
    lines: list[dict[str, Any]] = [{"title": _("Received"), "due": row.received_at, "moment": True}]
    if phase == 1:
        lines.append(
            {"title": _("Who is dealing with it"), "text": _("%(unit)s is finding out who must do it") % {"unit": name}}
        )
    else:
        lines.append({"title": _("Who is dealing with it"), "text": name})
    lines[-1]["phone"] = unit.duty_phone
    lines.append({"title": _("By when"), **_by_when(row, seen, phase)})
    lines.append({"title": _("Done: please have a look"), "text": _result(row, phase)})
    for number, line in enumerate(lines):
        line["state"] = "done" if number < phase else "now" if number == phase else "ahead"
    return lines


def _phase(row: Matter) -> int:
    if row.stage in FINDING:
        return 1
    return 2 if row.stage in {Stage.HANDLE, Stage.FEEDBACK} else 3


def _unit(row: Matter) -> Unit:
    """The unit that does the work, once there is one; before that the desk that answers for the matter."""
    answering = row.seats.get("answering")
    if isinstance(answering, int) and answering != row.unit_id:
        return Unit.objects.get(id=answering)
    return row.unit


def _by_when(row: Matter, seen: Reading, phase: int) -> dict[str, Any]:
    handle = next((each for each in reversed(reckoning.clocks(seen, explain=False)) if each.name == "handle"), None)
    if row.hold_until is not None and not row.end:
        return {"text": _("Waiting; time goes on when the wait is over")}
    if handle is None or handle.due_at is None:
        return {"text": "" if row.end else _("You will see the time here as soon as it is known who does it")}
    late = phase < 3 and handle.state == "running" and _past(handle.due_at)
    return {"due": handle.due_at, "text": _("This time is over. The unit must still do it.") if late else ""}


def _past(moment: datetime) -> bool:
    return moment < clock.now()


def _result(row: Matter, phase: int) -> str:
    if row.end:
        return str(ENDS.get(row.end, _("Ended")))
    if phase == 3:
        return _("The work is reported as done. Somebody who did not do it is checking.")
    return _("The result and its photo will stand here")
