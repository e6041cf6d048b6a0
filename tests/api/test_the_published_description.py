"""The OpenAPI document that integrators build on is the one that the code answers with."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.api.calls import Caller

COMMITTED = Path(__file__).resolve().parents[2] / "docs" / "openapi.json"


def generated() -> str:
    """The document as it is committed: sorted keys, two spaces."""
    from django.utils import translation

    from civicloop.api.app import api

    with translation.override("en"):
        schema = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str))
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def test_the_committed_description_equals_the_code() -> None:
    assert COMMITTED.read_text() == generated(), (
        "docs/openapi.json differs from the code; make it anew with "
        ".venv/bin/python -m tests.api.test_the_published_description"
    )


@pytest.mark.django_db
def test_the_served_description_is_the_committed_one() -> None:
    served: Any = Caller().client.get("/api/v1/openapi.json").json()
    assert served == json.loads(COMMITTED.read_text())
    assert served["openapi"].startswith("3.1")


def test_every_call_of_the_contract_is_described() -> None:
    paths = json.loads(COMMITTED.read_text())["paths"]
    for path in (
        "/matters", "/matters/{matter_id}", "/matters/{matter_id}/timeline", "/matters/{matter_id}/clocks",
        "/matters/{matter_id}/actions", "/matters/{matter_id}/actions/{action}", "/matters/{matter_id}/evidence",
        "/receipts/{number}", "/places/locate", "/areas", "/kinds", "/units",
    ):  # fmt: skip
        assert f"/api/v1{path}" in paths


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "civicloop.settings")
    import django

    django.setup()
    COMMITTED.write_text(generated())
    sys.stdout.write(f"{COMMITTED.name} written\n")
