"""The words of notices are data: both languages, known placeholders, no word of the procedure for residents."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from civicloop.notices import wording
from civicloop.notices.rules import language
from civicloop.notices.rules.language import WrongFile
from civicloop.procedures.rules import reading

pytestmark = pytest.mark.django_db  # hours are said in the installation's zone, which is a setting

# words of the procedure that a resident must not have to know (the seven stages, inner acts, the desk's own words)
JARGON = (
    "立案", "受理", "派遣", "派单", "转派", "核查", "核实", "结案", "办结", "处置", "反馈", "退单", "返工", "环节",
    "案卷", "案件", "工单", "事项", "督办", "催办", "挂账", "延期", "承办", "经办", "销号", "分流", "回访", "时限",
    "流程", "不予",
    "dispatch", "filed", "filing", "case", "matter", "check and clos", "post-check", "verif", "handl", "step", "stage",
    "rework", "accept", "assign", "ticket", "procedure", "limit", "unit",
)  # fmt: skip
RESIDENTS = [template for template in wording.templates() if template.audience == "reporter"]


def test_residents_read_no_word_of_the_procedure() -> None:
    assert len(RESIDENTS) >= 6
    for template in RESIDENTS:
        for text in template.texts.values():
            words = re.sub(r"\{\w+\}", "", text.title + text.text).lower()
            assert [word for word in JARGON if word in words] == [], template.code


def test_no_step_of_a_shipped_procedure_is_said_to_residents() -> None:
    steps = set()
    for path in reading.SHIPPED.glob("*.toml"):
        steps |= {step.names["zh-hans"] for step in reading.load(path).steps.values()}
    assert len(steps) > 30
    for template in RESIDENTS:
        said = template.texts["zh-hans"]
        assert not {step for step in steps if len(step) > 2 and step in said.title + said.text}, template.code
        assert not {"step", "action", "mark", "kind"} & template.placeholders


def test_a_text_message_fits_in_two_parts() -> None:
    """A long text message is billed in parts of 67 characters; an answer of one's own words is bounded elsewhere."""
    for template in RESIDENTS:
        if template.code != "reporter_broadcast":
            assert len(wording.said(template.code, template.sample, "zh-hans").text) <= 2 * 67, template.code


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
def test_every_template_reads_whole_with_its_sample_and_without_what_may_be_missing(lang: str) -> None:
    for template in wording.templates():
        full = wording.said(template.code, template.sample, lang)
        bare = wording.said(template.code, {"number": "20260303-0000123-K"}, lang)
        for said in (full, bare):
            assert not re.search(r"[{}\[\]]", said.title + said.text), template.code
            assert "〔中〕" not in said.title + said.text, template.code
            assert said.title == full.title  # titles name no values: summaries count by them
        assert full.text != bare.text or template.placeholders <= {"number"}


def test_deadlines_are_said_in_clock_words() -> None:
    now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    data = {"number": "20260302-0000001-X", "unit": {"zh-hans": "东风街道办事处"}}
    today = wording.said("reporter_handed", data | {"due": now + timedelta(hours=7, minutes=20)}, "zh-hans", now)
    assert today.text == "您反映的问题（20260302-0000001-X）由东风街道办事处在办，今天 16:20 前办好。"
    without = wording.said("reporter_handed", data, "zh-hans", now)
    assert without.text == "您反映的问题（20260302-0000001-X）由东风街道办事处在办。"


def test_what_somebody_typed_is_never_read_as_a_placeholder() -> None:
    said = wording.said("reporter_broadcast", {"number": "1", "text": "{unit} [a] {{x}}"}, "zh-hans")
    assert said.text.endswith("{unit} [a] {{x}}")


GOOD = {
    "head": "[template.trial]", "zh": 'zh = { title = "试", text = "{number}" }',
    "en": 'en = { title = "Trial", text = "{number}" }', "sample": 'sample = { number = "1" }',
}  # fmt: skip
WRONG = {
    "zh": [
        ("", "needed in zh and in en"), ('zh = { title = "试", text = "{name}" }', "unknown placeholders"),
        ('zh = { title = "试", text = "" }', "needed in zh and in en"),
        ('zh = { title = "试", text = "编号" }', "same placeholders"),
    ],
    "sample": [("sample = {}", "the sample has no")],
    "head": [
        ("[template.Trial]", "small letters"), ('[template.trial]\nfor = "everybody"', "for is one of"),
        ('[template.trial]\nurgency = "very"', "urgency is one of"),
        ('[template.trial]\nchannels = ["pigeon"]', "channels are of"),
        ("[template.trial]\ncolour = 1", "unknown keys"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("line", "given", "words"), [(k, *pair) for k, pairs in WRONG.items() for pair in pairs])
def test_a_template_that_cannot_hold_is_refused(line: str, given: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text("\n".join((GOOD | {line: given}).values()), encoding="utf-8")
    with pytest.raises(WrongFile, match=words):
        language.templates(path)
    path.write_text("\n".join(GOOD.values()), encoding="utf-8")
    assert [template.code for template in language.templates(path)] == ["trial"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[rule]]\ntopic = "moved"', "are needed"), ("[[rule", "Expected"),
        ('[[rule]]\ntopic = "moved"\ntemplate = "arrived"\nto = "everybody"', "to is one of"),
        ('[[rule]]\ntopic = "moved"\ntemplate = "arrived"\nto = "unit"\nurgency = "very"', "urgency"),
        ('[[rule]]\ntopic = "moved"\ntemplate = "arrived"\nto = "unit"\ncolour = 1', "unknown keys"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_hold_is_refused(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WrongFile, match=words):
        language.rules(path)


def test_another_template_of_the_same_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wording, "_templates", dict(wording._templates))
    path = tmp_path / "t.toml"
    path.write_text("\n".join((GOOD | {"head": "[template.urged]"}).values()), encoding="utf-8")
    with pytest.raises(WrongFile, match="another template"):
        wording.register(path)


def test_every_topic_that_acts_write_has_a_rule() -> None:
    topics = {rule.topic for rule in wording.rules()}
    assert topics == {
        "reported", "moved", "ended", "mark", "called", "urged", "approval_asked", "approval_refused",
    }  # fmt: skip
