"""Names of data: one text per language, Chinese required."""

from collections.abc import Mapping

REQUIRED = "zh-hans"


def shown(names: Mapping[str, str], language: str) -> str:
    """The name in `language` (a Django code such as "en"); when missing, the Chinese one with 〔中〕 behind it.

    A text that the data leave out in every language (the closing words of a default condition) is empty. The mark makes
    the fall-back visible, so that nobody takes a missing translation for a translation.
    """
    if not names:
        return ""
    if language in names:
        return names[language]
    fallback = names[REQUIRED]
    return fallback if language.startswith("zh") else f"{fallback}〔中〕"


def problems(names: Mapping[str, str]) -> list[str]:
    """What is wrong with a name, as machine words; empty when it is sound."""
    found = []
    if not names.get(REQUIRED, "").strip():
        found.append("zh_missing")
    found += [f"empty:{language}" for language, text in names.items() if not text.strip() and language != REQUIRED]
    return found
