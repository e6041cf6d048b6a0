"""New boundaries: proposed, looked at, approved by somebody else, in force from a moment; matters stay until moved."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import shapely
from click.testing import CliRunner

from civicloop.catalogue import rule_actions
from civicloop.catalogue.models import Responsibility
from civicloop.figures import ledger
from civicloop.foundation import caches, clock
from civicloop.matters import actions as matters
from civicloop.matters import moving, proof, reading, regridding
from civicloop.matters.actions import Act
from civicloop.matters.errors import Refused
from civicloop.matters.models import CellDelta, Entry, Fact, Matter
from civicloop.matters.regridding import Boundaries
from civicloop.people import access
from civicloop.people import actions as people
from civicloop.people.models import Post
from civicloop.places import actions, proposals, selectors
from civicloop.places.areas import ImportRefused
from civicloop.places.commands import places
from civicloop.places.models import AreaVersion, BoundaryProposal
from civicloop.places.proposals import By, ProposalRefused
from civicloop.records.models import AuditEntry
from tests import world
from tests.matters import loop

pytestmark = pytest.mark.django_db
LATER = world.START + timedelta(days=10)
FIRST, SECOND = By(1, 1, "first"), By(2, 2, "second")
OLD = "990101001001001"
HERE, THERE = (117.01, 39.05), (117.04, 39.05)  # in both halves of the grid that is split
LINES = {
    # the eastern half of a grid goes to another subdistrict, the western half is a new grid in its place
    "G-W": ("和顺里西网格", "990101001001", OLD, (117.0, 39.0, 117.02, 39.1)),
    "G-E": ("平安里西网格", "990101002001", OLD, (117.02, 39.0, 117.05, 39.1)),
}


def file(lines: Any = None, head: str = "code,name,parent,replaces,ends,synthetic,scheme,source,wkt") -> bytes:
    rows = [head]
    for code, (name, parent, replaces, box) in (LINES if lines is None else lines).items():
        rows.append(f'{code},{name},{parent},{replaces},,yes,gb,tests,"{shapely.to_wkt(shapely.box(*box))}"')
    return "\n".join(rows).encode()


def proposed(content: bytes = b"", at: Any = LATER, by: By = FIRST) -> BoundaryProposal:
    plan = proposals.read(content or file(), "new.csv", level="grid", crs="wgs84")
    return proposals.propose(by, title="拆分", reason="测字〔2026〕1号", file="new.csv", plan=plan, effective_at=at)


def at(moment: Any, point: tuple[float, float]) -> str:
    with clock.at(moment):
        caches.forget_all()
        return selectors.locate(*point, "wgs84").areas["grid"].code


def boundaries(row: BoundaryProposal) -> Boundaries:
    found = proposals.compared(row)
    return Boundaries(found.before, found.after, found.touched, found.ended, found.followers)


def test_they_hold_from_their_moment_and_not_before() -> None:
    with clock.at(world.START):
        row = proposed()
        assert [at(world.START, HERE), at(LATER, HERE)] == [OLD, OLD]
        proposals.approve(SECOND, proposal_id=row.pk, words="同意")
    before, after = LATER - timedelta(seconds=1), LATER
    assert [at(before, HERE), at(before, THERE)] == [OLD, OLD]
    assert [at(after, HERE), at(after, THERE)] == ["G-W", "G-E"]
    assert [at(before, HERE), at(after, HERE)] == [OLD, "G-W"]  # also for a clock that goes back
    with clock.at(after):
        caches.forget_all()
        assert selectors.locate(*THERE, "wgs84").areas["subdistrict"].code == "990101002"
        assert selectors.area(selectors.boundaries(before).by_code[OLD].id).code == OLD  # it can still be named
        with pytest.raises(LookupError):
            selectors.by_code(OLD)
        old = selectors.boundaries(before)
        assert selectors.successors(after) == {
            old.by_code[OLD].id: tuple(sorted(selectors.by_code(code).id for code in ("G-W", "G-E")))
        }
        assert selectors.successors(before) == {}
        assert old.areas_at(*HERE)["grid"].code == OLD
        version = selectors.locate(*HERE, "wgs84").revision
        assert selectors.version_began(version) == LATER
    assert selectors.boundaries(LATER + timedelta(days=1)).areas_at(*THERE)["grid"].code == "G-E"


def test_whoever_asks_of_now_gets_the_areas_that_are_there() -> None:
    """The clock goes on between the look at it and the question; the areas are not read anew for that."""
    with clock.at(world.START + timedelta(days=1)):
        now = selectors.boundaries(clock.now())
        assert selectors.boundaries(clock.now() - timedelta(milliseconds=1)) is now
        assert selectors.boundaries(clock.now() - timedelta(minutes=1)) is not now


def test_a_second_person_decides_and_everything_is_in_the_audit_log() -> None:
    with clock.at(world.START):
        row = proposed()
        for by in (FIRST, By()):
            with pytest.raises(ProposalRefused) as refused:
                proposals.approve(by, proposal_id=row.pk, words="")
            assert refused.value.code == "own_proposal"
        with pytest.raises(ProposalRefused) as silent:
            proposals.refuse(SECOND, proposal_id=row.pk, words=" ")
        assert silent.value.code == "missing"
        proposals.refuse(SECOND, proposal_id=row.pk, words="不合适")
        with pytest.raises(ProposalRefused) as again:
            proposals.approve(SECOND, proposal_id=row.pk, words="")
        assert again.value.code == "not_open"
        with pytest.raises(ProposalRefused):
            proposals.withdraw(FIRST, proposal_id=row.pk, words="")
    told = AuditEntry.objects.filter(action__startswith="places.boundaries").order_by("id")
    assert [each.action for each in told] == ["places.boundaries.propose", "places.boundaries.refuse"]
    assert at(LATER, HERE) == OLD


def test_an_approved_one_can_be_withdrawn_until_it_holds() -> None:
    with clock.at(world.START):
        before = AreaVersion.objects.filter(valid_to=None).count()
        row = proposed()
        proposals.approve(SECOND, proposal_id=row.pk, words="")
        proposals.withdraw(FIRST, proposal_id=row.pk, words="改期")
    assert at(LATER, HERE) == OLD
    assert AreaVersion.objects.filter(valid_to=None).count() == before
    with clock.at(LATER):
        caches.forget_all()
        assert selectors.successors(LATER) == {}
    with clock.at(world.START):
        other = proposed()  # the same codes once more
        proposals.approve(SECOND, proposal_id=other.pk, words="")
    assert at(LATER, HERE) == "G-W"
    with clock.at(LATER), pytest.raises(ProposalRefused):
        proposals.withdraw(FIRST, proposal_id=other.pk, words="")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (file({"G-W": ("甲", "nowhere", OLD, (117.0, 39.0, 117.02, 39.1))}), "has no parent"),
        (file({"G-W": ("甲", "990101001001", "no-such", (117.0, 39.0, 117.02, 39.1))}), "there is no area no-such"),
        (b"code,name,ends\nno-such,x,yes", "there is no area no-such"),
        (b"code,name,level\n99,x,city", "without a proposal"),
        (b"code,name,wkt\nG,x,POINT(1 1)", "row 1: the polygon of G cannot be used"),
    ],
)
def test_a_faulty_file_is_not_proposed(content: bytes, words: str) -> None:
    with clock.at(world.START), pytest.raises(ImportRefused) as refused:
        proposed(content)
    assert words in str(refused.value)
    assert not BoundaryProposal.objects.exists()


def test_what_has_passed_changes_nothing_or_was_overtaken_is_refused() -> None:
    with clock.at(world.START):
        same = file({OLD: ("和顺里第1网格", "990101001001", "", (117.0, 39.0, 117.05, 39.1))})
        for content, moment, code in ((file(), world.START - timedelta(days=1), "too_late"), (same, LATER, "nothing")):
            with pytest.raises(ProposalRefused) as refused:
                proposed(content, moment)
            assert refused.value.code == code
        first, second = proposed(), proposed()
        proposals.approve(SECOND, proposal_id=first.pk, words="")
        with pytest.raises(ProposalRefused) as overtaken:
            proposals.approve(SECOND, proposal_id=second.pk, words="")
    assert overtaken.value.code == "overtaken"


def test_gaps_overlaps_and_what_sticks_out_are_named() -> None:
    lines = {
        "G-W": ("甲", "990101001001", OLD, (117.0, 39.0, 117.02, 39.1)),  # leaves the eastern part to nobody
        "G-X": ("乙", "990101002001", "", (117.1, 39.0, 117.12, 39.05)),  # lies on another grid
        "G-Y": ("丙", "990102001001", "", (117.25, 39.05, 117.35, 39.06)),  # sticks out of its village
    }
    with clock.at(world.START):
        found = {(flaw.what, flaw.codes) for flaw in proposals.compared(proposed(file(lines))).flaws}
    assert ("gap", (OLD,)) in found
    assert ("overlap", ("990101002001001", "G-X")) in found
    assert ("outside", ("G-Y", "990102001001")) in found
    with clock.at(world.START):
        whole = proposals.compared(proposed()).flaws
    assert {flaw.what for flaw in whole} == {"outside"}  # its new community has not been drawn anew


def test_the_worker_notes_once_that_they_hold_also_after_an_outage() -> None:
    with clock.at(world.START):
        row = proposed()
        proposals.approve(SECOND, proposal_id=row.pk, words="")
        assert proposals.announce() == 0
    with clock.at(LATER + timedelta(days=2)):
        assert [proposals.announce(), proposals.announce()] == [1, 0]
    row.refresh_from_db()
    assert row.state == "in_force"
    told = AuditEntry.objects.get(action="places.boundaries.in_force")
    assert told.detail["late_seconds"] == 2 * 24 * 3600
    assert at(LATER, HERE) == "G-W"  # it held from its moment all the same


def test_open_matters_are_previewed_and_stay_until_they_are_moved() -> None:
    with clock.at(world.START):
        west, east, other = (loop.report(point=point) for point in (HERE, THERE, (117.3, 39.05)))
        accepted = loop.report(point=THERE)
        loop.act("clerk", accepted, "file", condition=loop.condition())
        loop.act("clerk", accepted, "dispatch")
        row = proposed()
        found = regridding.preview(boundaries(row))
        assert (found.asked, {each.matter_id for each in found.moved}) == (3, {west, east, accepted})
        assert {each.matter_id for each in found.moved if each.unit_before != each.unit_after} == {east, accepted}
        assert found.unclear == 0
        assert [(area.code, number) for area, number in found.of_a_year] == [(OLD, 3)]
        proposals.approve(SECOND, proposal_id=row.pk, words="")
    with clock.at(LATER):
        caches.forget_all()
        for matter in (west, east, accepted):
            seen = reading.read(matter)
            assert seen is not None
            assert selectors.area(seen.areas["grid"]).code == OLD
            assert seen.row["unit_id"] == world.unit("s1-office" if matter == accepted else "s1-centre")
        row.refresh_from_db()
        change, dispatcher = row.revision, world.actor("d1-dispatcher")
        waiting = [each.pk for each in moving.waiting(dispatcher, boundaries(row))]
        assert set(waiting) == {west, east, accepted}
        first = moving.move(dispatcher, boundaries(row), change=change, matter_ids=waiting)
        again = moving.move(dispatcher, boundaries(row), change=change, matter_ids=waiting)
        assert (first.moved, first.left, again.moved) == (3, 0, 0)
        assert moving.waiting(dispatcher, boundaries(row)) == []
    moved = Matter.objects.get(id=east)
    assert moved.subdistrict is not None
    assert (moved.unit_id, selectors.area(moved.subdistrict_id or 0).code) == (world.unit("s2-centre"), "990101002")
    assert moved.area_version == change
    words = {word for word in moved.search.tokens if word.startswith("@")}
    assert words == {f"@{moved.district_id}", f"@{moved.subdistrict_id}"}  # so that it is found where it lies now
    assert Matter.objects.get(id=west).unit_id == world.unit("s1-centre")
    assert Entry.objects.filter(matter=east, action="move_area").count() == 1
    facts = Fact.objects.filter(matter=east, name="reported").values_list("delta", "subdistrict_id")
    old = selectors.by_code("990101001").id
    assert sorted(facts) == sorted([(1, old), (-1, old), (1, moved.subdistrict_id)])
    assert ledger.check().ok
    shown = CellDelta.objects.filter(matter=east).order_by("seq", "no")
    assert [(each.delta, each.subdistrict_id) for each in shown][-2:] == [
        (-1, selectors.by_code("990101001").id), (1, moved.subdistrict_id),
    ]  # fmt: skip
    for matter in (west, east, accepted):
        assert proof.verify(matter) == []
    assert Matter.objects.get(id=other).seq == 1


def test_whoever_may_not_move_and_what_has_ended_is_left() -> None:
    with clock.at(world.START):
        matter, ended = loop.report(point=THERE), loop.report(point=THERE)
        loop.act("clerk", ended, "decline", not_filed_reason="not_found", reason="现场没有")
        row = proposed()
        proposals.approve(SECOND, proposal_id=row.pk, words="")
    row.refresh_from_db()
    with clock.at(LATER):
        caches.forget_all()
        with pytest.raises(Refused) as refused:
            moving.move(world.actor("checker"), boundaries(row), change=row.revision, matter_ids=[matter])
        assert refused.value.code == "forbidden"
        dispatcher = world.actor("d1-dispatcher")
        done = moving.move(dispatcher, boundaries(row), change=row.revision, matter_ids=[ended])
        assert (done.moved, done.left) == (0, 1)
        foreign = moving.move(world.actor("d2-clerk"), boundaries(row), change=row.revision, matter_ids=[matter])
        assert (foreign.moved, foreign.left) == (0, 1)
        with pytest.raises(Refused) as unsaid:
            matters.act(dispatcher, Act(matter, "move_area", loop.ids.uuid7(), None, {"change": "x"}))
        assert unsaid.value.status == 422


def test_a_matter_without_a_point_follows_its_area_only_where_that_is_clear() -> None:
    merged = {"G-W": ("甲", "990101001001", f"{OLD} 990101001001002", (117.0, 39.0, 117.1, 39.1))}
    with clock.at(world.START):
        matter = loop.report(point=(None, None), area=OLD, crs="")
        split, merge = proposed(), proposed(file(merged))
        assert regridding.preview(boundaries(split)).unclear == 1
        assert len(regridding.preview(boundaries(merge)).moved) == 1
        proposals.approve(SECOND, proposal_id=merge.pk, words="")
    merge.refresh_from_db()
    with clock.at(LATER):
        caches.forget_all()
        done = moving.move(
            world.actor("d1-dispatcher"), boundaries(merge), change=merge.revision, matter_ids=[matter]
        )  # fmt: skip
        assert done.moved == 1
        assert selectors.area(Matter.objects.get(id=matter).grid_id or 0).code == "G-W"


def test_posts_and_rules_of_an_ended_area_follow_by_a_second_person() -> None:
    from tests.site.desks import signed_in, text

    old = selectors.by_code(OLD).id
    system = access.system("tests")
    with clock.at(world.START):
        made = people.create_post(
            system, code="g-worker", role="grid_worker", unit_id=world.unit("s1-centre"), area_id=old
        )
        people.hold(system, account_id=world.actor("grid").account_id, post_id=made.id)
        Responsibility.objects.create(
            area_id=old, unit_id=world.unit("s1-property"), priority=3, reason={"zh-hans": "本网格物业"},
            valid_from=world.START,
        )  # fmt: skip
        own = world.actor("system")
        row = proposed(by=By(own.account_id, own.post_id, "system"))
        proposals.approve(SECOND, proposal_id=row.pk, words="")
        page = f"/admin/boundaries/{row.pk}"
        early = signed_in("security").post(f"{page}/posts", {f"post-{made.pk}": "G-W"}, follow=True)
        assert "g-worker" in text(early)
    with clock.at(LATER):
        caches.forget_all()
        security = signed_in("security")
        assert f'name="post-{made.pk}"' in text(security.get(page))
        security.post(f"{page}/posts", {f"post-{made.pk}": "990102"})  # none of those that follow
        assert Post.objects.get(id=made.pk).valid_to is None
        for _twice in range(2):
            security.post(f"{page}/posts", {f"post-{made.pk}": "G-W"})
        former, post = Post.objects.filter(code="g-worker").order_by("id")
        assert (former.valid_to, selectors.area(post.area_id).code) == (LATER, "G-W")
        assert post.holdings.get().account_id == world.actor("grid").account_id
        assert signed_in("clerk").post(f"{page}/posts").status_code in {403, 404}
        signed_in("system").post(f"{page}/rules")  # who proposed them does not move their rules
        assert not Responsibility.objects.filter(area_id=old).exclude(valid_to=None).exists()
        row.refresh_from_db()
        change = rule_actions.save(system, lambda: rule_actions.of_followers([old], boundaries(row).followers))
        assert (len(change.new), len(change.ended)) == (2, 1)
        codes = {selectors.area(each.area_id).code for each in rule_actions.in_areas(row_ids()) if each.priority == 3}
        assert codes == {"G-W", "G-E"}
        assert signed_in("clerk").post(f"{page}/rules").status_code in {403, 404}


def row_ids() -> set[int]:
    return {selectors.by_code(code).id for code in LINES}


def test_an_area_planned_ahead_is_not_there_before() -> None:
    plan = proposals.read(file(), "new.csv", level="grid", crs="wgs84")
    with clock.at(world.START):
        actions.take(plan.areas, at=LATER, ended=plan.ended, successions=plan.successions)
    assert at(LATER - timedelta(seconds=1), HERE) == OLD
    assert at(LATER, HERE) == "G-W"


def test_the_command_line_proposes_lists_and_withdraws(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_bytes(file())
    words = ["--level", "grid", "--file", str(path), "--crs", "wgs84", "--title", "拆分", "--reason", "测字1号"]
    with clock.at(world.START):
        kept = run("propose", *words, "--effective", "2026-03-12T09:00")
        assert (kept.exit_code, "2 areas, 1 end" in kept.output) == (0, True)
        row = BoundaryProposal.objects.get()
        assert row.effective_at == LATER
        assert "拆分" in run("proposals").output
        proposals.approve(SECOND, proposal_id=row.pk, words="")
        assert run("withdraw", str(row.pk)).exit_code == 0
        again = run("withdraw", str(row.pk))
        past = run("propose", *words, "--effective", "2026-01-01")
        assert (again.exit_code, past.exit_code) == (1, 1)
    assert at(LATER, HERE) == OLD


def run(*words: str) -> Any:
    return CliRunner().invoke(places, list(words))
