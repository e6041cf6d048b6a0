"""The daily roots and keys for everybody, and a matter's receipt for whoever has its check code."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Form, Header, Query, Router, Schema

from civicloop.matters.api import CodeForm, opened_by
from civicloop.matters.errors import Refused
from civicloop.people import web
from civicloop.receipts import keys, selectors
from civicloop.receipts.publishing import document

router = Router(tags=["receipts"])


class RootOut(Schema):
    """The signed root of a day; bytes in hexadecimal. `body` is what is hashed (docs/receipts.md)."""

    day: date
    no: int
    until: str
    leaves: int
    root: str
    previous: str
    algorithm: int
    made_at: str
    key: str
    body: str
    hash: str
    signature: str


class RootsOut(Schema):
    items: list[RootOut]
    next: date | None


class KeyOut(Schema):
    """A public key; `id` is the beginning of its SHA-256."""

    id: str
    algorithm: str
    public: str
    current: bool


class KeysOut(Schema):
    keys: list[KeyOut]


class TextProof(Schema):
    """A text with the salt under which its entry commits to it."""

    value: str
    salt: str


class EntryProof(Schema):
    seq: int
    body: str
    hash: str
    texts: dict[str, TextProof]


class LeafProof(Schema):
    """That an entry's hash stands under a signed root: its place, the hashes beside its way up, lowest first."""

    seq: int
    head: str
    index: int
    size: int
    path: list[str]
    root: RootOut


class PublicKeyOut(Schema):
    id: str
    algorithm: str
    public: str


class SignatureOut(Schema):
    key: str
    value: str


class ProofOut(Schema):
    """A receipt: everything that tools/verify_receipt.py needs, without this platform."""

    form: str
    number: str
    matter: str
    made_at: str
    entries: list[EntryProof]
    proofs: list[LeafProof]
    keys: list[PublicKeyOut]
    signature: SignatureOut


@router.get("/roots", response=RootsOut, auth=None, summary="The signed root of every day, the newest first")
@web.call(web.PUBLIC)
def roots(
    request: HttpRequest, before: date | None = None, limit: Annotated[int, Query(ge=1, le=selectors.MOST)] = 50
) -> dict[str, Any]:
    """`next` is the `before` of the following page. A day on which nothing was entered has no root."""
    rows, following = selectors.roots(before, limit)
    return {"items": [document(row) for row in rows], "next": following}


@router.get("/roots/key", response=KeysOut, auth=None, summary="The public keys under which roots are signed")
@web.call(web.PUBLIC)
def public_keys(request: HttpRequest) -> dict[str, Any]:
    """The one that signs now first, then every former one."""
    return {
        "keys": [
            {"id": key.id, "algorithm": key.algorithm, "public": key.public.hex(), "current": key.current}
            for key in keys.published()
        ]
    }


@router.get("/roots/{day}", response=RootOut, auth=None, summary="The signed root of one day")
@web.call(web.PUBLIC)
def root(request: HttpRequest, day: str) -> dict[str, Any]:
    """404 for a day without a root: it is not over, or nothing was entered."""
    found = selectors.root_of(day_of(day))
    if found is None:
        raise no_root()
    return document(found)


def day_of(text: str) -> date:
    """The day that an address names. Raises Refused not_found."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise no_root() from None


def no_root() -> Refused:
    return Refused("not_found", 404, _("This day has no root: it is not over yet, or nothing was entered on it."))


@router.get("/receipts/{number}/proof", response=ProofOut, auth=None, summary="A matter's receipt with its proofs")
@web.call(web.PUBLIC)
def proof(
    request: HttpRequest, number: str, x_check_code: Annotated[str, Header(alias="X-Check-Code")] = ""
) -> dict[str, Any]:
    """The number and the check code together open it; tries are bounded as for the receipt itself."""
    return selectors.receipt(opened_by(request, number, x_check_code))


@router.post("/receipts/{number}/proof", response=ProofOut, auth=None, summary="The same by a form")
@web.call(web.PUBLIC)
def proof_by_form(request: HttpRequest, number: str, body: Form[CodeForm]) -> dict[str, Any]:
    """The check code travels in the body."""
    return selectors.receipt(opened_by(request, number, body.check_code))
