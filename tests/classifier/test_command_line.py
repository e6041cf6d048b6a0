"""`classifier train` and `evaluate` on any table: measures, models, and plain words for what is wrong."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from civicloop.classifier.commands import classifier
from tests.classifier.messages import messages


def write(path: Path, count: int, seed: int, encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["编号", "内容", "分类"])
        for no, (text, label) in enumerate(zip(*messages(count, seed), strict=True)):
            rows.writerow([no, text, label])
        rows.writerow([count, "", "道路"])
    return path


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(classifier, [str(each) for each in words])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models") / "seven"


@pytest.fixture(scope="module")
def trained(folder: Path) -> dict[str, Any]:
    table = write(folder.parent / "train.csv", 300, 11)
    done = call("train", "--file", table, "--text", "内容", "--label", "分类", "--model", folder, "--json")
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.output))


def test_training_says_what_it_read_and_achieved(trained: dict[str, Any]) -> None:
    assert (trained["rows"], trained["skipped"], len(trained["labels"])) == (300, 1, 7)
    assert trained["held_out"]["accuracy"] >= 0.9


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_another_table_is_evaluated(trained: dict[str, Any], folder: Path, tmp_path: Path, encoding: str) -> None:
    table = write(tmp_path / "test.csv", 100, 12, encoding)
    done = call("evaluate", "--file", table, "--text", "内容", "--label", "分类", "--model", folder, "--json")
    found = json.loads(done.output)
    assert found["rows"] == 100
    assert found["accuracy"] >= 0.9
    assert found["macro_f1"] >= 0.9
    table_ = found["confusion"]["rows_true_columns_called"]
    assert sum(map(sum, table_)) == 100
    assert sum(table_[at][at] for at in range(len(table_))) == round(found["accuracy"] * 100)
    words = call("evaluate", "--file", table, "--text", "内容", "--label", "分类", "--model", folder)
    assert "macro-F1" in words.output or "宏平均" in words.output


@pytest.mark.parametrize(
    ("encoding", "delimiter"),
    [("utf-8", ","), ("utf-8-sig", "\t"), ("gbk", ","), ("gb18030", ";"), ("utf-16", "\t"), ("utf-16", ",")],
)
def test_tables_as_offices_have_them(
    trained: dict[str, Any], folder: Path, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    """Quoted line breaks, signs that end a line elsewhere, empty rows, long texts, blanks about the names."""
    texts, labels = messages(40, 14)
    odd = ["\n第一行\r\n第二行，", "\u2028", "\x0b\x0c\x85", '他说"不管"，', "重复" * 990, "\u3000\t "]
    if encoding == "gbk":
        odd = [each for each in odd if "\u2028" not in each and "\x85" not in each]
    table = tmp_path / "t.csv"
    with table.open("w", encoding=encoding, newline="") as file:
        rows = csv.writer(file, delimiter=delimiter)
        rows.writerow(["编号", " 内容", "分类 "])
        for no, (text, label) in enumerate(zip(texts, labels, strict=True)):
            rows.writerow([no, odd[no % len(odd)] + text + text, label])
        rows.writerow([])
        rows.writerow(["", "", ""])
        rows.writerow([1, "只有内容"])
        rows.writerow([2, texts[0], "从未见过的类别"])
    done = call("evaluate", "--file", table, "--text", "内容", "--label", "分类", "--model", folder, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert (found["rows"], found["skipped"]) == (41, 2)
    assert found["per_label"]["从未见过的类别"]["recall"] == 0  # never a label that it was not taught
    assert found["accuracy"] >= 0.8


def test_a_file_that_was_cut_within_a_sign_is_still_read(trained: dict[str, Any], folder: Path, tmp_path: Path) -> None:
    for encoding in ("utf-8", "gb18030"):
        table = write(tmp_path / "cut.csv", 30, 15, encoding)
        table.write_bytes(table.read_bytes() + "31,路".encode(encoding)[:-1])
        done = call("evaluate", "--file", table, "--text", "内容", "--label", "分类", "--model", folder, "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.output)["rows"] == 30


def test_copies_and_a_rare_label_do_not_hinder_learning(tmp_path: Path) -> None:
    """Everything sent twice, and a label of one single text: what is held out is no copy of what was learnt from."""
    texts, labels = messages(120, 16)
    table = tmp_path / "twice.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["内容", "分类"])
        rows.writerows([*zip(texts, labels, strict=True)] * 2)
        rows.writerow(["只有这一条说的是无人机", "低空"])
    done = call("train", "--file", table, "--text", "内容", "--label", "分类", "--model", tmp_path / "m", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.output)
    assert (found["rows"], len(found["labels"])) == (241, 8)
    assert found["held_out"]["accuracy"] > 0.5


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    table = write(tmp_path / "few.csv", 5, 13)
    wrong = call("train", "--file", table, "--text", "正文", "--label", "分类", "--model", tmp_path / "m")
    assert wrong.exit_code == 1
    assert "内容" in wrong.output
    few = call("train", "--file", table, "--text", "内容", "--label", "分类", "--model", tmp_path / "m")
    assert few.exit_code == 1
    assert "too few" in few.output
    none = call("evaluate", "--file", table, "--text", "内容", "--label", "分类", "--model", tmp_path / "m")
    assert none.exit_code == 1
    assert "train one first" in none.output
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00\x81\x30\xff")
    broken = call("train", "--file", tmp_path / "bytes.csv", "--text", "a", "--label", "b")
    assert broken.exit_code == 1
    assert not (tmp_path / "m").exists()
