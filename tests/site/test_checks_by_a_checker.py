"""A checker sees what waits by community, and passes, fails or could not see it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from civicloop.foundation import clock, ids
from civicloop.matters.models import Matter, SampleShare
from tests import world
from tests.matters import loop
from tests.site.test_field_work_outside import form, photo, signed_in

pytestmark = pytest.mark.django_db


def waiting():
    matter = loop.report()
    loop.to_handling(matter)
    loop.to_check(matter)
    return matter


def answer(client: Client, matter, result: str, **values):
    given = {"action": "post_check", "act_result": result, "act_id": str(ids.uuid7())} | values
    return client.post(f"/checks/{matter}/act", given)


def test_the_list_is_grouped_by_community():
    matter = waiting()
    page = signed_in("checker").get("/checks/").content.decode()
    assert "和顺里社区" in page
    assert f"/checks/{matter}" in page


def test_passed_with_a_photo():
    matter = waiting()
    client = signed_in("checker")
    page = client.get(f"/checks/{matter}").content.decode()
    for result in ("pass", "fail", "cannot_see"):
        assert f'name="act_result" value="{result}"' in page
    assert "已更换井盖" in page
    assert answer(client, matter, "pass").status_code == 422
    assert answer(client, matter, "pass", photo_check=photo()).status_code == 302
    assert loop.step(matter) == "checked"


def test_not_passed_goes_back_to_the_same_clock():
    matter = waiting()
    client = signed_in("checker")
    refused = answer(client, matter, "fail", photo_check=photo())
    assert refused.status_code == 422
    kept = answer(client, matter, "fail", reason="", photo_check=photo())
    assert kept.status_code == 422
    assert answer(client, matter, "fail", reason="还有缺口", photo_check=photo()).status_code == 302
    assert loop.step(matter) == "handling"


def test_could_not_see_it():
    matter = waiting()
    assert answer(signed_in("checker"), matter, "cannot_see", unseen_reason="no_access").status_code == 302
    assert loop.step(matter) == "to_check"


def test_what_was_put_right_on_the_spot_and_drawn_is_checked_here():
    subdistrict = world.actor("clerk").area_id
    SampleShare.objects.create(
        procedure_code="grid-event", sample="on_the_spot", area_id=subdistrict, share=1.0, changed_at=clock.now()
    )
    sent = form(text="垃圾桶倒了", result="已扶正")
    signed_in("grid").post("/field/handled", sent | {"before": photo(10), "after": photo(200)})
    matter = Matter.objects.get().id
    assert loop.step(matter) == "to_spot_check"
    assert f"/checks/{matter}" in signed_in("checker").get("/checks/").content.decode()
    assert answer(signed_in("grid"), matter, "pass", photo_check=photo(78)).status_code == 403
    assert answer(signed_in("checker"), matter, "pass", photo_check=photo(77)).status_code == 302
    assert loop.step(matter) == "checked"


def test_a_false_photo_is_said_and_nothing_is_done():
    matter = waiting()
    fake = SimpleUploadedFile("假.jpg", b"PK\x03\x04" + b"0" * 300, "image/jpeg")
    refused = answer(signed_in("checker"), matter, "pass", photo_check=fake)
    assert refused.status_code == 422
    assert "假.jpg" in refused.content.decode()
    assert loop.step(matter) == "to_check"


def test_only_for_those_who_may():
    matter = waiting()
    assert Client().get("/checks/").status_code == 302
    assert signed_in("d2-clerk").get(f"/checks/{matter}").status_code == 404
    assert answer(signed_in("clerk"), matter, "pass", photo_check=photo()).status_code in {403, 409}
    assert loop.step(matter) == "to_check"
