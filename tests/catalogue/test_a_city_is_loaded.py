"""The national lists and a city's folder are taken over, exported, taken over again."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest

from civicloop.catalogue import actions, exporting, routing, selectors
from civicloop.catalogue.files import CatalogueRefused
from civicloop.catalogue.models import FilingCondition, Kind, KindEdition, Responsibility
from civicloop.foundation import caches, clock
from civicloop.people import access
from civicloop.records.models import AuditEntry
from tests.catalogue.conftest import CITY_DIR, GB, SYSTEM

pytestmark = pytest.mark.django_db
CONDITIONS = f"standard,family,code,no,condition,limit,source\n{GB},matter,"
RULES = "kind_or_class,area_code,unit_code,reason\n"


def test_every_kind_of_matter_has_a_condition_with_its_source(loaded):
    assert Kind.objects.filter(family="matter", conditions=None).count() == 0
    assert Kind.objects.filter(standard__code=GB).count() == 403
    standard = selectors.kind_by_code(GB, "matter", "06028")
    assert [(str(each.limit), each.source) for each in selectors.conditions(standard.id)] == [
        ("2 urgent_hour", "sample_city")
    ]
    default = selectors.conditions(selectors.kind_by_code(GB, "matter", "01037").id)
    assert [(each.names["zh-hans"], str(each.limit), each.source) for each in default] == [
        ("—", "2 work_day", "default")
    ]


def test_a_missing_manhole_cover_has_four_conditions(loaded):
    kind = selectors.kind_by_code(GB, "matter", "01001")
    assert [str(each.limit) for each in selectors.conditions(kind.id)] == [
        "2 urgent_hour", "4 work_hour", "2 work_day", "5 work_day",
    ]  # fmt: skip


def test_visits_and_delegated_services_are_kinds_of_the_city(loaded):
    local = selectors.kinds(standard="local")
    assert {view.class_code for view in local} == {"71", "72"}
    assert all(view.custom for view in local)
    assert len([view for view in local if view.class_code == "72"]) == 12


def test_the_first_catalogue_answers_for_earlier_moments_too(loaded):
    earlier = clock.now() - timedelta(days=60)
    kind = selectors.kind_by_code(GB, "matter", "06028")
    assert selectors.conditions(kind.id, earlier)
    assert routing.answering_unit(kind.id, loaded.path("120101001"), earlier).reason_code == "rule_kind"


def test_loading_again_changes_nothing(loaded):
    before = FilingCondition.objects.count(), Responsibility.objects.count(), KindEdition.objects.count()
    assert actions.load_city(SYSTEM, city_dir=CITY_DIR) == {}
    assert (FilingCondition.objects.count(), Responsibility.objects.count(), KindEdition.objects.count()) == before


def test_an_exported_folder_taken_over_again_changes_nothing(loaded, tmp_path):
    texts = {name: exporting.text_of(name) for name in exporting.EXPORTS}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert actions.load_folders(SYSTEM, folders=[tmp_path]) == {}
    assert {name: exporting.text_of(name) for name in exporting.EXPORTS} == texts


def test_an_export_from_a_spreadsheet_in_its_own_encoding_is_read(loaded, tmp_path):
    (tmp_path / "classes.csv").write_bytes(exporting.text_of("classes.csv").encode("gb18030"))
    assert actions.load_folders(SYSTEM, folders=[tmp_path]) == {}


def test_a_changed_name_is_a_new_edition_of_the_same_kind(loaded, folder):
    kind = selectors.kind_by_code(GB, "matter", "06028")
    head = "standard,family,code,class,name,name_en,name_source\n"
    actions.load_folders(
        SYSTEM, folders=[folder({"kinds.csv": f"{head}{GB},matter,06028,06,噪声污染扰民,Noise,ours\n"})]
    )
    caches.forget_all()
    now = selectors.kind(kind.id)
    assert (now.names["zh-hans"], now.edition) == ("噪声污染扰民", 2)
    old, new = KindEdition.objects.filter(kind_id=kind.id).order_by("edition")
    assert (old.names["zh-hans"], old.valid_to) == ("噪声扰民", new.valid_from)
    assert selectors.conditions(kind.id)


def test_a_changed_limit_ends_the_old_condition_and_keeps_it_readable(loaded, folder):
    kind = selectors.kind_by_code(GB, "matter", "06028")
    (old,) = selectors.conditions(kind.id)
    head = "standard,family,code,no,condition,limit,source\n"
    text = f"{head}{GB},matter,06028,1,夜间施工,1 紧急工作时,city\n{GB},matter,06028,2,其他噪声,4 工作时,city\n"
    changes = actions.load_folders(SYSTEM, folders=[folder({"conditions.csv": text})])
    assert changes == {"conditions ended": 1, "conditions added": 2}
    assert [str(each.limit) for each in selectors.conditions(kind.id)] == ["1 urgent_hour", "4 work_hour"]
    assert str(selectors.condition(old.id).limit) == "2 urgent_hour"
    assert selectors.conditions(kind.id, clock.now() - timedelta(days=1)) == [selectors.condition(old.id)]


def test_a_kind_can_end_and_its_code_is_not_taken_up_again(loaded, folder):
    row = f"{GB},matter,06031,06,新类别,New,ours,yes,{{}}\n"
    head = "standard,family,code,class,name,name_en,name_source,custom,ended\n"
    actions.load_folders(SYSTEM, folders=[folder({"kinds.csv": head + row.format("")})])
    actions.load_folders(SYSTEM, folders=[folder({"kinds.csv": head + row.format("yes")})])
    assert "06031" not in {view.code for view in selectors.kinds(family="matter")}
    with pytest.raises(CatalogueRefused, match="has ended"):
        actions.load_folders(SYSTEM, folders=[folder({"kinds.csv": head + row.format("")})])


def test_one_bad_line_leaves_nothing_behind(city, folder, tmp_path):
    files = {
        "standards.csv": "code,name,provenance\nX,清单,来源\n",
        "classes.csv": "standard,family,code,name\nX,matter,01,大类\n",
        "kinds.csv": "standard,family,code,class,name\n"
        "X,matter,01001,01,甲\nX,matter,01002,99,乙\nX,matter,01003,01,\n",
    }
    with pytest.raises(CatalogueRefused) as refused:
        actions.load_folders(SYSTEM, folders=[folder(files)])
    assert [fault.split(":")[0] for fault in refused.value.faults] == ["kinds.csv line 3", "kinds.csv line 4"]
    assert Kind.objects.count() == 0
    assert not AuditEntry.objects.filter(action="catalogue.import", object=tmp_path.name).exists()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("conditions.csv", CONDITIONS + "06028,1,夜间,4小时,city\n", "工作时"),
        ("conditions.csv", CONDITIONS + "99999,1,夜间,4 工作时,city\n", "no kind"),
        ("conditions.csv", CONDITIONS + "06028,x,夜间,4 工作时,city\n", "number"),
        ("conditions.csv", CONDITIONS + "06028,1,夜间,4 工作时,law\n", "none of"),
        ("conditions.csv", "standard,family\n", "missing"),
        ("conditions.csv", "", "empty"),
        ("kinds.csv", "standard,family,code,class,name,colour\n", "colour"),
        ("responsibilities.csv", RULES + "*,*district,nobody,因\n", "no unit 'nobody'"),
        ("responsibilities.csv", RULES + "*,*village,city-duty,因\n", "*village"),
        ("responsibilities.csv", RULES + "*,999,city-duty,因\n", "no area"),
        ("responsibilities.csv", RULES + "99999,12,city-duty,因\n", "no kind or class"),
        ("responsibilities.csv", RULES + "*,12,city-duty,\n", "Chinese"),
    ],
)  # fmt: skip
def test_bad_files_are_refused_with_file_and_line(loaded, folder, name, text, said):
    with pytest.raises(CatalogueRefused) as refused:
        actions.load_folders(SYSTEM, folders=[folder({name: text})])
    assert any(fault.startswith(name) and said in fault for fault in refused.value.faults)


def test_a_folder_without_files_is_refused(city, tmp_path):
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CatalogueRefused):
            actions.load_folders(SYSTEM, folders=[place])


def test_only_the_system_administrator_may_change_the_catalogue(loaded):
    clerk = access.Actor(kind="staff", words="clerk", roles=frozenset({"dispatcher"}))
    with pytest.raises(actions.CatalogueError) as refused:
        actions.load_city(clerk, city_dir=CITY_DIR)
    assert refused.value.code == "forbidden"


def test_cells_of_an_export_are_no_formulas(loaded, folder):
    head = "standard,family,code,no,condition,limit,source\n"
    text = f'{head}{GB},matter,06028,1,"=HYPERLINK(""x"")",4 工作时,city\n'
    actions.load_folders(SYSTEM, folders=[folder({"conditions.csv": text})])
    lines = list(csv.reader(io.StringIO(exporting.text_of("conditions.csv"))))
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "-", "@", "\t"))]
    kept = selectors.conditions(selectors.kind_by_code(GB, "matter", "06028").id)[0]
    assert kept.names["zh-hans"].startswith("=")
    (folder({"conditions.csv": exporting.text_of("conditions.csv")}))
    assert actions.load_folders(SYSTEM, folders=[folder({})]) == {}


def test_every_import_leaves_an_audit_entry(loaded):
    entry = AuditEntry.objects.filter(action="catalogue.import").latest("id")
    assert entry.detail["kinds added"] == 429


def test_a_change_may_not_begin_before_what_it_changes(loaded, folder):
    head = "standard,family,code,no,condition,limit,source\n"
    text = f"{head}{GB},matter,06028,1,夜间,4 工作时,city\n"
    with pytest.raises(CatalogueRefused, match="began"):
        actions.load_folders(
            SYSTEM, folders=[folder({"conditions.csv": text})], valid_from=datetime(1999, 1, 1, tzinfo=UTC)
        )


def test_a_city_without_units_says_what_is_missing(city):
    from civicloop.people.models import Unit

    Unit.objects.filter(id=city.units["120102-water"]).update(valid_to=clock.now())
    with pytest.raises(CatalogueRefused, match="no unit '120102-water'"):
        actions.load_city(SYSTEM, city_dir=CITY_DIR)
    assert Kind.objects.count() == 0
