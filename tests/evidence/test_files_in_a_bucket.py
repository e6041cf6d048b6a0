"""Photos in an S3-compatible store by setting, against a real server on this machine: kept, found, cleared, away."""

import hashlib
import hmac
import re
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.db import connection
from django.test import override_settings
from moto.server import ThreadedMotoServer

from civicloop.evidence import actions, buckets, selectors, storage
from civicloop.evidence.errors import EvidenceRefused
from civicloop.evidence.models import Evidence
from civicloop.foundation import ids
from tests.evidence.pictures import drawn, encoded, opened

pytestmark = pytest.mark.django_db
DAY = actions.DAY


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "secret"
    file.write_text("a secret\n")
    return str(file)


@pytest.fixture
def bucket(server: str, secret: str, tmp_path: Path) -> Iterator[Any]:
    """The bucket as its owner sees it; the product is set to use it."""
    plain = boto3.session.Session().resource(
        "s3", endpoint_url=server, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
    )
    name = f"city-{ids.uuid7()}"
    made = plain.create_bucket(Bucket=name)
    with override_settings(
        S3_BUCKET=name, S3_PREFIX="civicloop/", S3_ENDPOINT=server, S3_REGION="", S3_KEY_ID="k", S3_SECRET_FILE=secret,
        DATA_DIR=tmp_path,
    ):  # fmt: skip
        yield made


def names(bucket: Any) -> set[str]:
    return {each.key for each in bucket.objects.all()}


def uploaded(content: bytes, matter: Any = None) -> Evidence:
    prepared = actions.prepare(
        upload=content, filename="a.jpg", stage="before", matter_id=matter or ids.uuid7(), evidence_id=ids.uuid7(),
        actor_id=None, post_id=None,
    )  # fmt: skip
    return actions.store(prepared)[0]


def test_a_photo_is_kept_shown_and_opened_from_the_bucket(bucket: Any, tmp_path: Path) -> None:
    content = encoded(drawn(seed=3))
    row = uploaded(content)
    shown, _kind = selectors.read_object(row.matter_id, row.id, "derivative")
    assert opened(shown).size == (480, 360)
    got, _kind = selectors.open_original(
        actor_id=None, actor_words="test", post_id=None, purpose="check", matter_id=row.matter_id, evidence_id=row.id
    )
    assert got == content
    assert names(bucket) == {
        f"civicloop/{name[:2]}/{name[2:4]}/{name}" for name in (row.sealed_original, row.derivative, row.thumbnail)
    }
    assert content not in [each.get()["Body"].read() for each in bucket.objects.all()]  # sealed there too
    assert not (tmp_path / "evidence").exists()


def test_equal_contents_lie_there_once(bucket: Any) -> None:
    one, two = uploaded(encoded(drawn(seed=4))), uploaded(encoded(drawn(seed=4)))
    assert (one.derivative, one.thumbnail) == (two.derivative, two.thumbnail)
    assert len(names(bucket)) == 4  # two sealed originals, one picture, one thumbnail


def test_what_is_missing_damaged_or_no_name_is_never_given_out(bucket: Any) -> None:
    place = storage.default()
    name = place.put(b"content")
    bucket.put_object(Key=f"civicloop/{name[:2]}/{name[2:4]}/{name}", Body=b"something else")
    with pytest.raises(storage.Damaged):
        place.get(name)
    for other in (hashlib.sha256(b"nothing").hexdigest(), "../secret", "", name.upper()):
        with pytest.raises(storage.Missing):
            place.get(other)


