"""Words of made-up reports, as unequally common as in life (Zipf)."""

import itertools
import random

COMMON = (
    "路口",
    "井盖",
    "缺失",
    "破损",
    "积水",
    "路灯",
    "不亮",
    "占道",
    "垃圾",
    "堆放",
    "护栏",
    "松动",
    "影响",
    "通行",
)
# words of a text by how often they come: the first in about a third of the texts, the last in one of some hundreds
TERMS = (*COMMON, *("".join(pair) for pair in itertools.product(
    ("解放", "和平", "建设", "新华", "友谊", "长江", "南京", "幸福"),
    ("路", "大街", "里小区", "公园", "菜市场", "小学门口", "桥下", "广场", "医院旁", "地铁站"))))  # fmt: skip
RARE = "钢琴搬运"  # in a handful of reports
_WEIGHTS = [1 / rank for rank in range(1, len(TERMS) + 1)]


def words(draw: random.Random) -> tuple[str, str, str]:
    """Title, text and address of a report."""
    chosen = draw.choices(TERMS, _WEIGHTS, k=14)
    if draw.random() < 0.005:
        chosen.append(RARE)
    return "".join(chosen[:3]), "，".join(chosen), draw.choice(TERMS[len(COMMON) :])


def words_of_length(draw: random.Random, title: int, text: int, address: int) -> tuple[str, str, str]:
    """The same with so many signs each, all of which take as many bytes."""
    found = words(draw)
    rare = found[1].endswith(RARE)
    long = (RARE + "，" + found[1] if rare else found[1]) + "。" * text
    return (found[0] + "。" * title)[:title], long[:text], (found[2] + "附近道路旁边一侧" * 2)[:address]
