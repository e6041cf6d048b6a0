"""The components of every face as template tags; arguments are plain dictionaries and words, never models.

Settings make this library a builtin: templates use the tags without loading them. Each component stands on the style
page (`/style`) with its arguments, and in docs/ui.md.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import template
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from civicloop.foundation import clock, names
from civicloop.ui import icons, words

register = template.Library()

Bag = Mapping[str, Any]


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """`{% icon "camera" %}`: decoration; with `label` it is read aloud."""
    return icons.drawing(name, str(label), css)


def _named(value: object) -> str:
    if isinstance(value, Mapping):
        return names.shown(value, get_language() or names.REQUIRED)
    return "" if value is None else str(value)


@register.filter(name="t")
def shown_name(value: object) -> str:
    """`{{ names|t }}`: the `{lang: text}` name in the person's language, with the visible fall-back."""
    return _named(value)


@register.simple_tag(name="t")
def shown_name_tag(value: object) -> str:
    """`{% t names %}`: as the filter."""
    return _named(value)


@register.filter
def code(value: object) -> SafeString:
    """A number or code in tabular figures that does not break: `{{ number|code }}`."""
    return format_html('<span class="code">{}</span>', value)


@register.filter
def masked(value: object) -> str:
    """A phone number with its middle hidden: `{{ phone|masked }}`."""
    return words.masked_phone(str(value or ""))


@register.filter
def clock_words(value: datetime | None) -> SafeString | str:
    """`{{ moment|clock_words }}`: 今天 16:20, with the exact moment in the element."""
    return _moment(value, words.clock_words)


@register.filter
def due_words(value: datetime | None) -> SafeString | str:
    """`{{ moment|due_words }}`: 今天 16:20 前."""
    return _moment(value, words.due_words)


def _moment(value: datetime | None, say: Any) -> SafeString | str:
    if not isinstance(value, datetime):
        return "" if value is None else str(value)
    zone = timezone.get_current_timezone()
    local = value.astimezone(zone)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        local.strftime("%Y-%m-%d %H:%M:%S %z"),
        say(value, clock.now(), zone),
    )


@register.filter
def left_words(value: datetime | None) -> str:
    """`{{ due|left_words }}`: 还剩 2 小时 10 分, 已超 1 天."""
    return words.left_words(value, clock.now()) if isinstance(value, datetime) else ""


@register.inclusion_tag("ui/parts/matter_card.html")
def matter_card(card: Bag, heading: str = "h3") -> dict[str, Any]:
    """A matter in a list. `card`: title, url, number, place, kind, unit, stage (see stage_track), deadline (see
    deadline_strip), marks ([{word, kind, icon}]), act ({label, url}), now (True: needs you now), thumb, selected."""
    return {"card": card, "heading": heading}


@register.inclusion_tag("ui/parts/stage_track.html")
def stage_track(stage: Bag | None = None, **given: Any) -> dict[str, Any]:
    """Stages as a filled track with the word of the present one. `stage`: stages (their words in order), current
    (index from 0), ended (True: the last one is done), word (instead of the stage's own: an end that is no stage)."""
    bag = {**(stage or {}), **given}
    stages, current = list(bag.get("stages", ())), int(bag.get("current", 0))
    ended = bool(bag.get("ended"))
    steps = [
        {"word": word, "state": "done" if ended or at < current else "now" if at == current else "ahead"}
        for at, word in enumerate(stages)
    ]
    word = bag.get("word") or (stages[current] if 0 <= current < len(stages) else "")
    return {"steps": steps, "word": word, "at": min(current + 1, len(stages)), "of": len(stages), "ended": ended}


@register.inclusion_tag("ui/parts/deadline_strip.html")
def deadline_strip(deadline: Bag | None = None, **given: Any) -> dict[str, Any]:
    """A deadline as a word and a bar that empties. `deadline`: due (aware datetime or None), state ("ample", "soon",
    "over", "paused", "met", or "" to be told from `left` and the clock), left (share of the counted time that is
    left, 0…1), word (instead of the state's own), label (what is due), unit, explain_url, intervals ([{words,
    counted, who, share}], share in per cent of the whole)."""
    bag = {**(deadline or {}), **given}
    due, left = bag.get("due"), bag.get("left")
    now = clock.now()
    state = bag.get("state") or ("" if due is None else _state(due, now, left))
    if left is None:
        left = {"over": 0.0, "soon": 0.2, "met": 1.0}.get(state, 0.7)
    own = {
        "ample": pgettext("deadline", "Ample"),
        "soon": pgettext("deadline", "Due soon"),
        "over": pgettext("deadline", "Overdue"),
        "paused": pgettext("deadline", "Paused"),
        "met": pgettext("deadline", "In time"),
    }
    return {
        "deadline": bag,
        "state": state,
        "word": bag.get("word") or own.get(state, pgettext("deadline", "No deadline")),
        "due": due,
        "filled": max(0, min(100, round(float(left) * 100))),
    }


