"""A database that is away, a disk without room: a page in the person's language that says what to do."""

import errno

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

pytestmark = pytest.mark.django_db


def answer(monkeypatch: pytest.MonkeyPatch, fault: Exception, language: str = "zh-hans"):  # type: ignore[no-untyped-def]
    def broken(*_arguments: object, **_named: object) -> None:
        raise fault

    monkeypatch.setattr("civicloop.site.health.JsonResponse", broken)
    return Client(raise_request_exception=False).get("/healthz", headers={"accept-language": language})


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (OperationalError("connection refused"), 503),
        (InterfaceError("connection already closed"), 503),
        (OSError(errno.ENOSPC, "No space left on device"), 507),
    ],
)
def test_a_fault_that_passes_says_so(monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int) -> None:
    page = answer(monkeypatch, fault)
    assert page.status_code == status
    assert page["Retry-After"] == "30"
    assert "重复提交不会造成影响" in page.content.decode()
    assert "connection" not in page.content.decode()
    assert "sending twice does no harm" in answer(monkeypatch, fault, "en").content.decode()


def test_a_mistake_of_ours_stays_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for fault in (ValueError("x"), OSError(errno.EIO, "Input/output error")):
        page = answer(monkeypatch, fault)
        assert page.status_code == 500
        assert "Retry-After" not in page
