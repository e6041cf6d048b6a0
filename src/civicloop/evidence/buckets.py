"""The same objects in an S3-compatible store, by setting: named by their SHA-256, whole before their row is committed.

What a file lock does in a folder, an advisory lock of the database does here, since several machines may share a
bucket: writers share it, and whoever clears away has it alone for the look at one age and the removal.
"""

import base64
import email.utils
import errno
import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
from django.conf import settings
from django.db import connection

from civicloop.evidence.storage import NAME, Away, Damaged, Missing

_GONE = frozenset({"404", "NoSuchKey", "NotFound"})
_FULL = frozenset({"507", "InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"})
_LOCK = "evidence:bucket"
_TIMES = Config(
    connect_timeout=3, read_timeout=20, retries={"total_max_attempts": 2, "mode": "standard"},
    signature_version="s3v4", s3={"addressing_style": "path"}, user_agent_extra="civicloop",
)  # fmt: skip


class BucketStore:
    """A bucket, below a prefix. One answer of the store says that an object is kept; there is nothing unfinished."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self.bucket = bucket
        self.prefix = prefix

    def key(self, name: str) -> str:
        """The key of the object of this name. Raises Missing for what is no name, so no key is ever made of it."""
        if not NAME.fullmatch(name):
            raise Missing(name)
        return f"{self.prefix}{name[:2]}/{name[2:4]}/{name}"

    def put(self, content: bytes) -> str:
        """Written anew though it may exist: the same bytes, and a new age, which keeps them from the sweeper."""
        digest = hashlib.sha256(content)
        name = digest.hexdigest()
        with _lock(shared=True), _faults(name):
            self._client.put_object(
                Bucket=self.bucket, Key=self.key(name), Body=content, ContentType="application/octet-stream",
                ChecksumSHA256=base64.b64encode(digest.digest()).decode(),
            )  # fmt: skip
        return name

    def get(self, name: str) -> bytes:
        key = self.key(name)
        with _faults(name):
            content = bytes(self._client.get_object(Bucket=self.bucket, Key=key)["Body"].read())
        if hashlib.sha256(content).hexdigest() != name:
            raise Damaged(name)
        return content

    def older_than(self, seconds: float) -> Iterator[str]:
        with _faults(self.bucket):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix):
                limit = _clock(page) - seconds
                for each in page.get("Contents", ()):
                    name = str(each["Key"]).rpartition("/")[2]
                    if each["LastModified"].timestamp() < limit and NAME.fullmatch(name):
                        yield name

    def remove(self, names: Collection[str], seconds: float) -> int:
        return sum(self._remove(name, seconds) for name in names)

    def _remove(self, name: str, seconds: float) -> bool:
        key = self.key(name)
        with _lock(shared=False) as mine:
            if not mine:
                return False  # it is there again tomorrow
            try:
                with _faults(name):
                    head = self._client.head_object(Bucket=self.bucket, Key=key)
                    if head["LastModified"].timestamp() >= _clock(head) - seconds:
                        return False
                    self._client.delete_object(Bucket=self.bucket, Key=key)
            except Missing:
                return False
        return True

    def remove_unfinished(self, seconds: float) -> int:
        """Nothing: an object is there whole or not at all."""
        return 0


def _clock(answer: Any) -> float:
    """The moment by the clock of the store, which also dates the objects."""
    said = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
    try:
        return email.utils.parsedate_to_datetime(said).timestamp()
    except (TypeError, ValueError) as reason:
        raise Away(errno.EIO, "the store does not tell its time") from reason


@contextmanager
def _faults(name: str) -> Iterator[None]:
    """Answers of the store as faults that the callers of a folder know: Missing, and OSError for everything else."""
    try:
        yield
    except ClientError as reason:
        code = str(reason.response.get("Error", {}).get("Code", ""))
        if code in _GONE:
            raise Missing(name) from reason
        raise Away(errno.ENOSPC if code in _FULL else errno.EIO, f"the store answered {code}") from reason
    except BotoCoreError as reason:
        raise Away(errno.EIO, f"the store cannot be reached: {type(reason).__name__}") from reason


@contextmanager
def _lock(*, shared: bool) -> Iterator[bool]:
    """Shared: waits. Alone: whether it could be had at once, for nobody who uploads waits for the sweeper."""
    how, which = ("pg_advisory_lock_shared", "_shared") if shared else ("pg_try_advisory_lock", "")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {how}(hashtextextended(%s, 0))", [_LOCK])
        mine = shared or bool(cursor.fetchone()[0])
        try:
            yield mine
        finally:
            if mine:
                cursor.execute(f"SELECT pg_advisory_unlock{which}(hashtextextended(%s, 0))", [_LOCK])


def configured() -> BucketStore:
    """The store of this installation, one client for a process."""
    return _made(
        settings.S3_BUCKET, settings.S3_PREFIX, settings.S3_ENDPOINT, settings.S3_REGION, settings.S3_KEY_ID,
        settings.S3_SECRET_FILE,
    )  # fmt: skip


@cache
def _made(bucket: str, prefix: str, endpoint: str, region: str, key_id: str, secret_file: str) -> BucketStore:
    try:
        with open(secret_file, encoding="utf-8") as file:
            secret = file.read().strip()
    except OSError as reason:
        raise Away(errno.EIO, "CIVICLOOP_S3_SECRET_FILE cannot be read") from reason
    client = boto3.session.Session().client(
        "s3", endpoint_url=endpoint or None, region_name=region or "us-east-1", aws_access_key_id=key_id,
        aws_secret_access_key=secret, config=_TIMES,
    )  # fmt: skip
    return BucketStore(client, bucket, prefix)
