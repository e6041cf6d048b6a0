"""Arguments for the living style page: invented words, no data of any installation, no database."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from civicloop.foundation import clock
from civicloop.ui import icons

TOKENS = ("paper", "surface", "sunk", "ink", "quiet", "rule", "edge", "brand", "brand-strong", "brand-soft", "now", "now-soft")  # fmt: skip

PICTURE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 400 300'%3E"
    "%3Crect width='400' height='300' fill='{sky}'/%3E%3Crect y='170' width='400' height='130' fill='%23777c80'/%3E"
    "%3Cellipse cx='200' cy='235' rx='70' ry='28' fill='{hole}'/%3E%3C/svg%3E"
)


class SampleForm(forms.Form):
    """One field of every shape."""

    title = forms.CharField(label="", max_length=60)
    text = forms.CharField(label="", widget=forms.Textarea, required=False)
    kind = forms.ChoiceField(label="")
    result = forms.ChoiceField(label="", widget=forms.RadioSelect)
    agreed = forms.BooleanField(label="", required=False)
    phone = forms.CharField(label="", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].label = _("In one sentence")
        self.fields["title"].help_text = _("What and where, as you would say it on the phone")
        self.fields["text"].label = _("More, if you like")
        self.fields["kind"].label = _("Kind")
        self.fields["kind"].choices = [("", _("Choose")), ("1", _("Streets")), ("2", _("Greenery"))]  # type: ignore[attr-defined]
        self.fields["result"].label = _("What did you find?")
        self.fields["result"].choices = [("1", _("It is gone")), ("2", _("It is still there")), ("3", _("I could not get in"))]  # type: ignore[attr-defined]  # fmt: skip
        self.fields["agreed"].label = _("Tell me when it is done")
        self.fields["phone"].label = _("Phone")


class FilterForm(forms.Form):
    """A small form for the filter bar."""

    words = forms.CharField(required=False)
    kind = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].label = _("Words or number")
        self.fields["kind"].label = _("Kind")
        self.fields["kind"].choices = [("", _("All")), ("1", _("Streets"))]  # type: ignore[attr-defined]


def _picture(hole: str) -> str:
    return PICTURE.format(sky="%23b9cfd6", hole=hole)


def _cards() -> list[dict[str, Any]]:
    now = clock.now()
    stages = [_("Received"), _("Filed"), _("Sent"), _("Handling"), _("Reported"), _("Checking"), _("Closed")]
    common = {"url": "#cards", "kind": _("Streets"), "place": _("Sample subdistrict, Sample community, 12 Sample Road, by the gate")}  # fmt: skip
    return [
        common
        | {
            "title": _("The cover is missing and the shaft is open"),
            "number": "20260703-0000412-H",
            "stage": {"stages": stages, "current": 3},
            "deadline": {"due": now - timedelta(minutes=50), "left": 0.0},
            "unit": _("Sample subdistrict office"),
            "marks": [{"word": _("Urged"), "kind": "now", "icon": "bell"}],
            "act": {"label": _("Handle"), "url": "#acts"},
            "now": True,
            "thumb": _picture("%23222"),
        },
        common
        | {
            "title": _("A street lamp has been dark for three nights"),
            "number": "20260703-0000398-7",
            "stage": {"stages": stages, "current": 5},
            "deadline": {"due": now + timedelta(hours=2, minutes=10), "left": 0.18},
            "unit": _("Sample lighting company"),
            "marks": [{"word": _("Approximate place"), "kind": "plain"}],
            "act": {"label": _("Check"), "url": "#acts"},
        },
        common
        | {
            "title": _("A branch hangs low over the pavement"),
            "number": "20260702-0000977-A",
            "stage": {"stages": stages, "current": 6, "ended": True},
            "deadline": {"due": now + timedelta(days=2), "left": 0.8, "state": "met"},
            "unit": _("Sample gardens unit"),
        },
    ]


def _story() -> list[dict[str, Any]]:
    now = clock.now()
    return [
        {
            "what": _("Reported"),
            "when": now - timedelta(hours=26),
            "post": _("Resident"),
            "text": _("Somebody could fall in. It is right by the school."),
            "evidence": [{"url": _picture("%23222"), "alt": _("An open shaft")}],
        },  # fmt: skip
        {"what": _("Place found"), "when": now - timedelta(hours=26), "system": True},
        {"what": _("Clock started"), "when": now - timedelta(hours=26), "system": True},
        {
            "what": _("Filed and sent"),
            "when": now - timedelta(hours=25),
            "post": _("Clerk"),
            "unit": _("Sample grid centre"),
        },  # fmt: skip
        {
            "what": _("Handling"),
            "when": now - timedelta(minutes=50),
            "post": _("Unit worker"),
            "unit": _("Sample subdistrict office"),
            "now": True,
        },  # fmt: skip
    ]


def everything() -> dict[str, Any]:
    """The context of the style page."""
    now = clock.now()
    wrong = SampleForm({"title": "", "kind": "1", "result": "1"})
    wrong.is_valid()
    stages = [_("Received"), _("Filed"), _("Sent"), _("Handling"), _("Reported"), _("Checking"), _("Closed")]
    return {
        "tokens": TOKENS,
        "icons": sorted(icons.shapes()),
        "cards": _cards(),
        "tracks": [{"stages": stages, "current": at} for at in range(7)]
        + [{"stages": stages, "current": 6, "ended": True}],
        "deadlines": [
            {"due": now + timedelta(days=3), "left": 0.8, "label": _("to handle")},
            {"due": now + timedelta(hours=1), "left": 0.12, "label": _("to handle"), "explain_url": "#deadlines"},
            {"due": now - timedelta(hours=30), "left": 0, "label": _("to handle")},
            {"due": now + timedelta(days=9), "left": 0.5, "state": "paused"},
            {
                "due": now + timedelta(hours=5),
                "left": 0.4,
                "intervals": [
                    {
                        "words": _("this morning"),
                        "counted": True,
                        "who": _("Sample grid centre"),
                        "start": 0,
                        "share": 40,
                    },
                    {"words": _("lunch"), "counted": False, "start": 40, "share": 20},
                    {"words": _("this afternoon"), "counted": True, "who": _("Sample unit"), "start": 60, "share": 40},
                ],
            },
        ],
        "story": _story(),
        "before": {"url": _picture("%23222"), "alt": _("An open shaft"), "when": now - timedelta(hours=26)},
        "after": {"url": _picture("%23999fa3"), "alt": _("The shaft is covered"), "when": now - timedelta(minutes=4)},
        "sheet": {
            "code": "sample",
            "title": _("Report that it is done"),
            "happens": _("A person who did not handle it checks the place and closes it."),
            "url": "#acts",
            "form": SampleForm(),
            "evidence": [
                {
                    "name": "after",
                    "label": _("Picture after the work"),
                    "why": _("The closing condition asks to see the place as it is left."),
                    "required": True,
                }
            ],  # fmt: skip
            "undo": _("You can take it back until somebody has begun to check."),
            "confirm": _("Report it as done?"),
        },
        "sheet_folded": {"code": "sample-2", "title": _("Ask for more time"), "url": "#acts", "open": False},
        "people": [
            {
                "label": _("Holds it"),
                "post": _("Duty post"),
                "unit": _("Sample subdistrict office"),
                "phone": "022-0000-0000",
                "since": now - timedelta(hours=25),
            },  # fmt: skip
            {"label": _("Checks it"), "post": _("Checker"), "unit": _("Sample grid centre")},
        ],
        "form": wrong,
        "filters": FilterForm(),
        "active_filters": [{"words": _("Streets"), "remove_url": "#filters"}],
        "page": {"next_url": "#pages", "previous_url": "#pages", "words": _("50 of about 3,000")},
        "picker": {
            "levels": [
                {"code": "district", "label": _("District")},
                {"code": "subdistrict", "label": _("Subdistrict")},
            ],
            "first": [{"code": "01", "name": {"zh-hans": "示例区", "en": "Sample district"}}],
            "shapes": "",
        },
        "work": {
            "title": _("The sample city is being loaded"),
            "share": 0.42,
            "words": _("1,260 of 3,000"),
            "since": now - timedelta(seconds=40),
            "steps": [
                {"words": _("Areas"), "done": True},
                {"words": _("Matters of the last 60 days"), "now": True},
                {"words": _("Proof of every timeline"), "done": False},
            ],
        },
        "names": {"zh-hans": "示例街道", "en": "Sample subdistrict"},
        "half_names": {"zh-hans": "示例社区"},
        "moment": now,
    }
