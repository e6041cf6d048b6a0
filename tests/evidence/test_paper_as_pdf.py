"""Scanned paper is taken as PDF; what can act, hides something, is locked or endless is refused with what to do."""

import io

import pytest
from django.utils import translation
from pypdf import PdfWriter

from civicloop.evidence import choices, photos
from civicloop.evidence.errors import EvidenceRefused
from tests.evidence.pictures import drawn, encoded, paper


def refusal(content: bytes) -> str:
    with translation.override("zh-hans"), pytest.raises(EvidenceRefused) as refused:
        photos.look(content, "授权委托书.pdf")
    assert "授权委托书.pdf" in str(refused.value)
    return refused.value.code


def scanned() -> bytes:
    """Paper as a scanner sends it: a picture on a page."""
    out = io.BytesIO()
    drawn().save(out, "PDF")
    return out.getvalue()


def test_scanned_paper_and_links_are_taken() -> None:
    assert photos.look(scanned()).media_type == photos.PDF
    assert photos.look(paper(pages=choices.MOST_PAGES)).media_type == photos.PDF
    link = b"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://example.org)>>>>]"
    assert photos.look(paper(page=link)).media_type == photos.PDF
    assert photos.look(paper(catalogue=b"/OpenAction[100 0 R/Fit]")).media_type == photos.PDF


@pytest.mark.parametrize(
    ("catalogue", "page", "more"),
    [
        (b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>", b"", b""),
        (b"/OpenAction<</S/J#61vaScript>>", b"", b""),
        (b"/OpenAction 9 0 R", b"", b"<</S/Launch/F(cmd.exe)>>"),
        (b"/OpenAction<</S/GoTo/Next 9 0 R>>", b"", b"<</S 10 0 R>>|/Launch"),
        (b"/Names<</JavaScript<</Names[(a)9 0 R]>>>>", b"", b"<</S/JavaScript>>"),
        (b"/Names<</EmbeddedFiles<</Names[(a)9 0 R]>>>>", b"", b"<</Type/Filespec>>"),
        (b"/AF[9 0 R]", b"", b"<</Type/Filespec/F(a.exe)/EF<</F 10 0 R>>>>|<<>>"),
        (b"/AcroForm<</XFA 9 0 R>>", b"", b"null"),
        (b"", b"/AA<</O<</S/SubmitForm/F(https://example.org)>>>>", b""),
        (b"", b"/Annots[[9 0 R]]", b"<</Subtype/FileAttachment>>"),
        (b"", b"/Annots[9 0 R]", b"<</Subtype/RichMedia>>"),
    ],
)
def test_what_can_act_or_carries_something_is_refused(catalogue: bytes, page: bytes, more: bytes) -> None:
    assert refusal(paper(catalogue, page, more=more)) == "pdf_active"


def test_a_locked_one_is_refused() -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("", "owner")  # opens for everybody now, and for nobody once the program that can is gone
    out = io.BytesIO()
    writer.write(out)
    assert refusal(out.getvalue()) == "pdf_locked"


def test_too_long_and_endless_ones_are_refused() -> None:
    assert refusal(paper(pages=choices.MOST_PAGES + 1)) == "pdf_too_long"
    assert refusal(paper(catalogue=b"/A[" + b"0 " * 11 * choices.MOST_PARTS + b"]")) in {"damaged", "pdf_too_long"}
    many = b"|".join([b"[%s]" % (b"null " * 3000)] * 80)
    assert refusal(paper(catalogue=b"/A[%s]" % b" ".join(b"%d 0 R" % (9 + each) for each in range(80)), more=many)) == (
        "pdf_too_long"
    )


def test_a_ring_of_parts_ends() -> None:
    assert photos.look(paper(catalogue=b"/A 9 0 R", more=b"[9 0 R 1 0 R]")).media_type == photos.PDF


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\nnothing\nstartxref\n0\n%%EOF\n",
        b"%PDF-1.7\ntrailer<</Root 7 0 R>>\nstartxref\n9\n%%EOF\n",
        paper(pages=0),
        paper(catalogue=b"/A" + b"[" * 5000),
        b"%PDF-1.4\n" + encoded() + b"\nstartxref\n9\n%%EOF\n",
    ],
)
def test_what_is_no_document_is_refused(content: bytes) -> None:
    assert refusal(content) in {"damaged", "pdf_too_long"}


@pytest.mark.parametrize("start", ["1a45dfa3", "000001ba", "464c5601"], ids=["webm", "mpeg", "flash"])
def test_a_film_of_another_kind_is_refused_in_words(start: str) -> None:
    with translation.override("zh-hans"), pytest.raises(EvidenceRefused) as refused:
        photos.look(bytes.fromhex(start) + bytes(64), "现场.webm")
    assert refused.value.code == "video"
    assert "MP4" in str(refused.value)