def _state(due: datetime, now: datetime, left: float | None) -> str:
    if due < now:
        return "over"
    if left is None:
        return "soon" if (due - now).total_seconds() < 4 * 3600 else "ample"
    return "soon" if left <= 0.25 else "ample"


@register.inclusion_tag("ui/parts/timeline.html")
def timeline(entries: Sequence[Bag]) -> dict[str, Any]:
    """What happened, oldest first as given. Each entry: what, when (datetime), who (name or post), post, unit, text,
    evidence ([{url, thumb, alt}]), system (True: folded with its neighbours), now (the last one waits for somebody)."""
    groups: list[dict[str, Any]] = []
    for entry in entries:
        folded = bool(entry.get("system"))
        if groups and folded and groups[-1]["folded"]:
            groups[-1]["entries"].append(entry)
        else:
            groups.append({"folded": folded, "entries": [entry]})
    return {"groups": groups}


@register.inclusion_tag("ui/parts/mark.html")
def mark(word: object, kind: str = "plain", icon: str = "") -> dict[str, Any]:
    """A badge with its word. `kind`: plain, brand, good, caution, now (only for what needs this person now)."""
    return {"word": word, "kind": kind, "icon": icon}


@register.inclusion_tag("ui/parts/evidence_pair.html")
def evidence_pair(
    before: Bag | Sequence[Bag] | None, after: Bag | Sequence[Bag] | None, **labels: Any
) -> dict[str, Any]:
    """Before and after side by side at one scale. Each: {url, thumb, alt, caption, when}, a list of them, or None;
    without url only its words.
    `before_label`, `after_label` and `missing` replace the words."""

    def several(given: Bag | Sequence[Bag] | None) -> list[Bag]:
        return [] if not given else [given] if isinstance(given, Mapping) else list(given)

    return {
        "sides": [
            {"label": labels.get("before_label") or pgettext("evidence", "Before"), "pictures": several(before)},
            {"label": labels.get("after_label") or pgettext("evidence", "After"), "pictures": several(after)},
        ],
        "missing": labels.get("missing") or _("No picture yet"),
    }


@register.inclusion_tag("ui/parts/act_sheet.html", takes_context=True)
def act_sheet(context: Context, sheet: Bag) -> dict[str, Any]:
    """A form for one act. `sheet`: code, title, happens (what will follow), url, form (a Django form), hidden
    ({name: value}), client_id (name of a hidden field that the page fills with a UUIDv7; client_id_value to begin
    with), queue (True in the field: kept on the phone until it is accepted), suggested (Enter leads here), evidence
    ([{name, label, why, required, multiple, accept, capture}]), submit, undo (how it can be taken back), confirm
    (question before sending), cancel_url, tone ("" or "now"), open (False: folded), again (True: the answer is a
    download, so the page stays and may send once more)."""
    return {"sheet": sheet, "csrf_token": context.get("csrf_token"), "upload": bool(sheet.get("evidence"))}


@register.inclusion_tag("ui/parts/people_line.html")
def people_line(people: Bag | Sequence[Bag]) -> dict[str, Any]:
    """Who holds it: by post and duty phone, never a private one. Each: post, unit, phone, since (datetime), label."""
    return {"people": [people] if isinstance(people, Mapping) else people}


@register.inclusion_tag("ui/parts/empty_state.html")
def empty_state(
    title: object, text: object = "", act_label: object = "", act_url: str = "", icon: str = "checks"
) -> dict[str, Any]:
    """An empty list that says what to do next."""
    return {"title": title, "text": text, "act_label": act_label, "act_url": act_url, "icon": icon}


@register.inclusion_tag("ui/parts/error_block.html")
def error_block(
    title: object,
    happened: object = "",
    kept: object = "",
    todo: object = "",
    problems: Sequence[object] = (),
    focus: bool = True,
) -> dict[str, Any]:
    """What went wrong, what was kept, what to do; `problems` are single lines; takes the focus when the page opens."""
    said = {"title": title, "happened": happened, "kept": kept, "todo": todo}
    return said | {"problems": problems, "focus": focus}


@register.inclusion_tag("ui/parts/figure.html")
def figure(
    number: object,
    label: object,
    definition: object = "",
    period: object = "",
    sample: object = "",
    url: str = "",
    unit: object = "",
    now: bool = False,
) -> dict[str, Any]:
    """One number with what it means, its period and its sample; `url` opens the cases behind it."""
    said = {"number": number, "label": label, "definition": definition, "period": period, "sample": sample}
    return said | {"url": url, "unit": unit, "now": now}


