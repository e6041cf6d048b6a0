"""What a report may bring that is wrong, odd or hostile: a clear answer in the person's language, nothing written."""

from datetime import timedelta
from typing import Any

import pytest

from civicloop.foundation import ids
from civicloop.matters.models import Entry, EntryText, Matter
from civicloop.records.models import SealedValue
from tests import world
from tests.api.calls import Caller, done, is_chinese, refusal

pytestmark = pytest.mark.django_db

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "an unknown kind": ({"kind": "99999"}, "unknown_kind", "kind"),
    "an unknown standard": ({"kind": "GB/T 1:01001"}, "unknown_kind", "kind"),
    "coordinates beyond the Earth": ({"lon": 200.0}, "out_of_range", "lon"),
    "latitude and longitude swapped": ({"lon": 39.05, "lat": 117.02}, "out_of_range", "lon"),
    "half a point": ({"lat": None}, "coordinates", "lon"),
    "a point without crs": ({"crs": None}, "crs_missing", "crs"),
    "a point in an unknown crs": ({"crs": "mars2000"}, "crs_unknown", "crs"),
    "10,001 characters": ({"text": "坑" * 10_001}, "too_long", "text"),
    "a title of 201 characters": ({"title": "坑" * 201}, "too_long", "title"),
    "nothing at all": ({"title": " ", "text": "\n"}, "missing", "text"),
    "a zero byte": ({"text": "坑\x00洼"}, "not_text", "text"),
    "an id of another kind": ({"id": "7d444840-9dc0-11d1-b245-5ffdce74fad2"}, "not_uuid7", "id"),
    "an unknown area": ({"lon": None, "lat": None, "crs": None, "area": "000"}, "unknown_area", "area"),
    "an unknown procedure": ({"procedure": "wishes"}, "unknown_procedure", "procedure"),
    "an unknown channel": ({"channel": "pigeon"}, "unknown_channel", "channel"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_report_is_refused_with_a_code_and_words_in_both_languages(what: str) -> None:
    values, code, field = REFUSED[what]
    for language, chinese in (("zh-hans", True), ("en", False)):
        body = refusal(Caller("clerk", language=language).report(**values), 422, code)
        assert body["field"] == field
        assert is_chinese(body["detail"]) is chinese, body["detail"]
    assert not Matter.objects.exists()
    assert not Entry.objects.exists()


def test_the_limit_itself_is_accepted() -> None:
    matter = done(Caller().report(text="坑" * 10_000, title="坑" * 200), 201)["id"]
    assert len(Matter.objects.get(id=matter).text) == 10_000


def test_a_point_in_the_sea_is_accepted_with_its_reason_at_the_duty_desk() -> None:
    lon, lat = world.SEA
    reported = done(Caller().report(lon=lon, lat=lat), 201)
    seen = done(Caller(code=reported["check_code"]).get(f"/matters/{reported['id']}"))
    assert (seen["areas"], seen["place_reason"], seen["unit"]) == ([], "outside_every_area", "city-duty")
    assert (seen["lon"], seen["lat"]) == world.SEA


def test_a_point_keeps_the_system_that_it_came_in() -> None:
    reported = done(Caller().report(crs="gcj02"), 201)
    row = Matter.objects.get(id=reported["id"])
    assert (row.crs_in, row.lon_in, row.lat_in) == ("gcj02", *world.SPOT)
    assert row.lon != row.lon_in


STRANGE = {
    "emoji": "坏了😀👨‍👩‍👧‍👦🏳️‍🌈 \U0001f6a7",
    "right to left": "كسر في الرصيف \u202eabc\u202c עברית",
    "HTML": "<script>alert('x')</script><img src=x onerror=alert(1)> &amp; \"'",
    "template signs": "{{ 7*7 }} {% debug %} ${jndi:ldap://x}",
    "SQL": "'; DROP TABLE matters_matter; -- %s %(id)s",
    "combining signs": "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢ e\u0301",
    "plane 2 Han": "𠀀𪚥路口",
}


@pytest.mark.parametrize("what", STRANGE)
def test_strange_text_is_kept_exactly_as_sent(what: str) -> None:
    text = STRANGE[what]
    clerk = Caller("clerk")
    sent = clerk.report(title=text, text=text, address=text, reporter={"name": text[:100], "phone": text[:40]})
    reported = done(sent, 201)
    seen = done(clerk.get(f"/matters/{reported['id']}"))
    assert (seen["title"], seen["text"], seen["address"]) == (text, text, text)
    assert done(clerk.act(reported["id"], "note", note=text), 201)["action"] == "note"
    lines = done(clerk.get(f"/matters/{reported['id']}/timeline"))
    assert lines[0]["texts"]["title"] == text
    assert lines[1]["texts"]["note"] == text
    assert EntryText.objects.filter(matter_id=reported["id"], field="text").get().value == text
    assert SealedValue.objects.filter(matter_id=reported["id"]).count() == 2


def test_a_device_whose_clock_is_ahead_is_told_the_servers_time() -> None:
    ahead = str(ids.uuid7(world.START + timedelta(hours=25)))
    body = refusal(Caller().report(id=ahead), 422, "clock_ahead")
    assert body["server_time"].startswith("2026-03-02T01:00:00")
    last_of_all = "ffffffff-ffff-7fff-bfff-ffffffffffff"
    refusal(Caller().report(id=last_of_all), 422, "clock_ahead")
    done(Caller().report(id=str(ids.uuid7(world.START + timedelta(hours=23)))), 201)
    done(Caller().report(id=str(ids.uuid7(world.START - timedelta(days=400)))), 201)


ODD_BODIES: dict[str, bytes] = {
    "no JSON": b"{title:",
    "a list": b"[]",
    "nothing": b"",
    "a number": b"12",
    "not UTF-8": b'{"title": "\xff\xfe"}',
    "half a surrogate pair": b'{"title": "\\ud800"}',
    "not a number": b'{"title": "x", "lon": NaN, "lat": 39.0, "crs": "wgs84"}',
    "an endless number": b'{"title": "x", "lon": 1e999, "lat": 39.0, "crs": "wgs84"}',
    "a moment without a zone": b'{"title": "x", "occurred_at": "2026-03-01T08:00:00"}',
    "the first moment of all": b'{"title": "x", "occurred_at": "0001-01-01T00:00:00+14:00"}',
    "words for a number": b'{"title": "x", "lon": "east", "lat": 39.0, "crs": "wgs84"}',
    "deep nesting": b"[" * 50_000,
}


@pytest.mark.parametrize("what", ODD_BODIES)
def test_a_body_that_is_no_report_is_refused_as_a_problem(what: str) -> None:
    sent = Caller().client.post("/api/v1/matters", ODD_BODIES[what], content_type="application/json")
    assert sent.status_code in {400, 422}, sent.content[:300]
    assert sent["Content-Type"] == "application/problem+json"
    assert sent.json()["code"]
    assert not Matter.objects.exists()


def test_a_body_of_three_megabytes_is_refused() -> None:
    sent = Caller().report(text="坑" * 1_000_000)
    assert sent.status_code in {400, 413, 422}
    assert sent["Content-Type"] == "application/problem+json"
    assert not Matter.objects.exists()


def test_the_same_id_with_other_content_or_another_sender_is_refused() -> None:
    identifier = str(ids.uuid7(world.START))
    first = done(Caller().report(id=identifier), 201)
    assert done(Caller().report(id=identifier), 200) == first
    for language, chinese in (("zh-hans", True), ("en", False)):
        body = refusal(Caller(language=language).report(id=identifier, title="别的"), 409, "id_reused")
        assert is_chinese(body["detail"]) is chinese, body["detail"]
    refusal(Caller("clerk").report(id=identifier), 409, "id_reused")
    assert Matter.objects.count() == 1


def test_reports_without_a_token_are_bounded_by_network() -> None:
    from civicloop.matters.api import ANONYMOUS_REPORTS

    resident = Caller(language="en")
    for number in range(ANONYMOUS_REPORTS.most):
        done(resident.report(title=f"坑 {number}"), 201)
    refused = resident.report()
    body = refusal(refused, 429, "too_often")
    assert 1 <= int(refused["Retry-After"]) == body["retry_after"] <= 601
    done(Caller("channel").report(), 201)  # a token is not bound by it
    assert Matter.objects.count() == ANONYMOUS_REPORTS.most + 1


def test_without_a_token_only_the_resident_channel_is_open() -> None:
    refusal(Caller().report(procedure="visit-problem"), 403, "forbidden")
    matter = done(Caller().report(channel="desk"), 201)["id"]
    assert Matter.objects.get(id=matter).channel == "resident"


def test_an_address_of_no_call_is_answered_as_a_problem() -> None:
    assert is_chinese(refusal(Caller().get("/wishes/1"), 404, "not_found")["detail"])
    assert not is_chinese(refusal(Caller(language="en").post("/matters/1", {}), 404, "not_found")["detail"])
