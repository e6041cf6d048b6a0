"""Why an upload is refused: a machine code, and words that say what happened, what was kept and what to do."""

from django.utils.translation import gettext as _

from civicloop.evidence.choices import MEGABYTE, MOST_FILE_BYTES, MOST_FILES, MOST_PAGES, MOST_PHOTO_BYTES, MOST_PIXELS

_NUMBERS: dict[str, object] = {
    "photo": MOST_PHOTO_BYTES // MEGABYTE,
    "file": MOST_FILE_BYTES // MEGABYTE,
    "million": MOST_PIXELS // 1_000_000,
    "wan": MOST_PIXELS // 10_000,  # Chinese counts pixels by ten thousands
    "most": MOST_FILES,
    "pages": MOST_PAGES,
}


class EvidenceRefused(ValueError):
    """An upload that is not taken. `code` is for machines, `str()` for the person, in the person's language.

    Codes: empty, too_large, too_many_pixels, heic, archive, web_page, not_a_photo, damaged, unknown_stage, too_many,
    pdf_locked, pdf_active, pdf_too_long, video, film_too_large, film_too_long, film_codec, film_locked, film_streamed,
    and two that are the platform's fault: not_stored (worth another try) and storage_full (once there is room again).
    """

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class Conflict(ValueError):
    """The same evidence id was used for other content, another stage or by another person."""


def refused(code: str, name: str = "", **values: object) -> EvidenceRefused:
    """The refusal of the file called `name`, in the active language."""
    shown = name.replace("\\", "/").rsplit("/", 1)[-1].strip()[-60:] or _("The file")
    told = {"what": _reason(code) % (_NUMBERS | {"name": shown} | values), "then": _then(code)}
    return EvidenceRefused(code, _("%(what)s It was not kept; your text and the earlier files are. %(then)s") % told)


def _then(code: str) -> str:
    if code == "not_stored":
        return _("Try again; if it fails again, tell the system administrator.")
    if code == "storage_full":
        return _("Tell the system administrator; send it again when there is room.")
    if code in {"pdf_locked", "pdf_active"}:
        return _("Print it to a new PDF without protection and attachments, or photograph the paper.")
    if code == "pdf_too_long":
        return _("Send the pages that matter, or several files.")
    if code in {"video", "film_codec", "film_locked", "film_streamed"}:
        return _(
            "Film it with a phone's own camera set to “most compatible” (H.264), or take photos that show the same."
        )
    if code in {"film_too_large", "film_too_long"}:
        return _("Film less, or at a lower quality, or take photos that show the same.")
    if code == "too_many":
        return _("Leave out what shows the same.")
    if code == "unknown_stage":
        return _("Choose one and send it again.")
    return _("Take a photo, or choose a JPEG, PNG, WebP or PDF file.")


def _reason(code: str) -> str:
    words = {
        "empty": _("%(name)s is empty."),
        "too_large": _("%(name)s is too large: a photo may have %(photo)s MB, a PDF %(file)s MB."),
        "too_many_pixels": _("%(name)s has %(width)s × %(height)s pixels; at most %(million)s million are taken."),
        "heic": _(
            "%(name)s is a HEIC photo, which cannot be shown everywhere. Set the camera to “most compatible” (JPEG)."
        ),
        "archive": _("%(name)s is an archive (ZIP, Office or similar), not a photo, whatever its name says."),
        "web_page": _("%(name)s is a web page or drawing (HTML, SVG), not a photo, whatever its name says."),
        "not_a_photo": _("%(name)s is neither a photo nor a PDF that can be read, whatever its name says."),
        "pdf_locked": _("%(name)s is a PDF protected by a password, which nobody could open later."),
        "pdf_active": _("%(name)s is a PDF that holds a program, an action, a film or attached files."),
        "pdf_too_long": _("%(name)s is too long: a PDF may have %(pages)s pages and no endless contents."),
        "video": _("%(name)s is a film of a kind that is not taken: MP4 and MOV are."),
        "film_too_large": _("%(name)s is too large: a film may have %(megabytes)s MB."),
        "film_too_long": _("%(name)s is too long: a film may last %(seconds)s seconds."),
        "film_codec": _("%(name)s is a film whose pictures cannot be shown everywhere."),
        "film_locked": _("%(name)s is a film that is locked."),
        "film_streamed": _("%(name)s is a film in pieces, or its pictures lie elsewhere."),
        "damaged": _("%(name)s is damaged or was not sent completely."),
        "unknown_stage": _("Say whether %(name)s was taken before handling, after handling or otherwise."),
        "too_many": _("%(name)s is one too many: a matter holds at most %(most)s photos and files."),
        "not_stored": _("%(name)s could not be stored, because the storage has a fault."),
        "storage_full": _("%(name)s could not be stored, because the storage is full."),
    }
    return words[code]