@register.inclusion_tag("ui/parts/place_picker.html")
def place_picker(picker: Bag | None = None, **given: Any) -> dict[str, Any]:
    """Where it is. `picker`: lon, lat, crs (values to begin with), names (prefix of the field names), levels ([{code,
    label}] for the cascading lists), areas_url (GET ?parent= → [{code, name}]), first ([{code, name}] of the first
    list), shapes_url (map outlines), address, address_label, required, errors, geolocate (False hides the button)."""
    bag = {"areas_url": "/api/v1/areas", "geolocate": True, **(picker or {}), **given}
    return {"picker": bag, "prefix": bag.get("names", "")}


@register.inclusion_tag("ui/parts/pages.html")
def pages(page: Bag) -> dict[str, Any]:
    """Keyset pages: next_url, previous_url (first page when a list only goes on), words ("50 of about 3,000")."""
    return {"page": page}


@register.inclusion_tag("ui/parts/filter_bar.html")
def filter_bar(form: Any, url: str = "", target: str = "", active: Sequence[Bag] = ()) -> dict[str, Any]:
    """A GET form of filters in one line. `active`: [{words, remove_url}]; `target` (an id selector) loads in place.

    Fields that the form names in `more` are folded away, with the number of those that are set.
    """
    behind = [bound for bound in form if bound.name in getattr(form, "more", ())]
    front = [bound for bound in form if bound.name not in getattr(form, "more", ())]
    used = sum(bound.value() not in (None, "", []) for bound in behind)
    unfolded = any(bound.errors for bound in behind)
    said = {"front": front, "behind": behind, "used": used, "unfolded": unfolded}
    return said | {"url": url, "target": target, "active": active}


@register.inclusion_tag("ui/parts/progress.html")
def progress(work: Bag) -> dict[str, Any]:
    """Long work: title, share (0…1 or None), words, steps ([{words, done, now}]), url (polled), since (datetime)."""
    share = work.get("share")
    return {"work": work, "percent": None if share is None else max(0, min(100, round(float(share) * 100)))}


@register.simple_tag
def field(bound: Any, **options: Any) -> SafeString:
    """`{% field form.name %}`: label, help, control, error, each tied to the control for a reader. Options: label,
    help, css (of the wrapper), plain (no label shown, still read aloud)."""
    if not bound:
        return SafeString("")
    widget = bound.field.widget
    kind = getattr(widget, "input_type", "") or type(widget).__name__.lower()
    if kind == "hidden" or bound.is_hidden:
        return SafeString(str(bound))
    identifier = bound.auto_id or bound.html_name
    described = [
        part
        for part, there in (
            (f"{identifier}-help", options.get("help") or bound.help_text),
            (f"{identifier}-error", bound.errors),
        )
        if there
    ]
    shape = _shape(kind, widget)
    extra: dict[str, Any] = {"class": " ".join(filter(None, [widget.attrs.get("class", ""), _control_class(shape)]))}
    if described:
        extra["aria-describedby"] = " ".join(described)
    if bound.errors:
        extra["aria-invalid"] = "true"
    if str(widget.attrs.get("rows")) == "10":  # Django's own height for every text: too tall for a phone
        extra["rows"] = "4"
    return SafeString(
        render_to_string(
            "ui/parts/field.html",
            {
                "bound": bound,
                "identifier": identifier,
                "control": bound.as_widget(attrs=extra),
                "label": options.get("label") or bound.label,
                "help": options.get("help") or bound.help_text,
                "css": options.get("css", ""),
                "plain": bool(options.get("plain")),
                "shape": shape,
                "required": bound.field.required,
            },
        )
    )


def _shape(kind: str, widget: Any) -> str:
    if kind == "checkbox" and not hasattr(widget, "choices"):
        return "check"
    if kind in {"radio", "checkbox"}:
        return "group"
    return {"select": "select", "file": "file"}.get(kind, "text")


def _control_class(shape: str) -> str:
    return {"check": "form-check-input", "group": "", "select": "form-select"}.get(shape, "form-control")


@register.inclusion_tag("ui/parts/form_fields.html")
def form_fields(form: Any) -> dict[str, Any]:
    """All fields of a form with its general errors above them; the form element and its button stay with the page."""
    return {"form": form}


@register.filter
def by_key(bag: Bag | None, key: object) -> Any:
    """`{{ mapping|by_key:name }}`: an entry of a mapping by a key that is itself a variable."""
    return bag.get(str(key)) if bag else None
