"""Fills the database of the browser tests and prints, as JSON, who is signed in and which matters stand where.

Run as a program of its own, with the addresses of that database in the environment: the tests themselves only browse.
"""

import json
from typing import Any
from uuid import UUID

USERS = (
    "channel", "grid", "clerk", "d1-clerk", "receiver", "worker", "head", "checker", "supervisor", "leader", "system",
    "security", "audit", "s2-clerk", "d2-clerk",
)  # fmt: skip


def passwords() -> None:
    """Every account gets the password of the tests."""
    from django.contrib.auth.hashers import make_password

    from civicloop.people.models import Account
    from tests import world

    Account.objects.update(password=make_password(world.PASSWORD))


def sessions() -> dict[str, str]:
    """A session of each user, as if signed in: the sign-in page itself allows few tries in a short time."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from civicloop.people.models import Account

    found = {}
    for user in USERS:
        account = Account.objects.get(username=user)
        session = SessionStore()
        session[SESSION_KEY] = str(account.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = account.get_session_auth_hash()
        session.save()
        found[user] = str(session.session_key)
    return found


def picture(matter: UUID, stage: str, seed: int) -> None:
    """A drawn photo, as somebody would have sent it."""
    from civicloop.foundation import ids
    from civicloop.matters import actions
    from civicloop.people.access import outsider
    from tests import world
    from tests.evidence import pictures

    actor = {"after": world.actor("worker"), "other": world.actor("checker")}.get(stage, outsider("reporter", matter))
    prepared = actions.take_upload(
        actor, upload=pictures.encoded(pictures.drawn(640, 480, seed)), filename="photo.jpg", stage=stage,
        matter_id=matter, evidence_id=ids.uuid7(), synthetic=True,
    )  # fmt: skip
    actions.add_evidence(actor, prepared)


def matters() -> dict[str, str]:
    """One matter at each step that a page shows, by the step's name."""
    from civicloop.matters import doubts
    from civicloop.matters.models import Matter
    from tests import world
    from tests.catalogue import components
    from tests.matters import loop

    condition = loop.condition(no=3)
    made: dict[str, UUID] = {}

    def at(name: str, title: str, text: str, **values: Any) -> UUID:
        who = {"name": "王小明", "phone": "13800001234"}
        made[name] = loop.report(
            "channel", title=title, text=text, address="和平路与新华道交口", reporter=who, **values
        )
        picture(made[name], "before", len(made))
        return made[name]

    def filed(matter: UUID) -> None:
        loop.act("clerk", matter, "file", condition=condition)
        loop.act("clerk", matter, "dispatch")

    def handled(matter: UUID) -> None:
        filed(matter)
        loop.act("receiver", matter, "accept")
        loop.act("receiver", matter, "assign", worker="worker")
        picture(matter, "after", 40 + len(made))
        loop.act("worker", matter, "handle", result="已更换新井盖，四周填平，恢复通行。")

    at("reported", "井盖破损", "小区西门口井盖裂开一道缝，车压过去会晃。", kind="01023")
    at("long", "路灯不亮", "从路口到学校门口连着六盏路灯都不亮，孩子放学看不清路。" * 12)
    verifying = at("verifying", "暴露垃圾", "楼后空地堆了不少装修垃圾，已经三天。")
    loop.act("clerk", verifying, "send_pre_verify")
    filed(at("dispatched", "道路破损", "非机动车道有一个深坑，骑车容易摔。"))
    accepted = at("accepted", "雨水井堵塞", "下雨后积水，雨水篦子被落叶堵住。")
    filed(accepted)
    loop.act("receiver", accepted, "accept")
    handling = at("handling", "违规停车", "消防通道被占，两辆车停了一夜。")
    filed(handling)
    loop.act("receiver", handling, "accept")
    loop.act("receiver", handling, "assign", worker="worker")
    handled(at("handled", "护栏倒伏", "路中护栏被撞倒一段，压在车道上。"))
    to_check = at("to_check", "绿地破坏", "绿地里有人种菜，草皮被挖掉一片。")
    handled(to_check)
    loop.act("receiver", to_check, "feed_back")
    checked = at("checked", "乱张贴小广告", "单元门口贴满小广告。")
    handled(checked)
    loop.act("receiver", checked, "feed_back")
    picture(checked, "other", 90)
    loop.act("checker", checked, "post_check", "pass")
    closed = at("closed", "公厕异味", "公厕冲水坏了，味道很大。")
    handled(closed)
    loop.act("receiver", closed, "feed_back")
    picture(closed, "other", 91)
    loop.act("checker", closed, "post_check", "pass")
    loop.act("clerk", closed, "close")
    asked = at("asked", "人行道砖松动", "人行道砖松了十几块，下雨溅水。")
    filed(asked)
    loop.act("receiver", asked, "accept")
    loop.act("receiver", asked, "request_extension", reason="需等专用砖到货，预计后天到。")
    doubts.put_apart(at("apart", "低价装修", "装修找我 http://a.example ，更多 http://b.example 。"), ["links", "many"])
    at("elsewhere", "河边护坡塌陷", "护坡塌了一块。", point=(117.25, 39.05))
    for number in range(4):  # what waits to be dispatched in a subdistrict of its own
        many = at(f"many{number}", f"背街路灯第{number + 1}盏不亮", "夜里很黑。", kind="01023", point=(117.12, 39.05))
        loop.act("s2-clerk", many, "file", condition=condition)
    called(at("whistled", "跨街道线缆下垂", "线缆垂到人行道，涉及几家单位。", kind="01023", point=(117.12, 39.05)))
    again = at("again", "暖气不热", "三号楼整栋没有暖气，老人在家里穿棉衣。", kind="01001")
    joined = at("joined", "家里没有暖气", "三号楼二单元也没有暖气。", kind="01001")
    loop.act("clerk", joined, "join", lead=str(again))
    at("alike", "暖气冰凉", "三号楼没有暖气，打电话没人接。", kind="01001")
    for name in ("designating", "designated"):
        returned = at(name, "围墙倾斜", "小区围墙往外斜，墙根开裂。", kind="01023")
        filed(returned)
        for number in range(3):
            if number:
                loop.act("clerk", returned, "dispatch")
            loop.act("receiver", returned, "return", reason="围墙归物业养护")
            asked_for = Matter.objects.get(id=returned).requests.get(state="open").no
            loop.act("clerk", returned, "decide", request=asked_for, yes=True, reason="同意")
    loop.act(
        "supervisor", returned, "designate", answering="s1-property", reason="小区围墙归物业", catalogue="物管第3项"
    )
    components.some()
    world.token("grid")  # an account with a token looks no different
    return {name: str(matter) for name, matter in made.items()}


