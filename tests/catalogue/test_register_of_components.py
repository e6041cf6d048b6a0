"""The register of components: files in and out, faults line by line, what was before, what is near."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.db import connection

from civicloop.catalogue import component_actions as actions
from civicloop.catalogue import component_selectors as register
from civicloop.catalogue import sql
from civicloop.catalogue.actions import CatalogueError
from civicloop.catalogue.component_commands import components
from civicloop.catalogue.files import CatalogueRefused
from civicloop.catalogue.models import Component, ComponentEdition
from civicloop.foundation import clock, coordinates, hot, morton
from civicloop.places import selectors as places
from civicloop.records.models import AuditEntry
from tests import world
from tests.catalogue.components import AT, FAR_LID, HEAD, LAMP, LID, some, take
from tests.conftest import size

pytestmark = pytest.mark.django_db


def run(*words: object):
    return CliRunner().invoke(components, [str(word) for word in words])


def test_a_file_is_taken_over_and_the_same_again_changes_nothing():
    some()
    row = Component.objects.select_related("owner", "maintainer", "kind").get(code=LID)
    assert (row.kind.code, row.owner.code, row.maintainer.code) == ("01001", "d1-power", "d1-urban")
    assert (row.accuracy, row.first_on.isoformat(), row.grid_id) == (
        "B", "2021-05-01", places.by_code("990101001001001").id,
    )  # fmt: skip
    assert Component.objects.get(code=LAMP).names["zh-hans"] == "路灯"  # the kind's own name
    lines = AuditEntry.objects.filter(action="catalogue.components").count()
    again = take(HEAD + f"{LID},供水井盖,117.02,39.05,B,intact,d1-power,d1-urban,东风道3号门前,2021-05-01\n")
    assert (again.unchanged, again.added, again.changed, again.faults) == (1, 0, 0, [])
    assert AuditEntry.objects.filter(action="catalogue.components").count() == lines


def test_each_faulty_line_is_named_and_the_others_are_kept():
    text = HEAD + "\n".join([
        f"{LID},供水井盖,117.02,39.05,B,intact,d1-power,,,",
        f"{LID},供水井盖,117.02,39.05,B,intact,d1-power,,,",
        "9901010100100002,,117.02,39.05,,,,,,",
        "99010101016000001,,117.02,39.05,,,,,,",
        "88010101001000001,,117.02,39.05,,,,,,",
        "99010101001000003,,118.9,38.6,,,,,,",
        "99010101001000004,,,,,,,,,",
        "99010101001000005,,117.02,39.05,D,,,,,",
        "99010101001000006,,117.02,39.05,,,nobody,,,",
        "99010101001000007,,117.02,39.05,,,,,,2021-13-01",
        "99010101001000008,,x,39.05,,,,,,",
        "990101010010000A9,,117.02,39.05,,,,,,",
        f"{LAMP},,117.0201,39.0501,C,,,,,,too,many",
    ]) + "\n"  # fmt: skip
    taken = take(text)
    assert (taken.kept, taken.added, len(taken.faults)) == (1, 1, 12)
    words = dict(zip(range(3, 15), taken.faults, strict=True))
    assert all(fault.startswith(f"components.csv line {number}: ") for number, fault in words.items())
    for number, said in {
        3: "出现两次", 4: "16 位", 5: "没有部件类别 01016", 6: "不是本市的区划", 7: "不在任何区域内", 8: "必须有 lon",
        9: "accuracy", 10: "nobody", 11: "2021-13-01", 12: "坐标不可能", 13: "17 位", 14: "单元格多于列",
    }.items():  # fmt: skip
        assert said in words[number], words[number]
    assert list(Component.objects.values_list("code", flat=True)) == [LID]


@pytest.mark.parametrize(
    "text", ["", "name,lon\n甲,1\n", "code,colour\n1,red\n", "code,code\n1,1\n", "{", '{"type":1}']
)
def test_what_is_no_register_is_refused_whole(text):
    with pytest.raises(CatalogueRefused):
        take(text)
    assert Component.objects.count() == 0


def test_the_table_of_the_standard_is_understood():
    said = {
        "标识码": LID, "名称": "供水井盖", "主管部门代码": "d1-urban", "主管部门名称": "甲区城市管理委",
        "权属单位代码": "d1-power", "养护单位代码": "", "所在单元网格标识码": "990101001001001", "状态": "破损",
        "初始日期": "20200102", "数据来源": "实测", "经度": "117.02", "纬度": "39.05",
    }  # fmt: skip
    taken = take(",".join(said) + "\n" + ",".join(said.values()) + "\n")
    assert taken.faults == []
    row = Component.objects.select_related("department").get(code=LID)
    assert (row.state, row.source, row.first_on.isoformat(), row.department.code) == (
        "damaged", "survey", "2020-01-02", "d1-urban",
    )  # fmt: skip


def test_a_column_that_is_left_out_stays_and_what_was_before_stays_readable():
    some()
    old = Component.objects.get(code=LID)
    taken = take(f"code,owner_code\n{LID},city-centre\n")
    assert (taken.changed, taken.faults) == (1, [])
    row = Component.objects.select_related("owner").get(code=LID)
    assert (row.id, row.owner.code, row.maintainer_id, row.edition) == (old.id, "city-centre", old.maintainer_id, 2)
    before = ComponentEdition.objects.get(component=row)
    assert (before.cells["owner_code"], before.valid_from, before.valid_to) == ("d1-power", old.since, row.since)
    # whoever asks for a moment of the past is told the owner of then
    power, centre = world.unit("d1-power"), world.unit("city-centre")
    assert register.parties(row.id).owner_id == centre
    assert register.parties(row.id, row.since - timedelta(microseconds=1)).owner_id == power


def test_a_component_ends_and_its_code_is_not_used_again():
    some()
    assert take(f"code,ended\n{LID},yes\n").ended == 1
    assert register.by_code(LID) is None
    assert Component.objects.get(code=LID).valid_to is not None
    assert take(f"code,ended\n{LID},yes\n").unchanged == 1  # sent twice
    again = take(HEAD + f"{LID},供水井盖,117.02,39.05,B,intact,d1-power,,,\n")
    assert again.kept == 0
    assert "已终止" in again.faults[0]
    assert "没有这个部件" in take("code,ended\n99010101001000099,yes\n").faults[0]


def test_a_unit_that_has_ended_owns_nothing_any_more():
    some()
    row = Component.objects.select_related("owner").get(code=LID)
    row.owner.valid_to = clock.now()
    row.owner.save()
    assert register.parties(row.id).owner_id is None
    assert take(f"code,owner_code,note\n{LID},d1-power,井壁渗水\n").faults == []  # it may stay where it was
    assert "d1-power" in take(f"code,owner_code\n{LAMP},d1-power\n").faults[0]


@pytest.mark.parametrize("crs", coordinates.SYSTEMS)
@pytest.mark.parametrize("form", ["csv", "geojson"])
def test_what_goes_out_comes_in_again_unchanged_in_every_system(tmp_path, crs, form):
    some()
    out = tmp_path / f"register.{form}"
    assert "3 components" in run("export", "--file", out, "--crs", crs).stdout
    again = run("import", "--file", out, "--crs", crs)
    assert (again.exit_code, again.stdout.strip()) == (0, "0 new, 0 changed, 0 ended, 3 unchanged"), again.output
    ComponentEdition.objects.all().delete()
    Component.objects.all().delete()
    fresh = run("import", "--file", out, "--crs", crs)
    assert "3 new" in fresh.stdout, fresh.output
    row = Component.objects.get(code=LID)
    assert coordinates.metres((row.lon, row.lat), AT) < 0.05


def test_the_command_says_what_was_kept_and_what_not(tmp_path):
    file = tmp_path / "some.csv"
    file.write_text(HEAD + f"{LID},,117.02,39.05,,,,,,\n99010101001000003,,118.9,38.6,,,,,,\n", encoding="gb18030")
    answer = run("import", "--file", file, "--crs", "wgs84")
    assert answer.exit_code == 1
    assert "1 new" in answer.stdout
    assert "1 lines were not taken; the 1 others were kept" in answer.stderr
    assert "some.csv line 3: the point 118.9, 38.6 lies outside every area; is it really in wgs84?" in answer.stderr
    told = json.loads(run("import", "--file", file, "--crs", "wgs84", "--json").stdout)
    assert (told["added"], told["unchanged"], len(told["faults"])) == (0, 1, 1)
    assert run("import", "--file", file).exit_code == 2  # the system of the points is not guessed
    assert run("import", "--file", file, "--crs", "wgs84", "--effective", "soon").exit_code == 1
    assert "1  01001 供水井盖" in run("gaps").stdout
    assert run("export", "--file", tmp_path / "x.csv", "--kind", "99999").exit_code == 1
    assert run("export", "--file", tmp_path / "x.csv", "--area", "nowhere").exit_code == 1
    assert "1 components" in run("export", "--file", tmp_path / "x.csv", "--area", "990101", "--ownerless").stdout


def test_only_administrators_change_the_register():
    people = world.People()
    for actor in (people.clerk, people.grid, people.security):
        with pytest.raises(CatalogueError):
            actions.save(actor, cells={"code": LID, "lon": "117.02", "lat": "39.05"}, crs="wgs84")
    made = actions.save(people.system, cells={"code": LID, "lon": "117.02", "lat": "39.05"}, crs="wgs84")
    assert AuditEntry.objects.filter(action="catalogue.components", object=LID).count() == 1
    assert actions.save(people.system, cells={"code": LID, "state": "lost"}, crs="wgs84").edition == made.edition + 1


# -- near a point -----------------------------------------------------------------------------------------------------


def test_the_nearest_come_first_each_within_its_own_accuracy():
    some()
    assert [each.code for each in register.near(*AT)] == [LID, LAMP]
    kind = register.kind_named("01037")
    assert [each.code for each in register.near(*AT, kind_id=kind.id)] == [LAMP]
    # 6 m north: beyond the 1 m of the lid's class, within the 10 m of the lamp's, when the point itself is exact
    point = (117.0201, 39.05016)
    assert [each.code for each in register.near(*point, within=0)] == [LAMP]
    assert register.near(117.03, 39.06) == []
    take(f"code,state\n{LID},移除\n")  # what was removed is not offered
    assert [each.code for each in register.near(*AT)] == [LAMP]


def test_the_look_up_reads_by_the_index_whatever_the_size_of_the_register():
    number = size(5_000, 1_000_000)
    fill(number)
    ranges = morton.around(*AT, 35.0)
    found = explained(asked(ranges))
    scans = list(nodes(found))
    read = sum(node["Actual Rows"] * node["Actual Loops"] for node in scans if node.get("Index Name"))
    assert {node["Index Name"] for node in scans if "Index Name" in node} == {"component_cell"}
    assert not [node for node in scans if node["Node Type"] == "Seq Scan"]
    near = register.near(*AT, within=25, limit=1000)
    assert 0 < len(near) <= read < 200  # as many as stand around, not as many as there are


def test_a_place_where_very_many_stand_costs_a_bounded_number_of_rows(monkeypatch: pytest.MonkeyPatch):
    """A file that put thousands at one point: the nearest are still offered, and the others are not read."""
    fill(2_500)
    Component.objects.exclude(code__in=[LID, LAMP]).update(lon=AT[0], lat=AT[1], cell=morton.cell(*AT))
    monkeypatch.setattr(register, "PER_RANGE", 100)
    ranges = morton.around(*AT, 35.0)
    scans = list(nodes(explained(asked(ranges))))
    read = sum(
        (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        for node in scans if node.get("Relation Name") == "catalogue_component"
    )  # fmt: skip
    assert read <= 100 * len(ranges)
    assert len(register.near(*AT)) == register.SHOWN


def asked(ranges: list[tuple[int, int]]) -> dict[str, object]:
    return {"firsts": [low for low, _high in ranges], "lasts": [high for _low, high in ranges],
            "most": register.PER_RANGE}  # fmt: skip


def fill(number: int) -> None:
    """Lids at some 30 m from one another, in rows and columns around AT; the database makes them."""
    some()
    row = Component.objects.get(code=LID)
    side = int(number**0.5)
    points = [(AT[0] + (n % side - side / 2) * 3e-4, AT[1] + (n // side - side / 2) * 3e-4) for n in range(number)]
    copies = [
        Component(
            code=f"99010101001{n + 100:06d}"[:17] if n < 999_000 else f"99010101002{n - 998_900:06d}",
            kind_id=row.kind_id, names=row.names, lon=lon, lat=lat, crs_in="wgs84", lon_in=lon, lat_in=lat,
            cell=morton.cell(lon, lat), first_on=row.first_on, since=row.since, valid_from=row.valid_from,
        )
        for n, (lon, lat) in enumerate(points)
    ]  # fmt: skip
    Component.objects.bulk_create(copies, batch_size=5_000)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM catalogue_component")
        assert cursor.fetchone()[0] == number + 3


def explained(values: dict[str, object]) -> dict[str, object]:
    """The plan of the statement, generic as in the product, with what it really read."""
    hot.all_rows("SET LOCAL plan_cache_mode = force_generic_plan", {})
    rows = hot.all_rows("EXPLAIN (ANALYZE, FORMAT JSON) " + sql.NEAR, values)
    plan = rows[0][0]
    return (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]


def nodes(plan: dict[str, object]):
    yield plan
    for each in plan.get("Plans", ()):  # type: ignore[attr-defined]
        yield from nodes(each)


def test_what_has_no_owner_is_counted_by_kind_and_subdistrict():
    some()
    lamp = register.kind_named("01037")
    assert register.ownerless() == {(lamp.id, places.by_code("990101001").id): 1}
    take(f"code,state\n{LAMP},移除\n")
    assert register.ownerless() == {}


def test_a_list_is_narrowed_and_goes_on_by_code():
    some()
    area = places.by_code("990102")
    assert [row.code for row in register.page(register.Wanted(area=area))] == [FAR_LID]
    assert [row.code for row in register.page(register.Wanted(code="990101"))] == [LID, LAMP]
    assert [row.code for row in register.page(register.Wanted(code="990101"), after=LID)] == [LAMP]
    assert [row.code for row in register.page(register.Wanted(ownerless=True))] == [LAMP]
    grid = places.by_code("990101001001001")
    assert [row.code for row in register.page(register.Wanted(area=grid, state="intact"))] == [LID, LAMP]
