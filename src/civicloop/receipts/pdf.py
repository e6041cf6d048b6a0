"""A receipt as a PDF to print and keep: the story in words, the fingerprints, a QR code, and the whole receipt inside.

The file that proves (receipt.json) is attached to the PDF, so that one file is enough: tools/verify_receipt.py takes it
out. The PDF is one for archives (PDF/A-3b, ISO 19005-3), except where a text holds signs that its font has not.
"""

import io
import json
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pylopdf_fonts_zh_cn as fonts
import segno
import typst
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from civicloop.foundation import chain, locality

TEMPLATE = Path(__file__).resolve().parent / "receipt.typ"
ARCHIVE: Literal["a-3b"] = "a-3b"
ORDINARY: Literal["1.7"] = "1.7"
WIDTH = 66  # hexadecimal digits on a line of paper


@dataclass(frozen=True)
class Line:
    """Something that happened, in the words of the page that offers the receipt."""

    at: datetime
    words: str
    text: str = ""


@cache
def _fonts() -> typst.Fonts:
    """The font that ships with the product, and no other: the same receipt gives the same pages everywhere."""
    folder = str(fonts.sans_path().parent)
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])


def make(receipt: Mapping[str, Any], *, story: Sequence[Line], author: str, base: str) -> bytes:
    """The PDF of `selectors.receipt`, in the reader's language. `base` is the site's address, `author` its name."""
    data = json.dumps(_data(receipt, story, author, base), ensure_ascii=False)
    made_at = _moment(receipt["made_at"]).replace(microsecond=0)
    try:
        return _compiled(data, made_at, ARCHIVE)
    except typst.TypstError:
        # a sign without a shape in the font: a PDF for archives may not hold it, an ordinary one shows a box
        return _compiled(data, made_at, ORDINARY)


def _compiled(data: str, made_at: datetime, standard: Literal["a-3b", "1.7"]) -> bytes:
    return typst.compile(
        TEMPLATE.read_bytes(), font_paths=_fonts(), ignore_system_fonts=True, format="pdf", sys_inputs={"data": data},
        pdf_standards=standard, timestamp=made_at,
    )  # fmt: skip


def _data(receipt: Mapping[str, Any], story: Sequence[Line], author: str, base: str) -> dict[str, Any]:
    proofs, texts = receipt["proofs"], receipt["entries"][0]["texts"]
    newest = proofs[-1]["root"] if proofs else None
    link = f"{base}/roots/{newest['day']}#{newest['hash']}" if newest else f"{base}/track"
    needed = {receipt["signature"]["key"], *(proof["root"]["key"] for proof in proofs)}
    publics = [key["public"] for key in receipt["keys"] if key["id"] in needed]
    chinese = (get_language() or "zh-hans").startswith("zh")
    return {
        "title": _("Receipt"), "author": author, "number": receipt["number"], "lang": "zh" if chinese else "en",
        "region": "cn" if chinese else "gb", "link": link, "qr": _qr(link),
        "scan": _("Leads to the published fingerprint.") if newest else _("Leads to where you see how far it is."),
        "facts": [
            [_("Receipt number"), receipt["number"]],
            [pgettext("receipt on paper", "Reported"), _entered(receipt["entries"][0])],
            [_("State of"), _shown(receipt["made_at"])],
            *([[_("Place"), texts["address"]["value"]]] if texts.get("address", {}).get("value") else []),
        ],
        "text": texts.get("text", {}).get("value") or texts.get("title", {}).get("value") or _("(erased)"),
        "story": [[_shown(line.at), line.words, line.text] for line in story],
        "proofs": [
            {
                "words": _("Entries up to %(seq)s stand under the signed root of %(day)s, whose fingerprint is:")
                % {"seq": proof["seq"], "day": proof["root"]["day"]},
                "fingerprint": proof["root"]["hash"],
            }
            for proof in proofs
        ],
        "entries": [
            [str(entry["seq"]), _entered(entry), entry["hash"]] for entry in receipt["entries"]
        ],
        "command": f"python3 verify_receipt.py receipt-{receipt['number']}.pdf{_trusting(publics)}",
        "key": "\n".join(line for public in publics for line in textwrap.wrap(public, WIDTH)),
        "file": json.dumps(receipt, ensure_ascii=False, indent=1),
        "words": {
            "wrote": _("What you wrote"), "happened": _("What has happened"), "proven": _("What is proven"),
            "not_yet": _("Tonight it comes under the first signed root. Download the receipt again tomorrow."),
            "check": _("Check it without us"),
            "how": _("The program is at %(address)s; it needs Python and no network. This PDF holds all that it needs.")
            % {"address": f"{base}/static/receipts/verify_receipt.py"},
            "key": _("The city's public key; compare it with %(address)s") % {"address": f"{base}/roots"},
            "entries": _("Fingerprints of the entries"), "attached": _("The receipt for programs"),
        },
    }  # fmt: skip


def _trusting(publics: Sequence[str]) -> str:
    """The keys on the command; one that is longer than a line of paper is only printed below, to be compared."""
    return "" if any(len(each) > WIDTH for each in publics) else "".join(f" --key {each}" for each in publics)


def _qr(link: str) -> str:
    out = io.BytesIO()
    segno.make(link, error="m", micro=False).save(out, kind="svg", xmldecl=False, border=0)
    return out.getvalue().decode()


def _entered(entry: Mapping[str, Any]) -> str:
    """When an entry was made, as its hashed bytes say; a dash where they were damaged."""
    try:
        return _shown(str(chain.content(bytes.fromhex(entry["body"]))["at"]))
    except (ValueError, KeyError):
        return "—"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _shown(moment: datetime | str) -> str:
    at = _moment(moment) if isinstance(moment, str) else moment
    return at.astimezone(locality.zone()).strftime("%Y-%m-%d %H:%M")