def called(matter: UUID) -> None:
    """A whistle to which one unit has come and another is on the way; the phrases that come with the product."""
    from civicloop.deskwork import actions, files
    from civicloop.matters.models import Task
    from civicloop.people import access
    from tests.matters import loop

    loop.act("s2-clerk", matter, "file", condition=loop.condition(no=3))
    loop.act("s2-clerk", matter, "escalate", up_reason="several_departments", note="供电、城管均需到场")
    units = ["d1-urban", "d1-power"]
    loop.act("d1-dispatcher", matter, "call_responders", responders=units, note="请到现场会商")
    task = Task.objects.get(matter_id=matter, group="arrive", unit__code="d1-urban").no
    place = {"lon": 117.1203, "lat": 39.05, "crs": "wgs84"}
    loop.act("d1-receiver", matter, "answer_part", task=task, answer="arrived", place=place)
    actions.save_phrases(access.system("tests"), files.read(files.SHIPPED.read_bytes()), unit=None)


def orders(made: dict[str, str]) -> dict[str, str]:
    """Supervision orders as pages show them: one that waits for the unit, one that waits for review."""
    from civicloop.supervision.demands import Wanted
    from tests.supervision.orders import WHY, answer, opened

    proof = (Wanted("before", "留存处置前状况"), Wanted("after", "恢复原状并清理现场"), WHY)
    waiting = opened(
        UUID(made["handling"]), UUID(made["handled"]), title="消防通道和护栏专项督查", demands=proof, level="listed"
    )
    answered = opened(
        source="instruction", paper="区长专题会纪要〔2026〕3号", title="井盖安全排查情况",
        text="请报告辖区井盖排查数量、问题清单和整改期限。",
    )  # fmt: skip
    answer(answered, said={1: "共排查井盖 312 处，发现问题 9 处，均已列出整改期限。"})
    for _each in range(3):
        opened(title="占道经营整治", unit="d1-urban", demands=(Wanted("text", "说明整治进度"),))
    return {"ordered": str(waiting.id), "answered": str(answered.id)}


