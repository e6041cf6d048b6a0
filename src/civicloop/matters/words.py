"""What an entry of a timeline says, in the reader's language: for pages and the API."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.template.defaultfilters import filesizeformat
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from civicloop.evidence.models import PublicState, SignalState, Stage
from civicloop.foundation.names import shown
from civicloop.matters.choices import Unpublished
from civicloop.procedures.rules.language import Procedure

ENGINE_WORDS = {
    "report": gettext_lazy("Reported"),
    "note": gettext_lazy("Note"),
    "decide": gettext_lazy("Approval answered"),
    "answer_part": gettext_lazy("Part answered"),
    "rate_part": gettext_lazy("Unit called was rated"),
    "end_hold": gettext_lazy("The pause has ended"),
    "recount": gettext_lazy("Deadline counted again by the published calendar"),
    "mark": gettext_lazy("Mark of a deadline"),
    "erase": gettext_lazy("Personal data destroyed by schedule"),
    "name_complained": gettext_lazy("Recorded whom the complaint is about"),
    "rewrite": gettext_lazy("Text for the unit complained of written"),
    "release_rewrite": gettext_lazy("Text for the unit complained of released"),
    "urge": gettext_lazy("Urged"),
    "move_area": gettext_lazy("Moved to the areas of new boundaries"),
    "correct": gettext_lazy("The person concerned has corrected something"),
    "judge_signal": gettext_lazy("A signal was looked at"),
    "trust_report": gettext_lazy("Let through to the desk"),
    "publish_photo": gettext_lazy("A photo and the public"),
    "join": gettext_lazy("Joined to another case"),
    "take_out": gettext_lazy("Taken out of the joined reports"),
    "gather": gettext_lazy("Other reports of the same joined"),
    "gather:out": gettext_lazy("A joined report was taken out"),
    "follow": gettext_lazy("Ended with the case that it was joined to"),
    "recur": gettext_lazy("The same came again at this place within 30 days"),
    "come_back": gettext_lazy("Open again with the case that it is joined to"),
}
ANSWER_WORDS = {
    "done": pgettext_lazy("part", "Done"), "cannot": pgettext_lazy("part", "Cannot be done here"),
    "fine": pgettext_lazy("part", "Nothing found"), "found": pgettext_lazy("part", "The same was found"),
    "agrees": pgettext_lazy("part", "Agrees"), "refuses": pgettext_lazy("part", "Refuses"),
    "signs": pgettext_lazy("part", "Signs"), "arrived": pgettext_lazy("part", "Arrived"),
    "absent": pgettext_lazy("part", "Did not come"),
}  # fmt: skip


HOLDER_WORDS = {
    "unit": pgettext_lazy("held by", "The unit that answers"), "checker": pgettext_lazy("held by", "Check"),
    "desk": pgettext_lazy("held by", "Acceptance and dispatch"), "reporter": pgettext_lazy("held by", "The reporter"),
    "superior": pgettext_lazy("held by", "A superior"),
}  # fmt: skip


def _language() -> str:
    return get_language() or "zh-hans"


def answer_words(code: str) -> str:
    """An answer to a part in words."""
    return str(ANSWER_WORDS.get(code, code))


def action_words(procedure: Procedure, action: str, result: str, data: Mapping[str, Any]) -> str:
    """The words of an entry's action and result; `data` are its plain values."""
    if action == "evidence":
        kind = str(data.get("media_type", "")).partition("/")[0]
        added = {"image": _("Photo added"), "video": _("Film added")}.get(kind, _("File added"))
        return f"{added} · {Stage(result).label}" if result in Stage.values else added
    if action == "answer_part":
        return f"{ENGINE_WORDS[action]} · {answer_words(result)}"
    if action == "decide":
        yes = data.get("yes")
        said = {True: _("yes"), False: _("no")}.get(yes) if isinstance(yes, bool) else ""
        return f"{ENGINE_WORDS[action]} · {said}" if said else str(ENGINE_WORDS[action])
    if action == "judge_signal" and result in SignalState.values:
        return f"{ENGINE_WORDS[action]} · {SignalState(result).label}"
    if action == "publish_photo" and result in PublicState.values:
        return publishing_words(result, data)
    if action == "erase":
        return _("%(what)s, list %(list)s") % {"what": ENGINE_WORDS[action], "list": result}
    if action == "mark":
        return mark_words(procedure, data)
    if action == "gather":
        members = data.get("members") or ()
        which = ENGINE_WORDS.get(f"{action}:{result}", ENGINE_WORDS[action])
        return f"{which} · {'、'.join(map(str, members[:3]))}{'…' if len(members) > 3 else ''}"
    if action in {"join", "follow"} and data.get("lead_number"):
        return f"{ENGINE_WORDS[action]} · {data['lead_number']}"
    if action in ENGINE_WORDS:
        return str(ENGINE_WORDS[action])
    asked = action.startswith("request:")
    declared = procedure.actions.get(action.removeprefix("request:"))
    if declared is None:
        return action
    words = shown(declared.names, _language())
    fitting: Sequence[Any] = [m.names for m in declared.moves if m.result and m.result == result]
    if fitting:
        words = f"{words} · {shown(fitting[0], _language())}"
    return _("Asked: %(what)s") % {"what": words} if asked else words


def publishing_words(result: str, data: Mapping[str, Any]) -> str:
    """What was decided about a photo and the public, with the reason where there is one."""
    words = {
        PublicState.PUBLIC: _("Photo shown to the public"), PublicState.NOT_PUBLIC: _("Photo not for the public"),
        PublicState.TAKEN_BACK: _("Photo taken back from the public"),
    }[PublicState(result)]  # fmt: skip
    if result == PublicState.PUBLIC and isinstance(count := data.get("boxes"), int):
        return _("%(what)s · %(count)s areas covered") % {"what": words, "count": count}
    reason = str(data.get("reason", ""))
    return f"{words} · {Unpublished(reason).label}" if reason in Unpublished.values else words


def mark_words(procedure: Procedure, data: Mapping[str, Any]) -> str:
    """Which mark of which clock has fired; said to be late where everything was down at its moment."""
    declared = procedure.clocks.get(str(data.get("clock")))
    names = data.get("names") if isinstance(data.get("names"), Mapping) else {}
    words = shown(names or {}, _language()) or str(ENGINE_WORDS["mark"])
    if declared is not None:
        words = f"{words} · {shown(declared.names, _language())}"
    return _("%(mark)s (told late)") % {"mark": words} if data.get("late") else words


def evidence_words(data: Mapping[str, Any]) -> str:
    """Kind and size of an added photo or file, as its entry keeps them for ever."""
    kind = str(data.get("media_type", "")).rpartition("/")[2].upper()
    size = filesizeformat(data.get("bytes") or 0).replace("\xa0", " ")
    return _("%(kind)s, %(size)s") % {"kind": kind, "size": size}


def digest_words(data: Mapping[str, Any]) -> str:
    """The beginning of the digest that an entry keeps of its photo or file; empty when it has none."""
    algorithm, _colon, digest = str(data.get("digest", "")).partition(":")
    return f"{algorithm.upper()} {digest[:16]}…" if digest else ""
