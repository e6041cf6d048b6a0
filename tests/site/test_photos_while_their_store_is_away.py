"""While the store of the photos is away, a page says so and the upload can be sent again; nothing half-done is left."""

import socket
from pathlib import Path

import pytest
from django.test import override_settings

from civicloop.evidence.models import Evidence
from civicloop.foundation import clock
from civicloop.matters.models import Entry
from tests import world
from tests.matters import loop
from tests.site.test_field_work_outside import photo, signed_in

pytestmark = pytest.mark.django_db


def test_photos_and_uploads_answer_that_it_is_worth_another_try(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    with override_settings(DATA_DIR=tmp_path), clock.at(world.START):
        matter, client = loop.report(), signed_in("checker")
        sent = client.post(f"/api/v1/matters/{matter}/evidence", {"stage": "before", "file": photo(30)})
        address = f"/matters/{matter}/evidence/{sent.json()['id']}/derivative"
        assert client.get(address).status_code == 200
        entries = Entry.objects.filter(matter_id=matter).count()
        away = {"S3_BUCKET": "city", "S3_ENDPOINT": nobody, "S3_KEY_ID": "k", "S3_SECRET_FILE": str(secret)}
        with override_settings(**away):
            answer = client.get(address)
            assert (answer.status_code, answer["Retry-After"]) == (503, "60")
            assert "暂时无法读取" in answer.content.decode()
            refused = client.post(f"/api/v1/matters/{matter}/evidence", {"stage": "after", "file": photo(31)})
            assert (refused.status_code, refused.json()["code"]) == (503, "not_stored")
            assert client.get(f"/matters/{matter}").status_code == 200
        assert Evidence.objects.count() == 1
        assert Entry.objects.filter(matter_id=matter).count() == entries
