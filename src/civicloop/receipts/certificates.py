"""The certificate of an erasure: what a list destroyed, who decided it, signed with the key of the roots."""

from typing import Any

from civicloop.foundation.canonical import canonical
from civicloop.foundation.moments import moment
from civicloop.matters import erasure
from civicloop.matters.choices import ErasureState
from civicloop.matters.models import ErasureList
from civicloop.people.models import Post
from civicloop.receipts import keys

FORM = "civicloop erasure certificate 1"


def certificate(row: ErasureList) -> dict[str, Any] | None:
    """The signed certificate of a list that was carried out; None before. Names posts, never persons or contents.

    `digest` is H over the rule and the sorted ids of the matters (matters.erasure.digest).
    """
    if row.state != ErasureState.DONE or row.decided_at is None or row.finished_at is None:
        return None
    done = erasure.progress(row)
    content = {
        "form": FORM, "list": row.id, "rule": row.rule, "ended_before": moment(row.ended_before),
        "proposed_at": moment(row.proposed_at), "proposed_by": _post(row.proposed_post),
        "approved_at": moment(row.decided_at), "approved_by": _post(row.decided_post),
        "finished_at": moment(row.finished_at), "digest": bytes(row.digest).hex(),
        "counts": {"matters": done.matters, "done": done.done, "left_out": done.left_out, "texts": done.texts,
                   "sealed_values": done.sealed, "files": done.files},
        "keys": keys.described(),
    }  # fmt: skip
    signature = keys.sign(keys.ERASURE, canonical(content))
    return {**content, "signature": {"key": keys.current().id, "value": signature.hex()}}


def holds(document: dict[str, Any], public: bytes) -> bool:
    """Whether a certificate was signed with a key and says what was signed."""
    content = {name: value for name, value in document.items() if name != "signature"}
    signature = bytes.fromhex(document["signature"]["value"])
    return keys.signed(keys.ERASURE, canonical(content), signature, public)


def _post(post_id: int | None) -> dict[str, str] | None:
    found = Post.objects.filter(id=post_id or 0).values_list("code", "role").first()
    return {"post": found[0], "role": found[1]} if found else None
