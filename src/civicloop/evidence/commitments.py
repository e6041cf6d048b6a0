"""What a timeline keeps of the rows of a photo or file beside the digest of the upload, and what the rows must say.

Names of stored objects stand there as they are: they are hashes themselves. What is erased with the photo (how it was
made, its perceptual hash, where it was covered) stands there as a commitment with the salt of the evidence's row; the
salt goes with the row, so that nobody can try values afterwards.
"""

import secrets
from collections.abc import Mapping

from civicloop.evidence.models import Boxes, Capture, Evidence, Film, PublicPhoto
from civicloop.foundation import chain
from civicloop.foundation.canonical import canonical, fingerprint


def new_salt() -> bytes:
    """The salt of a new row."""
    return secrets.token_bytes(chain.SALT)


def print_of(row: Evidence) -> bytes:
    """The fingerprint by which the same upload, sent again, is known."""
    return fingerprint(
        {"sha256": row.sha256, "stage": row.stage, "account": row.account_id, "synthetic": row.synthetic}
    )  # fmt: skip


def of_upload(row: Evidence, capture: Capture | None, film: Film | None) -> dict[str, object]:
    """By the names of columns: what is shown, its size, how the photo was made, what the film holds."""
    made = capture and {
        "how": capture.how, "taken_at": capture.taken_at, "source": capture.source, "had_place": capture.had_place,
        "accuracy": capture.accuracy, "editor": capture.editor,
    }  # fmt: skip
    shown = film and {"content": film.content, "milliseconds": film.milliseconds, "had_sound": film.had_sound}
    return {
        "derivative": row.derivative, "thumbnail": row.thumbnail, "width": row.width, "height": row.height,
        "film": shown, "dhash": _committed(row, {"dhash": str(row.dhash)}), "capture": _committed(row, {"made": made}),
    }  # fmt: skip


def of_decision(photo: Evidence | None, row: PublicPhoto, found: Boxes | None) -> dict[str, object]:
    """By the names of columns: what everybody sees, what is covered in it, and what the detector had found before."""
    covered = {"boxes": row.boxes, "address": row.public_id}
    looked = found and {"detector": found.detector, "failed": found.failed, "boxes": found.boxes}
    return {
        "digest": f"sha256:{row.picture}" if row.picture else "", "thumbnail": row.thumbnail,
        "covered": _committed(photo, covered), "found": _committed(photo, looked) if looked else "",
    }  # fmt: skip


def _committed(row: Evidence | None, value: Mapping[str, object]) -> str:
    """The commitment to a value; nothing for a row from before rows had a salt."""
    salt = bytes(row.salt) if row is not None else b""
    return chain.commitment(salt, canonical(value)).hex() if len(salt) == chain.SALT else ""
