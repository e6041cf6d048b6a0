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