def test_only_old_objects_that_no_row_refers_to_are_cleared(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    row = uploaded(encoded(drawn(seed=5)))
    lost = storage.default().put(b"a row was never committed")
    bucket.put_object(Key="civicloop/notes.txt", Body=b"somebody else's")
    assert actions.sweep_orphans() == 0  # all are fresh
    real = buckets._clock
    monkeypatch.setattr(buckets, "_clock", lambda answer: real(answer) + DAY + 60)
    assert actions.sweep_orphans() == 1
    assert f"civicloop/{lost[:2]}/{lost[2:4]}/{lost}" not in names(bucket)
    assert "civicloop/notes.txt" in names(bucket)
    assert selectors.read_object(row.matter_id, row.id, "thumbnail")
    assert actions.sweep_orphans() == 0


def test_an_object_put_again_after_the_sweeper_looked_stays(bucket: Any) -> None:
    place = storage.default()
    name = place.put(b"content")
    place.put(b"content")
    assert place.remove({name}, DAY) == 0
    assert place.get(name) == b"content"
    assert place.remove({hashlib.sha256(b"nothing").hexdigest()}, 0) == 0


def test_while_somebody_uploads_nothing_is_removed(bucket: Any) -> None:
    import psycopg

    place = storage.default()
    name = place.put(b"content")
    key = ["evidence:bucket"]
    with psycopg.connect(**{k: v for k, v in connection.get_connection_params().items() if k in DOORS}) as other:
        other.execute("SELECT pg_advisory_lock_shared(hashtextextended(%s, 0))", key)
        assert place.remove({name}, -60) == 0
        other.execute("SELECT pg_advisory_unlock_shared(hashtextextended(%s, 0))", key)
        assert place.remove({name}, -60) == 1


DOORS = {"host", "port", "dbname", "user", "password"}


def test_a_store_that_is_away_refuses_in_words_and_keeps_nothing(bucket: Any, secret: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
    with override_settings(S3_ENDPOINT=nobody):
        with pytest.raises(EvidenceRefused) as refused:
            uploaded(encoded(drawn(seed=6)))
        assert refused.value.code == "not_stored"
        with pytest.raises(storage.Away):
            storage.default().get("0" * 64)
    assert not Evidence.objects.exists()
    with override_settings(S3_BUCKET="no-such-bucket"), pytest.raises(OSError, match="NoSuchBucket"):
        storage.default().put(b"content")


def signature(asked: BaseHTTPRequestHandler, secret: str, signed: str, day: str, region: str) -> str:
    """What AWS Signature Version 4 says of a request, worked out here: the server above believes every signature."""
    path, _mark, query = asked.path.partition("?")
    lines = [f"{name}:{' '.join(asked.headers[name].split())}\n" for name in signed.split(";")]
    request = "\n".join([
        asked.command, path, query, "".join(lines), signed, asked.headers["x-amz-content-sha256"],
    ])  # fmt: skip
    words = "\n".join([
        "AWS4-HMAC-SHA256", asked.headers["x-amz-date"], f"{day}/{region}/s3/aws4_request",
        hashlib.sha256(request.encode()).hexdigest(),
    ])  # fmt: skip
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request", words):
        key = hmac.digest(key, part.encode(), "sha256")
    return key.hex()


@pytest.fixture
def strict() -> Iterator[str]:
    """A store that takes nothing that is not signed with its secret, or is not what was signed."""

    class Store(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            found = re.match(
                r"AWS4-HMAC-SHA256 Credential=k/(\d{8})/([\w-]+)/s3/aws4_request, SignedHeaders=([\w;-]+), "
                r"Signature=(\w+)$",
                self.headers.get("Authorization", ""),
            )
            whole = self.headers["x-amz-content-sha256"] == hashlib.sha256(content).hexdigest()
            right = found and found[4] == signature(self, "a secret", found[3], found[1], found[2])
            self.send_response(200 if whole and right else 403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    running = HTTPServer(("127.0.0.1", 0), Store)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


def test_requests_are_signed_with_the_secret_of_the_file(strict: str, secret: str, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("another secret\n")
    there = {"S3_BUCKET": "city", "S3_PREFIX": "", "S3_ENDPOINT": strict, "S3_REGION": "", "S3_KEY_ID": "k"}
    with override_settings(**there, S3_SECRET_FILE=secret):
        assert storage.default().put(b"content") == hashlib.sha256(b"content").hexdigest()
    with override_settings(**there, S3_SECRET_FILE=str(other)), pytest.raises(OSError, match="403"):
        storage.default().put(b"content")


def test_without_a_bucket_the_folder_is_used(tmp_path: Path) -> None:
    with override_settings(DATA_DIR=tmp_path, S3_BUCKET=""):
        assert isinstance(storage.default(), storage.LocalStore)
