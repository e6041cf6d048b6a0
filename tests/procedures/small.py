"""Small declarations for the tests: one that is closed, and ways to break it."""

from civicloop.procedures.rules import reading
from civicloop.procedures.rules.language import Procedure
from civicloop.procedures.rules.proof import Proof, prove

POSTS = frozenset({"clerk", "worker", "checker", "chief", "dispatcher"})

SMALL = """
code = "small"
version = 1
zh = "小事项"
en = "Small"
start = "new"
outside = { reporter = { zh = "上报人", en = "Reporter" } }
[seat]
worker = { kind = "person", zh = "处置人员", en = "worker" }
[holder]
clerk = { post = "clerk", of = "area", zh = "受理员", en = "Clerk" }
worker = { post = "worker", of = "worker", zh = "处置人员", en = "Worker" }
checker = { post = "checker", of = "area", zh = "核查员", en = "Checker" }
chief = { post = "chief", of = "area", zh = "主任", en = "Chief" }
helper = { post = "worker", of = "task", zh = "协办", en = "Helper" }
[need]
reason = { kind = "text", zh = "理由", en = "Reason" }
signature = { kind = "signature", zh = "签名", en = "Signature" }
helpers = { kind = "units", zh = "协办", en = "Helpers" }
until = { kind = "date", zh = "至", en = "Until" }
[clock]
begin = { limit = "1 work_hour", per = "step", zh = "受理", en = "Begin" }
handle = { limit = "3 work_day", zh = "处置", en = "Handle" }
check = { limit = "1 work_day", per = "step", zh = "核查", en = "Check" }
help = { limit = "1 work_day", per = "task", zh = "协办", en = "Help" }
[bound]
reworks = { max = 2, then = "review" }
returns = { max = 3 }
extensions = { max = 2 }
helps = { max = 2 }
[approval.chief]
levels = [{ by = ["chief"] }]
within = "1 work_day"
lapse = "refused"
[hold.waiting]
zh = "等待"
en = "Waiting"
pauses = ["handle"]
up_to = "3 work_day"
times = 1
[tasks.help]
zh = "协办"
en = "Help"
each = "helper"
among = "helpers"
clock = "help"
answers = { done = "pass", cannot = "fail" }
work = true
[step]
new = { stage = "collect", holder = ["clerk"], clock = "begin", zh = "待派", en = "New" }
handling = { stage = "handle", holder = ["worker"], clock = "handle", zh = "处置中", en = "Handling" }
to_check = { stage = "check", holder = ["checker"], clock = "check", zh = "待核查", en = "To check" }
review = { stage = "check", holder = ["chief"], clock = "check", zh = "审核", en = "Review" }
closed = { stage = "evaluate", end = "done", zh = "已结", en = "Closed" }
declined = { stage = "file", end = "declined", zh = "不立案", en = "Declined" }
[action.decline]
zh = "不予立案"
en = "Decline"
from = ["new"]
to = "declined"
needs = ["reason"]
[action.assign]
zh = "派遣"
en = "Assign"
from = ["new"]
to = "handling"
assigns = ["worker"]
starts = ["handle"]
[action.give_back]
zh = "退回"
en = "Give back"
from = ["handling"]
to = "new"
counts = "returns"
stops = ["handle"]
cancels = "help"
[action.extend]
zh = "延期"
en = "Extend"
from = ["handling"]
approval = "chief"
counts = "extensions"
extends = "handle"
extend_by = "original"
[action.wait]
zh = "等待"
en = "Wait"
from = ["handling"]
holds = "waiting"
[action.help]
zh = "请协办"
en = "Ask for help"
from = ["handling"]
needs = ["helpers"]
opens = "help"
counts = "helps"
[action.handle]
zh = "处置"
en = "Handle"
from = ["handling"]
to = "to_check"
work = true
stops = ["handle"]
joins = { help = "answered" }
[action.check]
zh = "核查"
en = "Check"
from = ["to_check"]
result.pass = { zh = "通过", en = "Pass", check = "pass", to = "closed" }
result.fail = { zh = "不通过", en = "Fail", check = "fail", to = "handling", counts = "reworks", revives = ["handle"] }
[action.review]
zh = "审核"
en = "Review"
from = ["review"]
result.again = { zh = "再办", en = "Again", to = "handling", adjudicates = "reworks", revives = ["handle"] }
result.accept = { zh = "认可", en = "Accept", check = "pass", to = "closed" }
"""


def no_fragments(name: str) -> str:
    raise FileNotFoundError(name)


def small(*changes: tuple[str, str], more: str = "") -> Procedure:
    """The small procedure with pieces of its text replaced; each piece must occur."""
    text = SMALL
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return reading.read(text + more, no_fragments)


def proof(*changes: tuple[str, str], more: str = "", guards: frozenset[str] | None = None) -> Proof:
    return prove(small(*changes, more=more), POSTS, {}, guards)
