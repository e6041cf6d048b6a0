"""The register of components on the administrators' pages and over HTTP."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from civicloop.catalogue import component_pages
from civicloop.catalogue.models import Component
from civicloop.people.models import Account
from civicloop.records.models import AuditEntry
from tests import world
from tests.catalogue.components import FAR_LID, HEAD, LAMP, LID, LINES, some

pytestmark = pytest.mark.django_db


def signed_in(user: str) -> Client:
    client = Client()
    client.force_login(Account.objects.get(username=user))
    return client


def text(response) -> str:
    return response.content.decode()


@pytest.fixture
def here() -> str:
    """The address of the list."""
    from django.urls import reverse

    return reverse("catalogue:components")


def test_the_list_is_narrowed_by_code_kind_area_state_and_owner(here):
    some()
    client = signed_in("grid")
    whole = text(client.get(here))
    assert all(code in whole for code in (LID, LAMP, FAR_LID))
    assert "未登记" in whole  # the lamp has no owner
    for asked, codes in {
        "code=990102": {FAR_LID}, "area=990101001": {LID, LAMP}, "ownerless=on": {LAMP}, "state=lost": set(),
        f"kind={Component.objects.get(code=LAMP).kind_id}": {LAMP}, "code=abc": {LID, LAMP, FAR_LID},
    }.items():  # fmt: skip
        page = text(client.get(f"{here}?{asked}"))
        assert {code for code in (LID, LAMP, FAR_LID) if code in page} == codes, asked
    assert client.get(f"{here}?after=x").status_code == 404


def test_the_list_goes_on_by_code(here, monkeypatch):
    some()
    monkeypatch.setattr(component_pages, "PAGE", 2)
    client = signed_in("clerk")
    first = text(client.get(here))
    assert f"after={LAMP}" in first
    second = text(client.get(f"{here}?after={LAMP}"))
    assert FAR_LID in second
    assert LID not in second


def test_an_administrator_enters_changes_and_ends_a_component(here):
    client = signed_in("system")
    given = {
        "code": LID, "name": "供水井盖", "state": "intact", "lon": "117.02", "lat": "39.05", "crs": "wgs84",
        "accuracy": "B", "owner_code": "d1-power", "source": "survey", "first_on": "2021-05-01",
    }  # fmt: skip
    wrong = client.post(f"{here}/new", given | {"owner_code": "nobody", "lon": "x"})
    assert wrong.status_code == 422
    assert "没有" in text(wrong)
    assert client.post(f"{here}/new", given | {"code": "123"}).status_code == 422
    made = client.post(f"{here}/new", given)
    assert made.status_code == 302
    row = Component.objects.get(code=LID)
    changed = client.post(f"{here}/{row.id}/change", given | {"state": "damaged", "owner_code": "d1-urban"})
    assert changed.status_code == 302
    page = text(client.get(f"{here}/{row.id}"))
    assert "破损" in page
    assert "d1-power → d1-urban" in page  # what it was before
    assert client.post(f"{here}/{row.id}/end").status_code == 302
    assert Component.objects.get(code=LID).valid_to is not None
    assert client.get(f"{here}/{row.id}/change").status_code == 404
    assert AuditEntry.objects.filter(action="catalogue.components", object=LID).count() == 3


def test_a_file_is_taken_over_by_page_with_what_was_not(here):
    client = signed_in("system")
    sent = SimpleUploadedFile("some.csv", (HEAD + LINES + "12,,117.02,39.05,,,,,,\n").encode())
    answer = client.post(f"{here}/file", {"file": sent, "crs": "wgs84"})
    assert answer.status_code == 422
    page = text(answer)
    assert "新增 3" in page
    assert "some.csv line 5" in page
    assert Component.objects.count() == 3
    same = SimpleUploadedFile("some.csv", (HEAD + LINES).encode())
    again = client.post(f"{here}/file", {"file": same, "crs": "wgs84"})
    assert (again.status_code, "未变 3" in text(again)) == (200, True)
    nothing = client.post(f"{here}/file", {"file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n"), "crs": "wgs84"})
    assert (nothing.status_code, 'role="alert"' in text(nothing)) == (422, True)
    assert Component.objects.count() == 3


@pytest.mark.parametrize("path", ["/new", "/file", "/1/change", "/1/end"])
def test_others_may_look_but_not_change(here, path):
    assert signed_in("clerk").get(here + path).status_code == 403


def test_the_list_goes_out_as_a_file_and_leaves_a_line(here):
    some()
    client = signed_in("clerk")
    table = text(client.get(f"{here}/file/csv?area=990101"))
    assert table.count("\n") == 3
    features = json.loads(client.get(f"{here}/file/geojson?ownerless=on").content)["features"]
    assert [each["properties"]["code"] for each in features] == [LAMP]
    assert AuditEntry.objects.filter(action="catalogue.components_out").count() == 2
    assert client.get(f"{here}/file/pdf").status_code == 404
    assert client.get(f"{here}/file/csv?crs=mars").status_code == 404


# -- over HTTP --------------------------------------------------------------------------------------------------------


def get(address: str, user: str | None = "grid"):
    headers = {"Authorization": f"Bearer {world.token(user)}"} if user else {}
    return Client(headers=headers).get(f"/api/v1/components{address}")


def test_the_nearest_over_http_with_what_a_report_takes_over():
    some()
    answer = get("?near=117.02,39.05&crs=wgs84").json()
    assert [each["code"] for each in answer["items"]] == [LID, LAMP]
    first = answer["items"][0]
    assert (first["distance"], first["kind"], first["matter_kind"]) == (0.0, "01001", "01001")
    assert first["owner"] == "d1-power"
    narrow = get("?near=117.02,39.05&crs=wgs84&kind=01037").json()["items"]
    assert [each["code"] for each in narrow] == [LAMP]
    assert get("?near=117.02,39.05&crs=wgs84&within=0").json()["items"][0]["code"] == LID


def test_the_list_over_http_is_paged_by_code():
    some()
    first = get("?limit=2").json()
    assert ([each["code"] for each in first["items"]], first["next"]) == ([LID, LAMP], LAMP)
    second = get(f"?limit=2&after={LAMP}").json()
    assert ([each["code"] for each in second["items"]], second["next"]) == ([FAR_LID], None)
    assert get(f"/{LID}").json()["owner"] == "d1-power"


@pytest.mark.parametrize(
    ("asked", "status"),
    [("?near=117.02,39.05", 422), ("?near=here&crs=wgs84", 422), ("?near=1,2&crs=mars", 422), ("?kind=99999", 404),
     ("?area=nowhere", 404), ("?state=odd", 422), ("?limit=0", 422), ("?code=abc", 422), ("/99010101001000001", 404),
     ("?near=117.02,39.05&crs=wgs84&within=1000", 422)],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(asked, status):
    assert get(asked).status_code == status


def test_whoever_is_not_signed_in_is_not_told_what_stands_where():
    assert get("", None).status_code == 401
