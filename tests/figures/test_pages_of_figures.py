"""The pages: a table that opens, what is behind a figure, files, a table that is kept and published."""

from datetime import timedelta

import pytest
from django.test import Client

from civicloop.figures import pages
from civicloop.figures.models import Snapshot
from civicloop.foundation import clock
from civicloop.people.models import Account
from tests.figures import months

pytestmark = pytest.mark.django_db


def signed_in(user: str) -> Client:
    client = Client()
    client.force_login(Account.objects.get(username=user))
    return client


def test_a_leader_opens_keeps_and_publishes_a_table() -> None:
    months.live(6)
    leader = signed_in("leader")
    with clock.at(months.NOW):
        page = leader.get("/figures/", {"period": "2026-03", "group": "intake"})
        assert page.status_code == 200
        assert "990101001" in page.content.decode()
        behind = leader.get("/figures/matters", {"period": "2026-03", "indicator": "reported"})
        assert behind.status_code == 200
        for kind, begins in (("xlsx", b"PK"), ("csv", b"\xef\xbb\xbf"), ("json", b"{"), ("pdf", b"%PDF")):
            file = leader.get(f"/figures/export.{kind}", {"period": "2026-03", "group": "intake"})
            assert file.content.startswith(begins), kind
        kept = leader.post("/figures/keep?period=2026-03&group=intake", {"title": "三月"})
        assert kept.status_code == 302
        number = Snapshot.objects.get().no
        assert leader.get(f"/figures/kept/{number}").status_code == 200
        assert Client().get(f"/figures/published/{number}").status_code == 404
        leader.post(f"/figures/kept/{number}/publish")
        assert Client().get(f"/figures/published/{number}").status_code == 200
    with clock.at(months.NOW + timedelta(days=1)):
        assert signed_in("receiver").get("/figures/").status_code == 403
        assert leader.get("/figures/", {"area": "990102"}).status_code == 404
        assert leader.get("/figures/", {"period": "never"}).status_code == 400


def test_a_long_table_is_turned_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "ROWS", 1)
    months.live(3)
    leader = signed_in("leader")
    with clock.at(months.NOW):
        whole = leader.get("/api/v1/figures/table", {"period": "2026-03"}).json()["rows"]
        codes = [row["code"] for row in whole]
        seen, address = [], "/figures/?period=2026-03"
        while address and len(seen) <= len(codes):
            page = leader.get(address)
            seen += [line["row"].code for line in page.context["lines"]]
            address = page.context["page"].get("next_url", "") and "/figures/" + page.context["page"]["next_url"]
        assert seen == codes
        assert len(codes) > 1
        for strange in ("0", "x", "-1", "9999"):
            assert leader.get("/figures/", {"period": "2026-03", "page": strange}).status_code == 200
