"""What a list asked for by procedure, step, stage or end means by the declared procedures.

A matter's step says its stage and whether and how it has ended. So what can stand nowhere is known without a question,
what can only be open is looked for among the open, and every such filter is one of steps, which an index serves.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q

from civicloop.procedures import selectors as procedures


@dataclass(frozen=True)
class Stands:
    """Where the matters of a list may stand: versions of procedures, and the steps of any of them."""

    versions: Collection[int]
    steps: Collection[str]
    open: bool  # nowhere else than where matters are open

    @property
    def condition(self) -> Q:
        """The condition that a matter stands there; stage and end are asked for besides."""
        return Q(procedure_id__in=sorted(self.versions), step__in=sorted(self.steps))


def where(*, procedure: str = "", step: str = "", stage: str = "", end: str = "", open: bool | None = None) -> Stands:
    """Where matters stand that fit all of these. Without steps where there is no such place."""
    wanted = None if not procedure else set(procedures.version_ids([procedure]))
    versions, steps, ends = set(), set(), set()
    for version, declared in procedures.steps().items():
        if wanted is not None and version not in wanted:
            continue
        for code, each in declared.items():
            if step not in ("", code) or stage not in ("", each.stage) or end not in ("", each.end):
                continue
            if open in (None, not each.end):
                versions.add(version)
                steps.add(code)
                ends.add(bool(each.end))
    return Stands(versions, steps, open=ends == {False})
