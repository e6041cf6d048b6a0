"""Search words of Chinese and other text: bigrams of Han characters, whole words of the rest, lower case."""

import re
import unicodedata

_RUNS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[0-9a-z]+")
LONGEST = 24


def tokens(*texts: str) -> list[str]:
    """The distinct tokens of the texts, sorted. "解放路" gives 解放, 放路; a single character stands alone."""
    found: set[str] = set()
    for text in texts:
        for run in _RUNS.findall(unicodedata.normalize("NFKC", text).lower()):
            if run[0] < "\u3400" or len(run) == 1:
                found.add(run[:LONGEST])
            else:
                found.update(run[i : i + 2] for i in range(len(run) - 1))
    return sorted(found)
