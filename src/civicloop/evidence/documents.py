"""PDF files checked by decoding: scanned paper is taken, what can act or carry something along is not.

Everything that a reader can come to from the catalogue is walked, without decoding page contents. A file is refused
rather than mended: it is kept as it came, and with something taken out it would not be what somebody signed.
"""

import io
import logging
from threading import BoundedSemaphore
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

from civicloop.evidence.choices import MOST_PAGES, MOST_PARTS
from civicloop.evidence.errors import refused

_KEYS = frozenset({"/JS", "/JavaScript", "/EF", "/EmbeddedFiles", "/XFA", "/RichMediaContent", "/Collection"})
_ACTIONS = frozenset({
    "/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/Rendition", "/Movie", "/Sound", "/GoToE", "/GoToR",
    "/RichMediaExecute", "/GoTo3DView",
})  # fmt: skip
_KINDS = frozenset({"/FileAttachment", "/RichMedia", "/Movie", "/Screen", "/Sound", "/3D", "/EmbeddedFile"})
_AT_A_TIME = BoundedSemaphore(2)
logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it quotes the file, and logs hold no personal data


def check(content: bytes, name: str = "") -> int:
    """The number of pages of a PDF that may be taken. Raises EvidenceRefused.

    Codes: damaged, pdf_locked (encrypted), pdf_active (programs, actions, attached files, films), pdf_too_long.
    """
    with _AT_A_TIME:
        most = MOST_PARTS * 5
        reader = PdfReader(
            io.BytesIO(content), strict=False, root_object_recovery_limit=1000, xref_stream_maximum_entries=most
        )
        if reader.is_encrypted:
            raise refused("pdf_locked", name)
        return _walk(reader, name)


def _walk(reader: PdfReader, name: str) -> int:
    waiting: list[Any] = [reader.trailer["/Root"]]
    seen: set[tuple[int, int]] = set()
    pages = parts = 0
    while waiting:
        part = waiting.pop()
        if isinstance(part, IndirectObject):
            key = (part.idnum, part.generation)
            if key in seen:
                continue
            seen.add(key)
            part = part.get_object()
        if isinstance(part, DictionaryObject):
            if _acts(part):
                raise refused("pdf_active", name)
            pages += _raw(part, "/Type") == "/Page"
            waiting.extend(part.raw_get(key) for key in part)
        elif isinstance(part, ArrayObject):
            waiting.extend(list.__iter__(part))
        parts += 1
        if pages > MOST_PAGES or parts + len(waiting) > MOST_PARTS * 10:
            raise refused("pdf_too_long", name)
    if not pages:
        raise refused("damaged", name)
    return pages


def _acts(part: DictionaryObject) -> bool:
    return (
        not _KEYS.isdisjoint(part.keys())
        or _raw(part, "/S") in _ACTIONS
        or _raw(part, "/Subtype") in _KINDS
        or _raw(part, "/Type") in _KINDS
    )


def _raw(part: DictionaryObject, key: str) -> object:
    if key not in part:
        return None
    found = part[key]  # looks through references, which get() does not
    return str(found) if isinstance(found, str) else None
