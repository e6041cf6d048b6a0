"""Identity documents and credit codes checked by their standards, and personal numbers found in running text.

A region code is never compared with a list: retired ones stay valid on old documents.
"""

import re
from datetime import date

_CITIZEN_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CITIZEN_CHECKS = "10X98765432"
_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGAN_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGAN_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# digits of a longer number, such as an order or a bank card, are neither a phone nor a document
_MOBILE = re.compile(r"(?<![0-9])(?:\+?86[- ]?)?1[3-9][0-9](?:[- ]?[0-9]{4}){2}(?![0-9])")
_CITIZEN = re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")

_CITIZEN_LIKE = re.compile(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])")
_LONG = re.compile(r"(?<![0-9*])[0-9](?:[- ]?[0-9]){6,}(?![0-9*])")


def is_citizen_number(text: str) -> bool:
    """Whether it is a valid 公民身份号码 (GB 11643-1999): date of birth and check sign by ISO 7064 MOD 11-2.

    Residence permits of the SARs and Taiwan (81, 82, 83 …) follow the same rule. A lower-case x is taken.
    """
    number = text.strip().upper()
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return False
    try:
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(int(sign) * weight for sign, weight in zip(number[:17], _CITIZEN_WEIGHTS, strict=True))
    return number[17] == _CITIZEN_CHECKS[total % 11]


def is_credit_code(text: str) -> bool:
    """Whether it is a valid 统一社会信用代码 (GB 32100-2015), with the organisation code in it (GB 11714-1997)."""
    code = text.strip().upper()
    if len(code) != 18 or any(sign not in _CREDIT_SIGNS for sign in code) or not code[2:8].isdigit():
        return False
    total = sum(_CREDIT_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(code[:17]))
    return code[17] == _CREDIT_SIGNS[(31 - total % 31) % 31] and code[16] == organ_check(code[8:16])


def organ_check(body: str) -> str:
    """The check sign of the eight signs of an organisation code (GB 11714-1997): weights 3 7 9 10 5 8 4 2, mod 11."""
    total = sum(_ORGAN_SIGNS.index(sign) * weight for sign, weight in zip(body, _ORGAN_WEIGHTS, strict=True))
    return "X" if (check := 11 - total % 11) == 10 else "0" if check == 11 else str(check)


def personal_numbers(text: str) -> set[str]:
    """Which personal numbers stand in a text: "phone" (mobile of the mainland), "document" (citizen number)."""
    found = {"document"} if any(is_citizen_number(hit) for hit in _CITIZEN.findall(text)) else set()
    rest = _CITIZEN.sub(" ", text)
    return found | ({"phone"} if _MOBILE.search(rest) else set())


def with_masked_numbers(text: str) -> str:
    """A text in which mobile numbers and what looks like a citizen number are masked; everything else stays."""
    found = _CITIZEN_LIKE.sub(lambda hit: masked("document", hit[0]), text)
    return _MOBILE.sub(lambda hit: masked("phone", re.sub(r"[^0-9]", "", hit[0])[-11:]), found)


def without_numbers(text: str) -> str:
    """A text to pass on: mobile and citizen numbers masked, every other run of seven or more digits left out."""
    return _LONG.sub(lambda hit: hit[0] if "*" in hit[0] else "****", with_masked_numbers(text))


def masked(kind: str, value: str) -> str:
    """What a page shows before somebody opens the value for a purpose: 138****1234, 1***************X, 王**."""
    if kind == "phone":
        return f"{value[:3]}****{value[-4:]}" if len(value) >= 10 else "*" * len(value)
    if kind == "document":
        return f"{value[:1]}{'*' * max(0, len(value) - 2)}{value[-1:]}" if len(value) > 2 else "*" * len(value)
    return f"{value[:1]}{'*' * min(2, max(1, len(value) - 1))}" if value else ""
