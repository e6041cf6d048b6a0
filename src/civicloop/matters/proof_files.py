"""Proof that the rows of photos and files are what the timeline says of them, and that none was slipped in.

An entry of an upload names what was sent and what is shown of it; one of a decision about the public, what everybody
sees. Entries of earlier builds say less: what they do not say is not held against the rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from civicloop.evidence import commitments
from civicloop.evidence.models import Boxes, Capture, Evidence, Film, PublicPhoto
from civicloop.foundation import chain
from civicloop.foundation.moments import moment
from civicloop.matters.choices import ErasureRule

UPLOAD, DECISION = "evidence", "publish_photo"


@dataclass(frozen=True)
class Files:
    """The rows of one matter's photos and files, each by the id of the evidence."""

    rows: dict[str, Evidence] = field(default_factory=dict)
    captures: dict[str, Capture] = field(default_factory=dict)
    films: dict[str, Film] = field(default_factory=dict)
    boxes: dict[str, Boxes] = field(default_factory=dict)
    public: dict[str, PublicPhoto] = field(default_factory=dict)

    def examine(self, entries: Sequence[chain.Row]) -> Iterator[chain.Finding]:
        """What does not fit between the rows and the entries of their matter.

        Codes: evidence_changed, evidence_missing, evidence_unknown, public_photo_changed, public_photo_missing,
        public_photo_unknown. `about` names the column, or the evidence where a whole row is meant.
        """
        gone = max((row.seq for row in entries if told(row, "erase").get("rule") == ErasureRule.TEXTS), default=0)
        uploads: dict[str, chain.Row] = {}
        decisions: dict[str, chain.Row] = {}
        for row in entries:
            for action, kept in ((UPLOAD, uploads), (DECISION, decisions)):
                if data := told(row, action):
                    kept[str(data.get("evidence"))] = row
        for name, row in uploads.items():
            if row.seq < gone:
                continue  # nothing may be left of it, see below
            if name not in self.rows:
                yield chain.Finding(row.seq, "evidence_missing", name)
            else:
                found = list(_differing(row, "evidence_changed", told(row, UPLOAD), self._upload(name)))
                photo = self.rows[name]
                if not found and bytes(photo.fingerprint) != commitments.print_of(photo):
                    found.append(chain.Finding(row.seq, "evidence_changed", "fingerprint"))
                yield from found
        known = {name for name, row in uploads.items() if row.seq > gone}
        yield from (chain.Finding(0, "evidence_unknown", name) for name in sorted(self.rows.keys() - known))
        for name, row in decisions.items():
            if row.seq > gone and name not in self.public:
                yield chain.Finding(row.seq, "public_photo_missing", name)
            elif row.seq > gone:
                yield from _differing(row, "public_photo_changed", told(row, DECISION), self._decision(row, name))
        decided = {name for name, row in decisions.items() if row.seq > gone}
        yield from (chain.Finding(0, "public_photo_unknown", name) for name in sorted(self.public.keys() - decided))

    def _upload(self, name: str) -> dict[str, object]:
        """What the entry of an upload must say."""
        row = self.rows[name]
        said = commitments.of_upload(row, self.captures.get(name), self.films.get(name))
        return said | {
            "digest": f"sha256:{row.sha256}", "stage": row.stage, "bytes": row.bytes, "media_type": row.media_type,
            "synthetic": row.synthetic, "at": moment(row.created_at), "who": (row.account_id, row.post_id),
        }  # fmt: skip

    def _decision(self, entry: chain.Row, name: str) -> dict[str, object]:
        """What the entry of a decision must say; what the detector had found, where it had looked by then."""
        row = self.public[name]
        said = commitments.of_decision(self.rows.get(name), row, self.boxes.get(name))
        if not told(entry, DECISION).get("found"):
            del said["found"]
        return said | {"result": row.state, "at": moment(row.decided_at), "who": (row.account_id, row.post_id)}


NO_FILES = Files()


def _differing(
    entry: chain.Row, code: str, data: Mapping[str, Any], said: Mapping[str, object]
) -> Iterator[chain.Finding]:
    """The names under which the entry says something else than the row."""
    who: Any = entry.columns["who"]
    of_entry = {"at": entry.columns["at"], "who": (who["account"], who["post"]), "result": entry.columns["result"]}
    early = code == "public_photo_changed" and "covered" not in data  # the row had a clock of its own
    for name, value in said.items():
        if name in of_entry:
            differs = of_entry[name] != value and not (early and name == "at")
        else:
            differs = name in data and data[name] != value
        if differs:
            yield chain.Finding(entry.seq, code, name)


def told(row: chain.Row, action: str) -> dict[str, Any]:
    """What an entry of this action says; nothing for another one, or where its bytes are damaged."""
    if row.columns["action"] != action:
        return {}
    try:
        data = chain.content(row.body).get("data")
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def between(since: UUID, until: UUID) -> dict[UUID, Files]:
    """The rows of photos and files by matter, for a span of matters."""
    found: dict[UUID, Files] = {}
    span = (since, until)

    def of(matter_id: UUID) -> Files:
        return found.setdefault(matter_id, Files())

    for row in Evidence.objects.filter(matter_id__range=span):
        of(row.matter_id).rows[str(row.id)] = row
    for public in PublicPhoto.objects.filter(matter_id__range=span):
        of(public.matter_id).public[str(public.evidence_id)] = public
    if found:
        for capture in Capture.objects.filter(matter_id__range=span):
            of(capture.matter_id).captures[str(capture.evidence_id)] = capture
        for film in Film.objects.filter(matter_id__range=span):
            of(film.matter_id).films[str(film.evidence_id)] = film
        for boxes in Boxes.objects.filter(matter_id__range=span).order_by("made_at", "id"):
            of(boxes.matter_id).boxes[str(boxes.evidence_id)] = boxes
    return found
