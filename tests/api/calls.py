"""Calls as programs make them: HTTP through the whole application, with a bearer token or without one."""

import io
from functools import cache
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from PIL import Image

from civicloop.foundation import ids
from tests import world

LON, LAT = world.SPOT
MANHOLE = {
    "title": "井盖缺失",
    "text": "路口井盖不见了，很危险。",
    "kind": "01001",
    "lon": LON,
    "lat": LAT,
    "crs": "wgs84",
}


@cache
def jpeg(shade: int = 120) -> bytes:
    """A small photo; another shade is another photo."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (shade, 90, 60)).save(out, "JPEG")
    return out.getvalue()


class Caller:
    """One program: its token, its check code, its language."""

    def __init__(self, user: str | None = None, *, token: str = "", code: str = "", language: str = "zh-hans") -> None:
        self.client = Client()
        self.headers = {"Accept-Language": language}
        if user or token:
            self.headers["Authorization"] = f"Bearer {token or world.token(user or '')}"
        if code:
            self.headers["X-Check-Code"] = code

    def get(self, path: str, **query: Any) -> HttpResponse:
        return self.client.get(f"/api/v1{path}", query, headers=self.headers)  # type: ignore[return-value]

    def post(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.client.post(  # type: ignore[return-value]
            f"/api/v1{path}", body, content_type="application/json", headers=self.headers | headers
        )

    def report(self, **values: Any) -> HttpResponse:
        """Report the missing manhole cover, with other values where given; None leaves a field out."""
        body = {**MANHOLE, "id": str(ids.uuid7(world.START)), **values}
        return self.post("/matters", {name: value for name, value in body.items() if value is not None})

    def act(
        self, matter: str | UUID, action: str, result: str | None = None, /, *, act_id: str = "", if_match: str = "",
        **data: Any,
    ) -> HttpResponse:  # fmt: skip
        """Act; the data are the needs and seats by their codes."""
        body = {"act_id": act_id or str(ids.uuid7(world.START)), "result": result, "data": data}
        headers = {"If-Match": if_match} if if_match else {}
        return self.post(f"/matters/{matter}/actions/{action}", body, **headers)

    def upload(
        self, matter: str | UUID, stage: str, content: bytes = b"", name: str = "photo.jpg", **fields: str
    ) -> HttpResponse:
        """Send a photo."""
        file = SimpleUploadedFile(name, content or jpeg(), "image/jpeg")
        return self.client.post(  # type: ignore[return-value]
            f"/api/v1/matters/{matter}/evidence", {"file": file, "stage": stage, **fields}, headers=self.headers
        )


def done(response: HttpResponse, *statuses: int) -> Any:
    """The JSON of an answer that must be one of `statuses` (default 200 and 201)."""
    assert response.status_code in (statuses or (200, 201)), (response.status_code, response.content.decode()[:600])
    return response.json()  # type: ignore[attr-defined]


def refusal(response: HttpResponse, status: int, code: str) -> Any:
    """The problem document of a refusal, after a look at its form (RFC 9457)."""
    body = done(response, status)
    assert response["Content-Type"] == "application/problem+json"
    assert (body["status"], body["code"]) == (status, code), body
    assert body["type"]
    assert body["title"]
    assert body["detail"]
    return body


def is_chinese(words: str) -> bool:
    """Whether there is a Han character in it."""
    return any("\u4e00" <= sign <= "\u9fff" for sign in words)


def condition(no: int = 1) -> int:
    """The id of a filing condition of the missing manhole cover."""
    from tests.matters import loop

    return loop.condition(no=no)


def walk_to_handling(matter: str, **callers: Caller) -> None:
    """From reported to being handled by `worker`."""
    clerk, receiver = callers.get("clerk") or Caller("clerk"), callers.get("receiver") or Caller("receiver")
    done(clerk.act(matter, "file", condition=condition()))
    done(clerk.act(matter, "dispatch"))
    done(receiver.act(matter, "accept"))
    done(receiver.act(matter, "assign", worker="worker"))


def walk_to_check(matter: str, **callers: Caller) -> None:
    """On to the check."""
    worker, receiver = callers.get("worker") or Caller("worker"), callers.get("receiver") or Caller("receiver")
    done(worker.upload(matter, "after"))
    done(worker.act(matter, "handle", result="已更换井盖"))
    done(receiver.act(matter, "feed_back"))
