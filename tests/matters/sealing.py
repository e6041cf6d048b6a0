"""A small procedure of a city's own whose acts take sealed values, and the step to store it."""

from pathlib import Path

from tests import world

RELIEF = """
code = "relief"
version = 1
zh = "临时救助"
en = "Relief"
start = "asked"
outside = { %(outside)s = { zh = "住户", en = "Household" } }
[holder]
grid = { post = "grid_worker", of = "area", zh = "网格员", en = "Grid worker" }
chief = { post = "leader", of = "area", zh = "领导", en = "Leader" }
[need]
phone = { kind = "text", sealed = true, zh = "电话", en = "Phone" }
account = { kind = "text", sealed = true, zh = "账号", en = "Account" }
reason = { kind = "text", zh = "理由", en = "Reason" }
[clock]
decide = { limit = "5 work_day", per = "step", zh = "办理", en = "Decision" }
[approval.chief]
levels = [{ by = ["chief"] }]
within = "2 work_day"
lapse = "refused"
[step]
asked = { stage = "collect", holder = ["grid"], clock = "decide", zh = "待办", en = "Asked" }
paid = { stage = "evaluate", end = "decided", zh = "已发放", en = "Paid" }
declined = { stage = "collect", end = "declined", zh = "不予办理", en = "Declined" }
[action.take_down]
zh = "登记"
en = "Take down"
from = ["asked"]
needs = ["phone", "account"]
[action.pay]
zh = "发放"
en = "Pay"
from = ["asked"]
to = "paid"
needs = ["account", "reason"]
approval = "chief"
[action.decline]
zh = "不予办理"
en = "Decline"
from = ["asked"]
to = "declined"
needs = ["reason"]
"""


def store(folder: Path, outside: str = "household") -> None:
    """Prove and store the procedure; `outside` is who stands outside."""
    from civicloop.procedures import actions

    path = folder / "relief.toml"
    path.write_text(RELIEF % {"outside": outside}, encoding="utf-8")
    actions.load_files(actor_id=None, paths=[path], effective_from=world.BEGINNING)
