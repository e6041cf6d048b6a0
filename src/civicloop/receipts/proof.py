"""Proof that nothing was rewritten: timelines, leaves, trees, logs, the chain of roots, signatures, published copies.

A timeline's own chain shows what was changed in it. What somebody has done who could rebuild a whole chain, or cut its
end off, is shown by the roots; what was done to the roots, by their signatures and by the copies outside the database.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from civicloop.foundation import chain
from civicloop.foundation.merkle import Tree
from civicloop.foundation.moments import moment
from civicloop.matters import erasure, proof
from civicloop.matters.proof import Timeline
from civicloop.receipts import days, keys, logproof, publishing, selectors, sql
from civicloop.receipts.logproof import Looked
from civicloop.receipts.models import DailyRoot

MOST_ERASED = 1000  # texts that a report names; it counts them all


@dataclass(frozen=True)
class Finding:
    """Something that was changed: what it is about, a machine code, and more where there is more to say."""

    code: str
    matter: UUID | None = None
    seq: int = 0
    day: date | None = None
    about: str = ""


@dataclass
class Report:
    """What was looked at and what was found."""

    matters: int = 0
    entries: int = 0
    roots: int = 0
    leaves: int = 0
    copies: int = 0
    erased: list[tuple[UUID, chain.Erased]] = field(default_factory=list)
    erased_count: int = 0
    open_days: list[date] = field(default_factory=list)  # with entries under no root
    findings: list[Finding] = field(default_factory=list)
    logs: Looked = field(default_factory=Looked)

    @property
    def ok(self) -> bool:
        """Whether nothing was found that does not fit."""
        return not self.findings and not self.logs.changes


Progress = Callable[[Report], None]
Leaves = dict[UUID, list[tuple[int, date, bytes]]]


def verify_all(progress: Progress = lambda report: None) -> Report:
    """Everything: all roots and copies, all trees, all timelines with their leaves."""
    report, copies = Report(), publishing.copies()  # the copies first: each was made of a root that had been committed
    with proof.snapshot():
        roots = _roots(report)
        broken = {day for day in roots if not _tree(report, roots[day])}
        _strangers(report, roots)
        report.logs = logproof.examine(roots.values())
        report.open_days = selectors.open_days()
    _copies(report, roots, copies)
    since: UUID | None = proof.FIRST
    while since is not None:
        with proof.snapshot():
            timelines, until, following = proof.batch(since)
            leaves = _leaves(since, until)
        for timeline in timelines:
            _timeline(report, timeline, leaves.pop(timeline.matter_id, []), broken)
        _without_timeline(report, leaves)
        progress(report)
        since = following
    return report


def verify_logs() -> Report:
    """The logs alone, with the roots that name their heads."""
    report, copies = Report(), publishing.copies()
    with proof.snapshot():
        roots = _roots(report)
        report.logs = logproof.examine(roots.values())
    _copies(report, roots, copies)
    return report


def verify_matter(matter_id: UUID) -> Report:
    """One matter: its timeline, and every root that covers it."""
    report, copies = Report(), publishing.copies()
    with proof.snapshot():
        timeline = proof.one(matter_id)
        leaves = _leaves(matter_id, matter_id).get(matter_id, [])
        roots = _roots(report)
        concerned = {day for _seq, day, _head in leaves}
        broken = {day for day in sorted(concerned & roots.keys()) if not _tree(report, roots[day])}
    report.findings += [Finding("leaves_without_root", day=day) for day in sorted(concerned - roots.keys())]
    _copies(report, roots, copies, concerned)
    _timeline(report, timeline, leaves, broken)
    return report


def verify_day(day: date, progress: Progress = lambda report: None) -> Report:
    """One day: its root, its tree, and the whole timeline of every matter under it."""
    report, copies = Report(), publishing.copies()
    with proof.snapshot():
        roots = _roots(report)
        root = roots.get(day)
        broken = set() if root is None or _tree(report, root) else {day}
        concerned = {leaf.matter_id for leaf in selectors.leaves_of(day)}
        if root is None and concerned:
            report.findings.append(Finding("leaves_without_root", day=day))
        elif root is None and day in selectors.open_days():
            report.open_days = [day]
            report.findings.append(Finding("no_root", day=day))
        if broken:
            concerned |= _of_day(day)
        report.logs = logproof.examine(roots.values(), day)
    _copies(report, roots, copies, {day})
    for matter_id in sorted(concerned):
        with proof.snapshot():
            timeline = proof.one(matter_id)
            leaves = _leaves(matter_id, matter_id).get(matter_id, [])
        _timeline(report, timeline, leaves, broken)
        progress(report)
    return report


# -- roots ------------------------------------------------------------------------------------------------------------


def _roots(report: Report) -> dict[date, DailyRoot]:
    """Every root by its day, after a look at their chain and signatures."""
    rows = list(DailyRoot.objects.order_by("no"))
    report.roots = len(rows)
    found = chain.verify((_row(root) for root in rows), max((root.no for root in rows), default=0))
    by_number = {root.no: root.day for root in rows}
    report.findings += [
        Finding(f"root_{each.code}", seq=each.seq, day=by_number.get(each.seq), about=each.about) for each in found
    ]
    known = {key.id: key.public for key in keys.published(make=False)}
    for root in rows:
        public = known.get(root.key_id)
        if public is None:
            report.findings.append(Finding("root_key_unknown", day=root.day, about=root.key_id))
        elif not keys.signed(keys.ROOT, bytes(root.hash), bytes(root.signature), public):
            report.findings.append(Finding("root_not_signed", day=root.day))
    return {root.day: root for root in rows}


def _row(root: DailyRoot) -> chain.Row:
    body = bytes(root.body)
    columns: dict[str, object] = {
        "no": root.no, "day": root.day.isoformat(), "until": moment(root.until), "leaves": root.leaves,
        "root": bytes(root.root).hex(), "previous": bytes(root.previous).hex(), "made_at": moment(root.made_at),
        "key": root.key_id,
    }  # fmt: skip
    if len(body) < 2 or body[1] != root.algorithm:
        columns["algorithm"] = root.algorithm  # stands in front of the JSON, so nothing there can equal it
    return chain.Row(root.no, body, bytes(root.hash), columns, {})


def _tree(report: Report, root: DailyRoot) -> bool:
    """Whether the leaves of a day give the root that was signed."""
    leaves = selectors.leaves_of(root.day)
    report.leaves += len(leaves)
    try:
        told = chain.content(bytes(root.body))
        reached = Tree(leaves, chain.algorithm_of(bytes(root.body))).root.hex()
    except ValueError:
        reached, told = "", {"leaves": root.leaves}
    if told["leaves"] != len(leaves):
        code = "leaves_missing" if len(leaves) < root.leaves else "leaves_added"
        report.findings.append(Finding(code, day=root.day, about=f"{len(leaves)} instead of {told['leaves']}"))
        return False
    if told.get("root") != reached:
        report.findings.append(Finding("leaves_changed", day=root.day))
        return False
    return True


def _copies(
    report: Report, roots: dict[date, DailyRoot], copies: publishing.Copies, only: set[date] | None = None
) -> None:
    """The published files against the database."""
    for name, content in copies.items():
        try:
            day = date.fromisoformat(name)
        except ValueError:
            continue
        if only is not None and day not in only:
            continue
        report.copies += 1
        root = roots.get(day)
        if content is None:
            report.findings.append(Finding("copy_unreadable", day=day))
        elif root is None:
            report.findings.append(Finding("root_withdrawn", day=day, about=str(content.get("hash", ""))[:64]))
        elif content != publishing.document(root):
            differing = [name for name, value in publishing.document(root).items() if content.get(name) != value]
            report.findings.append(Finding("copy_differs", day=day, about=", ".join(differing) or "more than a root"))


# -- timelines and their leaves ---------------------------------------------------------------------------------------


def _leaves(since: UUID, until: UUID) -> Leaves:
    found: Leaves = {}
    with connection.cursor() as cursor:
        cursor.execute(sql.PROOF_LEAVES, {"since": since, "until": until})
        for matter_id, seq, day, head in cursor.fetchall():
            found.setdefault(matter_id, []).append((seq, day, bytes(head)))
    return found


def _strangers(report: Report, roots: dict[date, DailyRoot]) -> None:
    """Days that have leaves but no root."""
    with connection.cursor() as cursor:
        cursor.execute(sql.PROOF_DAYS)
        report.findings += [
            Finding("leaves_without_root", day=day, about=str(number))
            for day, number in cursor.fetchall() if day not in roots
        ]  # fmt: skip


def _of_day(day: date) -> set[UUID]:
    """The matters that have an entry of this day."""
    since, until = days.bounds(day)
    with connection.cursor() as cursor:
        cursor.execute(sql.PROOF_ENTERED, {"since": since, "until": until})
        return {row[0] for row in cursor.fetchall()}


def _timeline(report: Report, timeline: Timeline, leaves: list[tuple[int, date, bytes]], broken: set[date]) -> None:
    """One matter: its own chain, then what the roots cover of it. `broken` names days whose tree does not fit."""
    found = timeline.examine()
    report.matters += 1
    report.entries += found.entries
    report.erased_count += len(found.erased)
    room = MOST_ERASED - len(report.erased)
    report.erased += [(timeline.matter_id, each) for each in found.erased[:room]]
    report.findings += [
        Finding("erased_without_list", timeline.matter_id, about=each)
        for each in sorted(found.lists)
        if not erasure.lawful(each, timeline.matter_id)
    ]
    report.findings += [
        Finding(each.code, timeline.matter_id, each.seq, about=each.about) for each in found.findings
    ]  # fmt: skip
    hashes = {row.seq: row.hash for row in timeline.rows}
    for seq, day, head in leaves:
        if seq not in hashes:
            report.findings.append(Finding("cut_off", timeline.matter_id, seq, day, str(max(hashes, default=0))))
        elif hashes[seq] != head:
            report.findings.append(Finding("rewritten", timeline.matter_id, seq, day))
    report.findings += _lost_leaves(timeline, {day for _seq, day, _head in leaves}, broken)


def _lost_leaves(timeline: Timeline, covered: set[date], broken: set[date]) -> Iterator[Finding]:
    """The entries of days whose tree does not fit, where the matter has no leaf of such a day: it was taken out."""
    for day in broken - covered:
        since, until = (moment(each) for each in days.bounds(day))
        of_day = [row.seq for row in timeline.rows if since <= str(row.columns["at"]) < until]
        if of_day:
            yield Finding("leaf_missing", timeline.matter_id, max(of_day), day)


def _without_timeline(report: Report, leaves: Leaves) -> None:
    """Leaves of matters of which nothing is left."""
    for matter_id, rows in leaves.items():
        report.findings += [Finding("no_such_matter", matter_id, seq, day) for seq, day, _head in rows]


# -- words ------------------------------------------------------------------------------------------------------------

WORDS = {
    "no_such_matter": "the matter is gone",
    "missing": "entries are missing",
    "out_of_order": "entries stand in another order",
    "unknown_form": "its hashed bytes are of no known form",
    "broken_link": "it does not follow from the entry before it: one of the two was changed, or they were swapped",
    "column_changed": "a column was changed that the hashed bytes contradict",
    "text_changed": "a text was changed",
    "text_missing": "a text is gone, and no list of erasures says so",
    "erased_without_list": "texts were erased under a list that nobody has approved",
    "text_unknown": "a text was slipped in",
    "text_of_nothing": "a text hangs on no entry: it was moved, or its entry was taken away",
    "evidence_changed": "the row of a photo or file was changed: the timeline says something else of it",
    "evidence_missing": "the row of a photo or file is gone, and no list of erasures says so",
    "evidence_unknown": "a photo or file was slipped in: no entry of the timeline names it",
    "public_photo_changed": "what is shown to everybody was changed: the decision in the timeline says something else",
    "public_photo_missing": "the row of a decision about a photo and the public is gone",
    "public_photo_unknown": "a photo was put before the public, or kept from it, without a decision in the timeline",
    "truncated": "entries are missing at the end, from this one on",
    "beyond_end": "it lies beyond the end that the matter itself gives",
    "cut_off": "the end was cut off: a root covers this entry, the timeline ends at another one",
    "rewritten": "the history was rewritten: the root covers another entry of this number",
    "leaf_missing": "its leaf was taken from under the root",
    "leaves_missing": "leaves were taken from under the root",
    "leaves_added": "leaves were added under the root",
    "leaves_changed": "leaves were changed: they do not give the root that was signed",
    "leaves_without_root": "there are leaves, but their root is gone",
    "no_root": "the day has entries under no root",
    "root_missing": "roots are missing in the chain",
    "root_out_of_order": "roots stand in another order",
    "root_unknown_form": "the root's hashed bytes are of no known form",
    "root_broken_link": "the root does not follow from the one before it: one of the two was changed",
    "root_column_changed": "a column of the root was changed that the signed bytes contradict",
    "root_key_unknown": "the key that signed the root is not among the key files",
    "root_not_signed": "the signature does not fit: the root was not made by this installation",
    "root_withdrawn": "a root was published that is not in the database",
    "copy_unreadable": "the published file of the root is damaged",
    "copy_differs": "the published file of the root says something else",
}


def words(finding: Finding, number: str = "") -> str:
    """A finding in one line for an operator; `number` is the matter's, where it is known."""
    parts: list[Any] = []
    if finding.matter is not None:
        parts.append(f"matter {number} ({finding.matter})" if number else f"matter {finding.matter}")
    if finding.day is not None:
        parts.append(f"root of {finding.day.isoformat()}")
    if finding.seq:
        parts.append(f"{'root number' if finding.code.startswith('root_') else 'entry'} {finding.seq}")
    about = f" ({finding.about})" if finding.about else ""
    return f"{', '.join(parts)}: {WORDS[finding.code]}{about}"
