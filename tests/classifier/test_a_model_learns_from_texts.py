"""What a model learns, how sure it is, and that it lies on the disk as plain arrays."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicloop.classifier.rules import features, model, training
from civicloop.classifier.rules.measures import measure
from tests.classifier.messages import TOPICS, messages

TEXTS, LABELS = messages(420, 1)
TRAINED = training.train(TEXTS, LABELS, about={})


def test_new_messages_are_told_apart() -> None:
    texts, labels = messages(200, 2)
    found = measure(labels, [TRAINED.model.label(text) for text in texts])
    assert found.accuracy >= 0.95
    assert found.macro_f1 >= 0.95


def test_labels_that_say_nothing_are_not_learnt() -> None:
    drawn = random.Random(3).choices(sorted(TOPICS), k=len(TEXTS))
    blind = training.train(TEXTS, drawn, about={})
    assert blind.held_out.accuracy < 0.45  # chance is one seventh
    assert blind.spoken < 0.2


def test_it_keeps_silent_about_what_it_does_not_know() -> None:
    assert not TRAINED.model.answer("").spoken
    assert not TRAINED.model.answer("zzz 🙂 !!").spoken
    assert not TRAINED.model.answer("谢谢").spoken
    sure = TRAINED.model.answer("楼上夜里施工，装修电钻响个不停")
    assert sure.spoken
    assert sure.label == "噪声"
    assert sure.confidence > 0.6


def test_it_names_the_words_that_decided() -> None:
    reasons = TRAINED.model.answer("您好，我是附近的居民，暖气不热，家里冰凉").reasons
    assert reasons
    assert all(any(reason in words for words in TOPICS["供暖"]) for reason in reasons[:2]), reasons


def test_it_shows_whole_words_as_they_stand_in_the_text() -> None:
    """And not the runs of at most three signs that it weighs, which cut words into parts."""
    text = "楼上夜里施工，装修电钻响个不停；楼上夜里施工"
    reasons = TRAINED.model.answer(text).reasons
    assert all(reason in text for reason in reasons)
    assert max(map(len, reasons)) > features.LONGEST
    assert not [(one, other) for one in reasons for other in reasons if one != other and one in other]
    many = TRAINED.model.answer("，".join(words for words in TEXTS[:80])).reasons
    assert 0 < len(many) <= model.REASONS


def test_the_same_texts_give_the_same_model() -> None:
    again = training.train(TEXTS, LABELS, about={}).model
    assert again.labels == TRAINED.model.labels
    assert again.threshold == TRAINED.model.threshold
    np.testing.assert_array_equal(again.weights, TRAINED.model.weights)


def test_a_model_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    model.save(TRAINED.model, folder)
    model.save(TRAINED.model, folder)  # over the former one
    read = model.load(folder)
    assert [each.name for each in tmp_path.iterdir()] == ["city"]
    for text in TEXTS[:20]:
        assert read.answer(text) == TRAINED.model.answer(text)


@pytest.mark.parametrize("name", ["model.json", "vocabulary.txt", "weights.npy", "idf.npy", "intercept.npy"])
def test_a_damaged_model_is_none(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "city"
    model.save(TRAINED.model, folder)
    (folder / name).write_bytes(b"\x80\x04no")
    with pytest.raises(model.NoModel):
        model.load(folder)
    (folder / name).unlink()
    with pytest.raises(model.NoModel):
        model.load(folder)


def test_a_run_that_few_texts_have_does_not_enter() -> None:
    texts = [*TEXTS, "张三丰住在幸福里", "张三丰又来电话"]
    known = training.train(texts, [*LABELS, "道路", "市容"], about={}, fewest=3).model.vocabulary
    assert "张三丰" not in known
    assert not any(sign.isdigit() and sign != "0" for run in known for sign in run)


def test_descriptions_are_learnt_from_where_there_is_no_text() -> None:
    known = training.train(TEXTS, LABELS, about={}, described={"河道": "河面漂浮物，水草，瓶子"}).model
    assert known.label("河面漂着水草和瓶子") == "河道"


def test_too_little_is_refused() -> None:
    with pytest.raises(training.TooLittle):
        training.train(TEXTS[:19], LABELS[:19], about={})
    with pytest.raises(training.TooLittle):
        training.train(TEXTS, ["道路"] * len(TEXTS), about={})


def test_two_labels_and_a_label_of_one_text() -> None:
    texts = [f"路灯不亮{each}" for each in "甲乙丙丁戊己庚辛壬癸"]
    texts += [f"垃圾成堆{each}" for each in "子丑寅卯辰巳午未申酉"]
    two = training.train(texts, ["灯"] * 10 + ["垃圾"] * 10, about={}).model
    assert (two.label("路灯又不亮"), two.label("垃圾很多")) == ("灯", "垃圾")
    three = training.train([*texts, "河水发黑"], ["灯"] * 10 + ["垃圾"] * 10 + ["河"], about={}).model
    assert three.label("河水发黑") == "河"


def test_names_alone_speak_only_where_one_stands_out() -> None:
    known = training.from_names({"1": "供水井盖。井盖", "2": "路灯", "3": "垃圾箱"}, about={})
    assert known.answer("路灯三天没亮").label == "2"
    assert known.answer("路灯三天没亮").spoken
    assert not known.answer("楼下很吵").spoken


def test_the_measures_are_those_of_the_books() -> None:
    found = measure(["a", "a", "b", "b", "c"], ["a", "b", "b", "b", "a"])
    assert found.accuracy == 0.6
    assert found.confusion == ((1, 1, 0), (0, 2, 0), (1, 0, 0))
    assert found.per_label()["a"] == {"rows": 2, "precision": 0.5, "recall": 0.5, "f1": 0.5}
    assert found.macro_f1 == pytest.approx((0.5 + 0.8 + 0) / 3)


@given(st.text(max_size=300))
def test_whatever_is_typed_gets_an_answer(text: str) -> None:
    answer = TRAINED.model.answer(text)
    assert answer.label in TOPICS
    assert 0 < answer.confidence <= 1
    assert all(1 <= len(run) <= features.LONGEST for run in features.runs(text))
