"""Arguments for the living style page: invented words, no data of any installation, no database."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import pgettext

from civicloop.foundation import clock
from civicloop.ui import icons

TOKENS = (
    "paper",
    "surface",
    "sunk",
    "ink",
    "quiet",
    "rule",
    "edge",
    "brand",
    "brand-strong",
    "brand-soft",
    "now",
    "now-soft",
)

PICTURE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 400 300'%3E"
    "%3Crect width='400' height='300' fill='{sky}'/%3E%3Crect y='170' width='400' height='130' fill='%23777c80'/%3E"
    "%3Cellipse cx='200' cy='235' rx='70' ry='28' fill='{hole}'/%3E%3C/svg%3E"
)


def _offer(form: forms.Form, name: str, choices: list[tuple[str, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


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
        self.fields["title"].label = pgettext("sample", "In one sentence")
        self.fields["title"].help_text = pgettext("sample", "What and where, as you would say it on the phone")
        self.fields["text"].label = pgettext("sample", "More, if you like")
        self.fields["kind"].label = pgettext("sample", "Kind")
        _offer(
            self,
            "kind",
            [
                ("", pgettext("sample", "Choose")),
                ("1", pgettext("sample", "Streets")),
                ("2", pgettext("sample", "Greenery")),
            ],
        )
        self.fields["result"].label = pgettext("sample", "What did you find?")
        _offer(
            self,
            "result",
            [
                ("1", pgettext("sample", "It is gone")),
                ("2", pgettext("sample", "It is still there")),
                ("3", pgettext("sample", "I could not get in")),
            ],
        )
        self.fields["agreed"].label = pgettext("sample", "Tell me when it is done")
        self.fields["phone"].label = pgettext("sample", "Phone")


class FilterForm(forms.Form):
    """A small form for the filter bar."""

    words = forms.CharField(required=False)
    kind = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].label = pgettext("sample", "Words or number")
        self.fields["kind"].label = pgettext("sample", "Kind")
        _offer(self, "kind", [("", pgettext("sample", "All")), ("1", pgettext("sample", "Streets"))])


def _picture(hole: str) -> str:
    return PICTURE.format(sky="%23b9cfd6", hole=hole)


def _cards() -> list[dict[str, Any]]:
    now = clock.now()
    stages = [
        pgettext("sample", "Received"),
        pgettext("sample", "Filed"),
        pgettext("sample", "Sent"),
        pgettext("sample", "Handling"),
        pgettext("sample", "Reported"),
        pgettext("sample", "Checking"),
        pgettext("sample", "Closed"),
    ]
    common = {
        "url": "#cards",
        "kind": pgettext("sample", "Streets"),
        "place": pgettext("sample", "Sample subdistrict, Sample community, 12 Sample Road, by the gate"),
    }
    return [
        common
        | {
            "title": pgettext("sample", "The cover is missing and the shaft is open"),
            "number": "20260703-0000412-H",
            "stage": {"stages": stages, "current": 3},
            "deadline": {"due": now - timedelta(minutes=50), "left": 0.0},
            "unit": pgettext("sample", "Sample subdistrict office"),
            "marks": [{"word": pgettext("sample", "Urged"), "kind": "now", "icon": "bell"}],
            "act": {"label": pgettext("sample", "Handle"), "url": "#acts"},
            "now": True,
            "thumb": _picture("%23222"),
        },
        common
        | {
            "title": pgettext("sample", "A street lamp has been dark for three nights"),
            "number": "20260703-0000398-7",
            "stage": {"stages": stages, "current": 5},
            "deadline": {"due": now + timedelta(hours=2, minutes=10), "left": 0.18},
            "unit": pgettext("sample", "Sample lighting company"),
            "marks": [{"word": pgettext("sample", "Approximate place"), "kind": "plain"}],
            "act": {"label": pgettext("sample", "Check"), "url": "#acts"},
        },
        common
        | {
            "title": pgettext("sample", "A branch hangs low over the pavement"),
            "number": "20260702-0000977-A",
            "stage": {"stages": stages, "current": 6, "ended": True},
            "deadline": {"due": now + timedelta(days=2), "left": 0.8, "state": "met"},
            "unit": pgettext("sample", "Sample gardens unit"),
        },
    ]


def _story() -> list[dict[str, Any]]:
    now = clock.now()
    return [
        {
            "what": pgettext("sample", "Reported"),
            "when": now - timedelta(hours=26),
            "post": pgettext("sample", "Resident"),
            "text": pgettext("sample", "Somebody could fall in. It is right by the school."),
            "evidence": [{"url": _picture("%23222"), "alt": pgettext("sample", "An open shaft")}],
        },
        {"what": pgettext("sample", "Place found"), "when": now - timedelta(hours=26), "system": True},
        {"what": pgettext("sample", "Clock started"), "when": now - timedelta(hours=26), "system": True},
        {
            "what": pgettext("sample", "Filed and sent"),
            "when": now - timedelta(hours=25),
            "post": pgettext("sample", "Clerk"),
            "unit": pgettext("sample", "Sample grid centre"),
        },
        {
            "what": pgettext("sample", "Handling"),
            "when": now - timedelta(minutes=50),
            "post": pgettext("sample", "Unit worker"),
            "unit": pgettext("sample", "Sample subdistrict office"),
            "now": True,
        },
    ]


def everything() -> dict[str, Any]:
    """The context of the style page."""
    now = clock.now()
    wrong = SampleForm({"title": "", "kind": "1", "result": "1"})
    wrong.is_valid()
    stages = [
        pgettext("sample", "Received"),
        pgettext("sample", "Filed"),
        pgettext("sample", "Sent"),
        pgettext("sample", "Handling"),
        pgettext("sample", "Reported"),
        pgettext("sample", "Checking"),
        pgettext("sample", "Closed"),
    ]
    return {
        "tokens": TOKENS,
        "icons": sorted(icons.shapes()),
        "cards": _cards(),
        "tracks": [{"stages": stages, "current": at} for at in range(7)]
        + [{"stages": stages, "current": 6, "ended": True}],
        "deadlines": [
            {"due": now + timedelta(days=3), "left": 0.8, "label": pgettext("sample", "to handle")},
            {
                "due": now + timedelta(hours=1),
                "left": 0.12,
                "label": pgettext("sample", "to handle"),
                "explain_url": "#deadlines",
            },
            {"due": now - timedelta(hours=30), "left": 0, "label": pgettext("sample", "to handle")},
            {"due": now + timedelta(days=9), "left": 0.5, "state": "paused"},
            {
                "due": now + timedelta(hours=5),
                "left": 0.4,
                "intervals": [
                    {
                        "words": pgettext("sample", "this morning"),
                        "counted": True,
                        "who": pgettext("sample", "Sample grid centre"),
                        "start": 0,
                        "share": 40,
                    },
                    {"words": pgettext("sample", "lunch"), "counted": False, "start": 40, "share": 20},
                    {
                        "words": pgettext("sample", "this afternoon"),
                        "counted": True,
                        "who": pgettext("sample", "Sample unit"),
                        "start": 60,
                        "share": 40,
                    },
                ],
            },
        ],
        "story": _story(),
        "before": {
            "url": _picture("%23222"),
            "alt": pgettext("sample", "An open shaft"),
            "when": now - timedelta(hours=26),
        },
        "after": {
            "url": _picture("%23999fa3"),
            "alt": pgettext("sample", "The shaft is covered"),
            "when": now - timedelta(minutes=4),
        },
        "sheet": {
            "code": "sample",
            "title": pgettext("sample", "Report that it is done"),
            "happens": pgettext("sample", "A person who did not handle it checks the place and closes it."),
            "url": "#acts",
            "form": SampleForm(),
            "evidence": [
                {
                    "name": "after",
                    "label": pgettext("sample", "Picture after the work"),
                    "why": pgettext("sample", "The closing condition asks to see the place as it is left."),
                    "required": True,
                }
            ],
            "undo": pgettext("sample", "You can take it back until somebody has begun to check."),
            "confirm": pgettext("sample", "Report it as done?"),
        },
        "sheet_folded": {
            "code": "sample-2",
            "title": pgettext("sample", "Ask for more time"),
            "url": "#acts",
            "open": False,
        },
        "people": [
            {
                "label": pgettext("sample", "Holds it"),
                "post": pgettext("sample", "Duty post"),
                "unit": pgettext("sample", "Sample subdistrict office"),
                "phone": "022-0000-0000",
                "since": now - timedelta(hours=25),
            },
            {
                "label": pgettext("sample", "Checks it"),
                "post": pgettext("sample", "Checker"),
                "unit": pgettext("sample", "Sample grid centre"),
            },
        ],
        "form": wrong,
        "filters": FilterForm(),
        "active_filters": [{"words": pgettext("sample", "Streets"), "remove_url": "#filters"}],
        "page": {"next_url": "#pages", "previous_url": "#pages", "words": pgettext("sample", "50 of about 3,000")},
        "picker": {
            "levels": [
                {"code": "district", "label": pgettext("sample", "District")},
                {"code": "subdistrict", "label": pgettext("sample", "Subdistrict")},
            ],
            "first": [{"code": "01", "name": {"zh-hans": "示例区", "en": "Sample district"}}],
            "shapes": "",
        },
        "work": {
            "title": pgettext("sample", "The sample city is being loaded"),
            "share": 0.42,
            "words": pgettext("sample", "1,260 of 3,000"),
            "since": now - timedelta(seconds=40),
            "steps": [
                {"words": pgettext("sample", "Areas"), "done": True},
                {"words": pgettext("sample", "Matters of the last 60 days"), "now": True},
                {"words": pgettext("sample", "Proof of every timeline"), "done": False},
            ],
        },
        "names": {"zh-hans": "示例街道", "en": "Sample subdistrict"},
        "half_names": {"zh-hans": "示例社区"},
        "moment": now,
    }
