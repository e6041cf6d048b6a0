"""Messages made up for tests: seven topics, each with words of its own among words that all share."""

import random

SHARED = (
    "您好", "我是附近的居民", "反映一个问题", "已经好几天了", "希望尽快处理", "没有人管",
    "打过电话", "晚上也是这样",
    "老人孩子都受影响",
    "请有关部门看一看", "谢谢", "多次反映", "不知道归谁管", "上个月就这样",
)  # fmt: skip
TOPICS = {
    "道路": ("路面坑洼", "井盖松动", "人行道砖碎了", "路灯不亮", "沥青破损", "车一压就响"),
    "市容": ("垃圾堆成山", "渣土没人拉", "小广告贴满墙", "占道摆摊", "油烟呛人", "乱搭棚子"),
    "噪声": ("夜里施工", "广场音响太大", "空调外机轰鸣", "装修电钻", "酒吧吵闹", "睡不着觉"),
    "供暖": ("暖气不热", "管道漏水", "室温十五度", "供热站不接电话", "阀门坏了", "家里冰凉"),
    "交通": ("红绿灯坏了", "公交车不停站", "共享单车堵路", "违停占满车道", "护栏撞歪", "堵车"),
    "学校": ("校门口拥堵", "校车超员", "补课收费", "食堂饭菜凉", "教室漏雨", "操场开裂"),
    "绿化": ("树枝压电线", "草坪枯死", "树要倒了", "花坛被踩", "绿地改停车", "落叶堵下水"),
}


def message(topic: str, drawing: random.Random) -> str:
    """A message of ten to some hundred signs about a topic."""
    said = drawing.sample(TOPICS[topic], drawing.randint(1, 3)) + drawing.sample(SHARED, drawing.randint(1, 6))
    drawing.shuffle(said)
    return "，".join(said) + "。"


def messages(count: int, seed: int) -> tuple[list[str], list[str]]:
    """Texts and their topics, repeatable."""
    drawing = random.Random(seed)
    topics = [drawing.choice(sorted(TOPICS)) for _each in range(count)]
    return [message(topic, drawing) for topic in topics], topics
