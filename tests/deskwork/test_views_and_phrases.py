"""Saved views of a list and the phrase bank: one's own, the unit's, the city's; files out and in; refusals."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from civicloop.deskwork import actions, commands, files, selectors
from civicloop.deskwork.actions import NewPhrase
from civicloop.deskwork.models import Phrase, SavedView
from civicloop.foundation import clock
from civicloop.matters.errors import Refused
from civicloop.people import access
from civicloop.records.models import AuditEntry
from tests import world
from tests.matters import loop
from tests.site.desks import signed_in, text

pytestmark = pytest.mark.django_db
SYSTEM = access.system("tests")


@pytest.fixture(autouse=True)
def monday() -> Iterator[None]:
    selectors.forget()
    with clock.at(world.START), translation.override("zh-hans"):
        yield
    selectors.forget()


def phrase(code: str = "hello", words: str = "您好，{number}", **more: object) -> NewPhrase:
    given = {"use": "reply", "names": {"zh-hans": "问候"}, "texts": {"zh-hans": words}} | more
    return NewPhrase(code, **given)  # type: ignore[arg-type]


# -- views ------------------------------------------------------------------------------------------------------------


def test_a_view_keeps_filters_columns_and_order_and_the_usual_one_opens_the_list() -> None:
    loop.report(kind="01001")
    client = signed_in("clerk")
    values = {"name": "将到期", "query": "desk=1&order=due&cols=kind&cols=due", "standard": "1"}
    assert client.post("/views/save", values).status_code == 302
    opened = client.get("/matters/")
    assert opened.status_code == 302
    assert "order=due" in opened["Location"]
    page = text(client.get(opened["Location"]))
    assert "将到期" in page
    assert page.count('<th scope="col">') == 4  # the box, the matter, and the two columns that were chosen
    assert client.get("/matters/?view=0").status_code == 200
    assert client.post("/views/save", values | {"standard": "", "shared": "1"}).status_code == 302
    assert SavedView.objects.filter(ended_at=None).count() == 1  # the same name is the same view
    assert client.get("/matters/").status_code == 200
    assert AuditEntry.objects.filter(action="view.save").count() == 2


def test_a_shared_view_is_seen_in_the_unit_and_ended_by_its_owner_only() -> None:
    clerk = world.actor("clerk")
    actions.save_view(clerk, name="本街道挂账", query="state=open", shared=True, standard=False)
    grid = world.actor("grid")  # of the same centre
    assert [row.name for row in selectors.views(grid)] == ["本街道挂账"]
    assert list(selectors.views(world.actor("d1-dispatcher"))) == []
    view = selectors.views(clerk).get()
    with pytest.raises(Refused):
        actions.end_view(grid, view.pk)
    client = signed_in("clerk")
    assert client.post("/views/save", {"end": str(view.pk)}).status_code == 302
    assert list(selectors.views(clerk)) == []
    assert SavedView.objects.get().ended_at is not None


def test_a_view_without_a_name_or_with_too_much_is_refused() -> None:
    clerk = world.actor("clerk")
    for name, query in (("", ""), ("x" * 61, ""), ("fine", "a" * 1001), ("nul\x00", "")):
        with pytest.raises(Refused):
            actions.save_view(clerk, name=name, query=query, shared=False, standard=False)
    with pytest.raises(Refused):
        actions.save_view(access.ANONYMOUS, name="x", query="", shared=False, standard=False)
    for number in range(actions.MOST_VIEWS):
        actions.save_view(clerk, name=f"v{number}", query="", shared=False, standard=False)
    with pytest.raises(Refused):
        actions.save_view(clerk, name="one more", query="", shared=False, standard=False)


# -- phrases ----------------------------------------------------------------------------------------------------------


def test_the_phrases_that_come_with_the_product_name_the_source_of_each_lawful_ground() -> None:
    found = files.read(files.SHIPPED.read_bytes())
    told = actions.save_phrases(SYSTEM, found, unit=None, whole=True)
    assert told["new"] == len(found) > 10
    grounds = selectors.grounds(world.actor("clerk"))
    assert len(grounds) >= 9
    assert all(each.source for each in grounds)
    assert all(set(each.texts) == {"zh-hans", "en"} for each in found)
    assert dict(actions.save_phrases(SYSTEM, found, unit=None, whole=True)) == {"new": 0, "changed": 0, "ended": 0}


def test_a_units_phrase_goes_before_the_citys_and_another_unit_does_not_see_it() -> None:
    clerk, other = world.actor("clerk"), world.actor("s2-clerk")
    actions.save_phrases(SYSTEM, [phrase()], unit=None)
    actions.save_phrases(clerk, [phrase(words="东风街道为您办理")], unit=clerk.unit_id)
    assert [each.text for each in selectors.phrases(clerk)] == ["东风街道为您办理"]
    assert [each.text for each in selectors.phrases(other)] == ["您好，{number}"]
    for unit in (None, other.unit_id):
        with pytest.raises(Refused):
            actions.save_phrases(clerk, [phrase()], unit=unit)
    with pytest.raises(Refused):
        actions.save_phrases(world.actor("worker"), [phrase()], unit=world.actor("worker").unit_id)


@pytest.mark.parametrize(
    "wrong",
    [
        phrase(code="no good"), phrase(use="other"), phrase(words=" "), phrase(names={}), phrase(words="x" * 2001),
        phrase(use="ground"), phrase(words="\x00"), phrase(fits=["x"] * 21),
    ],
)  # fmt: skip
def test_a_phrase_that_is_not_sound_changes_nothing(wrong: NewPhrase) -> None:
    with pytest.raises(Refused):
        actions.save_phrases(SYSTEM, [phrase("fine"), wrong], unit=None)
    assert not Phrase.objects.exists()


def test_phrases_go_out_and_come_back_by_page_and_by_command(tmp_path: Path) -> None:
    client, clerk = signed_in("clerk"), world.actor("clerk")
    form = {"code": "hello", "use": "reply", "name_zh": "问候", "text_zh": "您好", "fits": "decline", "source": ""}
    assert client.post("/phrases/save", form).status_code == 302
    assert client.post("/phrases/save", form | {"use": "ground"}).status_code == 422  # a ground without its source
    content = b"".join(client.get("/phrases/export.csv"))
    upload = SimpleUploadedFile("phrases.csv", content)
    assert client.post("/phrases/file", {"file": upload, "whole": "1"}).status_code == 302
    assert Phrase.objects.filter(valid_to=None, unit_id=clerk.unit_id).count() == 1
    assert Phrase.objects.count() == 1
    refused = client.post("/phrases/file", {"file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n")})
    assert refused.status_code == 422
    assert signed_in("worker").post("/phrases/save", form).status_code == 403
    target, runner = tmp_path / "out.csv", CliRunner()
    assert runner.invoke(commands.phrases, ["export", str(target), "--unit", "s1-centre"]).exit_code == 0
    again = runner.invoke(commands.phrases, ["import", str(target), "--unit", "s1-centre", "--whole"])
    assert again.exit_code == 0
    assert "0 new" in again.output
    assert runner.invoke(commands.phrases, ["import", "--shipped"]).exit_code == 0
    for wrong in (["import"], ["import", str(target), "--unit", "nobody"], ["export", str(target), "--unit", "x"]):
        assert runner.invoke(commands.phrases, wrong).exit_code == 1
    target.write_text("code,use,name_zh,text_zh\na,reply,甲,甲\na,reply,乙,乙\n", encoding="utf-8")
    twice = runner.invoke(commands.phrases, ["import", str(target)])
    assert twice.exit_code == 1
    row = Phrase.objects.get(valid_to=None, unit_id=clerk.unit_id)
    assert signed_in("s2-clerk").post(f"/phrases/{row.pk}/end").status_code == 302
    assert Phrase.objects.get(id=row.pk).valid_to is None  # another unit's
    assert client.post(f"/phrases/{row.pk}/end").status_code == 302
    assert Phrase.objects.get(id=row.pk).valid_to is not None


def test_a_form_of_a_matter_offers_the_phrases_that_fit_filled_with_what_it_says() -> None:
    actions.save_phrases(SYSTEM, [phrase(fits=["decline"]), phrase("other", "别处", fits=["suspend"])], unit=None)
    matter = loop.report(kind="01001")
    page = text(signed_in("clerk").get(f"/matters/{matter}"))
    from civicloop.matters.models import Matter

    assert f"您好，{Matter.objects.get(id=matter).number}" in page
    assert "别处" not in page
    with translation.override("en"):
        selectors.forget()
        actions.save_phrases(SYSTEM, [phrase(texts={"zh-hans": "您好", "en": "Hello"})], unit=None)
        assert [each.text for each in selectors.phrases(world.actor("clerk"), "decline")] == ["Hello"]
