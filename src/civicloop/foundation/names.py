"""Names of data: one text per language, that of the city's own language required."""

from collections.abc import Mapping

from civicloop.foundation import locality

REQUIRED = "zh-hans"
MARKS = {"zh-hans": "中"}


def given(name: str, name_en: str = "", language: str | None = None) -> dict[str, str]:
    """The names that a file gives: one in `language` (default: the city's own), perhaps one in English beside it."""
    return {language or locality.language(): name} | ({"en": name_en} if name_en else {})


def own(names: Mapping[str, str]) -> str:
    """The name in the city's own language, or whichever there is."""
    return names.get(locality.language()) or next(iter(names.values()), "")


def shown(names: Mapping[str, str], language: str) -> str:
    """The name in `language` (a Django code such as "en"); when missing, the Chinese one with 〔中〕 behind it.

    Where there is no Chinese one either, whichever there is, with its language behind it.

    A text that the data leave out in every language (the closing words of a default condition) is empty. The mark makes
    the fall-back visible, so that nobody takes a missing translation for a translation.
    """
    if not names:
        return ""
    if language in names:
        return names[language]
    first = REQUIRED if REQUIRED in names else next(iter(names))
    fallback = names[first]
    alike = first == language or (language.startswith("zh") and first.startswith("zh"))
    return fallback if alike else f"{fallback}〔{MARKS.get(first, first)}〕"


def problems(names: Mapping[str, str]) -> list[str]:
    """What is wrong with a name, as machine words; empty when it is sound: Chinese, or in the city's own language."""
    found = []
    present = [language for language, text in names.items() if text.strip()]
    if REQUIRED not in present and not (present and locality.language() in present):
        found.append("zh_missing")
    return found + [f"empty:{each}" for each in names if each not in present and each != REQUIRED]
