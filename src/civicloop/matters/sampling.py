"""The draw of a sampled check (抽查核查): by a seed that anyone can recompute, never by a person.

A matter is drawn when H(seed of the day ‖ matter id), read as a number in [0, 1), is below the share that is in force.
The seed of a day is a keyed hash that can be published the day after; the entry keeps seed, share and value.
"""

import hmac
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from civicloop.foundation import keyfile
from civicloop.matters.models import SampleShare
from civicloop.procedures.rules.language import Procedure, Sample


def seed_of(day: date, sample: str) -> str:
    """The seed of one day's draws, 64 hexadecimal signs; secret until the day is over."""
    key = keyfile.kept(settings.DATA_DIR / "keys" / "sampling.key")
    return hmac.new(key, f"{sample}:{day.isoformat()}".encode(), "sha256").hexdigest()


def value_of(seed: str, matter_id: UUID) -> float:
    """Where a matter falls in [0, 1) under a seed."""
    digest = hmac.new(bytes.fromhex(seed), matter_id.bytes, "sha256").digest()
    return int.from_bytes(digest[:7], "big") / (1 << 56)


def share_in_force(procedure: Procedure, sample: Sample, area_id: int | None) -> float:
    """The declared share, or the higher one that failed samples have led to in this subdistrict."""
    raised = SampleShare.objects.filter(procedure_code=procedure.code, sample=sample.code, area_id=area_id or 0)
    return max(sample.share, *raised.values_list("share", flat=True), 0.0)


def draw(
    procedure: Procedure, sample: Sample, *, matter_id: UUID, area_id: int | None, day: date, weight: float = 1.0
) -> tuple[bool, dict[str, Any]]:
    """Whether the matter is drawn, and what the entry keeps so that anyone can draw again."""
    seed = seed_of(day, sample.code)
    share = min(1.0, share_in_force(procedure, sample, area_id) * weight)
    value = value_of(seed, matter_id)
    kept = {"day": day.isoformat(), "seed": seed, "share": f"{share:.4f}", "value": f"{value:.12f}"}
    return value < share, kept


def raise_share(procedure: Procedure, sample: Sample, area_id: int | None, at: object) -> None:
    """A failed sample raises the share of its subdistrict, up to the declared most; safe when two fail at once."""
    statement = """
        INSERT INTO matters_sampleshare (procedure_code, sample, area_id, share, changed_at)
        VALUES (%s, %s, %s, LEAST(%s, %s), %s)
        ON CONFLICT (procedure_code, sample, area_id)
        DO UPDATE SET share = LEAST(%s, matters_sampleshare.share + %s), changed_at = excluded.changed_at"""
    first = sample.share + sample.raise_by
    values: list[Any] = [
        procedure.code,
        sample.code,
        area_id or 0,
        sample.at_most,
        first,
        at,
        sample.at_most,
        sample.raise_by,
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
