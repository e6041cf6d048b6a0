"""Identity documents and credit codes by their standards; personal numbers found where they do not belong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicloop.foundation import identifiers


@pytest.mark.parametrize(
    "number", ["11010519491231002X", "11010519491231002x", "440524188001010014", " 11010519491231002X "]
)
def test_valid_citizen_numbers(number: str) -> None:
    assert identifiers.is_citizen_number(number)  # the examples of GB 11643-1999


@pytest.mark.parametrize(
    "number",
    [
        "110105194912310021", "11010519491331002X", "1101051949123100", "", "11010519490229002X", "a1010519491231002X",
        "１１０１０５１９４９１２３１００２Ｘ",
    ],
)  # fmt: skip
def test_invalid_citizen_numbers(number: str) -> None:
    assert not identifiers.is_citizen_number(number)


@pytest.mark.parametrize("code", ["91350100M000100Y43", "914403001922038216"])
def test_valid_credit_codes(code: str) -> None:
    assert identifiers.is_credit_code(code)  # GB 32100-2015; a widely copied list of the first one ends in Z wrongly


@pytest.mark.parametrize(
    "code", ["91350100M000100Y4Z", "914403001922038217", "91350100M000100Y4", "9135O100M000100Y43", ""]
)
def test_invalid_credit_codes(code: str) -> None:
    assert not identifiers.is_credit_code(code)


def test_the_check_of_an_organisation_code() -> None:
    assert identifiers.organ_check("M000100Y") == "4"
    assert identifiers.organ_check("D2143569") == "X"  # the example of GB 11714-1997


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(place: int, more: int) -> None:
    number = "11010519491231002X"
    wrong = number[:place] + str((int(number[place]) + more) % 10) + number[place + 1 :]
    assert not identifiers.is_citizen_number(wrong)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("请联系王先生13812345678，井盖坏了", {"phone"}),
        ("电话 +86 138-1234-5678", {"phone"}),
        ("身份证11010519491231002X丢了", {"document"}),
        ("王某 11010519491231002x，13912345678", {"document", "phone"}),
        ("订单号 20261123138123456789 没有送到", set()),
        ("银行卡 6222021381234567890", set()),
        ("110105194912310021 是个错号", set()),
        ("2号楼138号门口有3个坑，受理编号20261123-0002906-0", set()),
        ("拨打12345无人接听", set()),
    ],
)
def test_personal_numbers_in_a_text(text: str, found: set[str]) -> None:
    assert identifiers.personal_numbers(text) == found


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("phone", "13812341234", "138****1234"), ("phone", "5550", "****"),
        ("document", "11010519491231002X", "1" + "*" * 16 + "X"),
        ("document", "12", "**"), ("name", "王小明", "王**"), ("name", "王", "王*"), ("name", "", ""),
    ],
)  # fmt: skip
def test_values_are_masked(kind: str, value: str, shown: str) -> None:
    assert identifiers.masked(kind, value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("打13812345678，门口有3个坑", "打138****5678，门口有3个坑"), ("+86 138-1234-5678晚上", "138****5678晚上"),
        ("证11010519491231002X。", "证1****************X。"), ("编号20261123-0002906-0", "编号20261123-0002906-0"),
        ("订单号1381234567890", "订单号1381234567890"),
    ],
)  # fmt: skip
def test_numbers_of_persons_are_masked_and_nothing_else_is_touched(text: str, shown: str) -> None:
    assert identifiers.with_masked_numbers(text) == shown