def notices(made: dict[str, str]) -> None:
    """What was told: an inbox, ways to be reached, messages sent, waiting and given up, an answer to all."""
    from civicloop.foundation import ids
    from civicloop.notices import broadcasts, jobs
    from civicloop.notices.actions import To, Urgency, tell
    from civicloop.notices.models import Delivery
    from tests import world
    from tests.notices import telling

    telling.contact("worker")
    telling.contact("worker", "chat", "li.lei", muted=True)
    neighbour = telling.reported(parent_id=UUID(made["reported"]), title="同一处井盖", channel="desk")
    jobs.round()
    worker = [To(account=telling.account("worker"))]
    data = {"number": "20260303-0000123-K", "step": {"zh-hans": "先行处置", "en": "Emergency, ordered orally"}}
    tell(
        key="seed",
        topic="arrived_urgent",
        to=worker,
        data=data,
        urgency=Urgency.URGENT,
        matter_id=UUID(made["handling"]),
    )
    jobs.send_all()
    Delivery.objects.filter(channel="email").update(state="dead", error="timeout", tries=6)
    text = "路口井盖今天下午更换，18 点前恢复通行，请绕行。"
    broadcasts.send(world.actor("clerk"), broadcast_id=ids.uuid7(), matter_id=neighbour, text=text)


def shown(made: dict[str, str]) -> dict[str, str]:
    """A film that the worker has looked at, and a matter of three days ago whose photos are shown to everybody."""
    from datetime import timedelta

    from civicloop.evidence import film_rounds
    from civicloop.evidence.covering import Box
    from civicloop.evidence.models import Evidence
    from civicloop.foundation import clock, ids
    from civicloop.matters import actions, publishing
    from tests import world
    from tests.evidence.films_made import film
    from tests.matters import loop

    handling, evidence = UUID(made["handling"]), ids.uuid7()
    prepared = actions.take_upload(
        world.actor("worker"), upload=film(width=320, height=240), filename="film.mp4", stage="before",
        matter_id=handling, evidence_id=evidence,
    )  # fmt: skip
    actions.add_evidence(world.actor("worker"), prepared)
    film_rounds.look()
    with clock.at(clock.now() - timedelta(days=3)):
        matter = loop.report(
            "channel", title="护栏缺失", text="路边护栏少了一段。", address="和平路与新华道交口", kind="01023"
        )
        picture(matter, "before", 31)
        loop.act("clerk", matter, "file", condition=loop.condition(no=3))
        loop.act("clerk", matter, "dispatch")
        loop.act("receiver", matter, "accept")
        loop.act("receiver", matter, "assign", worker="worker")
        picture(matter, "after", 32)
        loop.act("worker", matter, "handle", result="已补齐护栏。")
        loop.act("receiver", matter, "feed_back")
        picture(matter, "other", 33)
        loop.act("checker", matter, "post_check", "pass")
        loop.act("clerk", matter, "close")
        decision = publishing.Decision("public", boxes=(Box(200, 100, 320, 220),))
        for row in Evidence.objects.filter(matter_id=matter, stage__in=("before", "after")):
            publishing.decide(
                world.actor("supervisor"), matter_id=matter, evidence_id=row.id, decision=decision, act_id=ids.uuid7()
            )
    return {"film": str(evidence)}


def boundaries() -> str:
    """A proposal of new boundaries that waits for its second person."""
    from datetime import timedelta

    from civicloop.foundation import clock
    from civicloop.places import proposals
    from tests.places.test_new_boundaries import file

    plan = proposals.read(file(), "new-grids.csv", level="grid", crs="wgs84")
    by = proposals.By(None, None, "tests")
    row = proposals.propose(
        by, title="和顺里网格调整", reason="测字〔2026〕1号", file="new-grids.csv", plan=plan,
        effective_at=clock.now() + timedelta(days=30),
    )  # fmt: skip
    return str(row.pk)


def receipts(made: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Number and check code of each matter."""
    from civicloop.matters import actions
    from civicloop.matters.models import Matter

    rows = Matter.objects.filter(id__in=made.values())
    words = {str(row.id): (row.number, actions.check_code(row.id, bytes(row.fingerprint))) for row in rows}
    return {name: words[matter] for name, matter in made.items()}


def for_everybody() -> None:
    """The map for everybody is made: of nothing yet, since it is a day late."""
    from civicloop.onemap import actions

    actions.show_public()


def main() -> None:
    """Print {sessions, matters, receipts}."""
    from civicloop.ops import environment

    environment.prepare()
    passwords()
    made = matters()
    found = receipts(made)
    told = made | orders(made) | shown(made) | {"boundaries": boundaries()}
    notices(made)
    for_everybody()
    print(json.dumps({"sessions": sessions(), "matters": told, "receipts": found}))


if __name__ == "__main__":
    main()
