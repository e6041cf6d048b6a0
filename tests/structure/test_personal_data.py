"""What is kept of persons stands in the inventory, and what stands there is kept."""

import dataclasses
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from civicloop.matters.personal import WHOSE, sealed_field
from civicloop.people import access, collecting
from civicloop.procedures.rules import reading
from civicloop.records import choices, inventory
from civicloop.site import personal_data

# columns that can hold words, numbers or files of persons, and do not; "table.*" where a table follows no person
SAID = """
    auth_group.* auth_permission.* django_content_type.* django_session.session_key
    places_area.* places_areaversion.* places_areasuccession.* places_layerrevision.* calendars_calendar.*
    places_boundaryproposal.*
    calendars_calendarversion.* catalogue_standard.* catalogue_kindclass.* catalogue_kind.* catalogue_kindedition.*
    catalogue_crosswalk.* catalogue_filingcondition.* catalogue_responsibility.* catalogue_question.*
    catalogue_dutyitem.* catalogue_revision.* catalogue_component.* catalogue_componentedition.*
    procedures_procedureversion.* procedures_ladderversion.* receipts_dailyroot.* receipts_dailyleaf.*
    receipts_loghead.* receipts_logline.* ops_heartbeat.* ops_load.* classifier_making.* classifier_measure.*
    records_auditentry.action records_auditentry.outcome records_readentry.field records_sealedvalue.field
    records_sealedvalue.retention records_try.since records_setting.code records_setting.scope records_setting.value
    records_keychange.* records_resealing.* evidence_evidence.sealed_with evidence_evidence.salt
    people_unit.* people_unitedition.* people_post.* people_standin.* people_delegation.* people_apitoken.scopes
    people_account.sessions
    people_outsideidentity.issuer people_anomaly.kind people_anomaly.judgement people_secondfactor.kind
    evidence_evidence.stage evidence_evidence.media_type evidence_evidence.sha256 evidence_evidence.fingerprint
    evidence_signal.* evidence_lookedat.* evidence_boxes.detector evidence_capture.how evidence_capture.source
    evidence_capture.accuracy evidence_capture.editor evidence_publicphoto.state
    evidence_film.state
    matters_matter.number matters_matter.channel matters_matter.class_code matters_matter.crs_in
    matters_matter.place_reason matters_matter.step matters_matter.stage matters_matter.end matters_matter.desk_level
    matters_matter.raised_to matters_matter.desk_roles matters_matter.complained_of matters_matter.answers
    matters_matter.fingerprint matters_entry.action matters_entry.result matters_entry.role matters_entry.step
    matters_entry.fingerprint matters_entry.hash matters_entrytext.field matters_entrytext.salt matters_task.*
    matters_clock.* matters_approvalrequest.action matters_approvalrequest.result matters_approvalrequest.desk_roles
    matters_approvalrequest.asked_role matters_approvalrequest.state matters_fact.* matters_outbox.* matters_celldelta.*
    onemap_rollup.* onemap_kindrollup.*
    notices_notice.key notices_notice.template notices_notice.link notices_delivery.channel notices_delivery.state
    notices_delivery.error notices_contact.channel
    deskwork_batch.action deskwork_batch.result deskwork_batchitem.* deskwork_phrase.*
    supervision_order.number supervision_order.level supervision_order.source supervision_order.state
    supervision_order.origin supervision_order.cause supervision_order.calendar supervision_order.limit
    supervision_order.pauses supervision_order.mark supervision_orderdemand.kind supervision_orderdemand.met
    supervision_orderstep.doing supervision_orderstep.role supervision_orderstep.fingerprint
    supervision_orderstep.detail
    matters_matter.standing matters_unfolded.* figures_count.* figures_measure.* figures_duehour.* figures_folding.*
    figures_postwork.action figures_weighting.object figures_weighting.weights
    figures_baseline.* figures_definition.* figures_snapshot.* figures_publication.* figures_publicmonth.*
    matters_sampleshare.* matters_doubt.* matters_erasurelist.* matters_erasureitem.* matters_erasurehold.*
    matters_mergingitem.*
"""
NOT_PERSONAL = frozenset(SAID.split())
HOLDING = (
    models.CharField, models.TextField, models.JSONField, models.BinaryField, models.FloatField,
    models.GenericIPAddressField,
)  # fmt: skip
PERSONS = ("account_id", "asked_by", "giver_id", "opened_by", "answered_by")


def columns() -> set[str]:
    """Every column that could hold a personal fact."""
    from django.contrib.postgres.fields import ArrayField

    return {
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models(include_auto_created=True)
        if not model.__module__.startswith("tests")
        for field in model._meta.concrete_fields
        if isinstance(field, (*HOLDING, ArrayField)) or field.column in PERSONS
    }


def excepted(column: str) -> bool:
    return column in NOT_PERSONAL or f"{column.partition('.')[0]}.*" in NOT_PERSONAL


def sealed() -> set[str]:
    """Every field that a report or an act of a shipped procedure seals in the sealed table."""
    found = {f"sealed:{name}" for name in choices.FIELDS}
    for path in reading.SHIPPED.glob("*.toml"):
        procedure = reading.load(path)
        for name, need in procedure.needs.items():
            if need.sealed and need.kind != "file":
                found.add(f"sealed:{sealed_field(procedure, name)}")
    return found


def test_every_column_is_in_the_inventory_or_is_said_to_hold_nothing_of_persons() -> None:
    """A new column: declare it in its room's personal.toml, or name it in NOT_PERSONAL above."""
    declared = {name for name in inventory.names() if not name.startswith(inventory.SEALED)}
    unsaid = {column for column in columns() if column not in declared and not excepted(column)}
    assert unsaid == set()
    assert {column for column in declared if excepted(column)} == set()


def test_everything_in_the_inventory_is_kept() -> None:
    declared = {name for name in inventory.names() if not name.startswith(inventory.SEALED)}
    assert declared - columns() == set()
    tables = {column.partition(".")[0] for column in columns()} | {m._meta.db_table for m in apps.get_models()}
    gone = {name for name in NOT_PERSONAL if name.partition(".")[0] not in tables}
    assert gone == set()


def test_every_sealed_field_is_in_the_inventory_and_the_other_way_round() -> None:
    declared = {name for name in inventory.names() if name.startswith(inventory.SEALED)}
    assert declared == sealed()


def test_a_sealed_field_is_kept_as_the_inventory_says() -> None:
    for fact in inventory.facts():
        for name in fact.kept_in:
            if name.startswith(inventory.SEALED):
                assert choices.retention_of(name.removeprefix(inventory.SEALED)) == fact.retention
                word = name.removeprefix(inventory.SEALED).partition("_")[0]
                assert word in WHOSE.values()
                assert fact.opens == (f"personal:{word}",), name


def test_everybody_named_as_a_reader_is_known_to_the_one_place_that_decides() -> None:
    named = {each for fact in inventory.facts() for each in fact.opens if ":" in each}
    assert named
    for each in named:
        assert collecting.roles(each)
    opened = {each.partition(":")[2] for each in named if each.startswith("personal:")}
    assert opened == set(access.PERSONAL)


# forms that take nothing of persons beyond what the signed-in person does, and where that is said
NO_NOTICE = {
    "site/receiving_sheet.html": "a table of acts, taken apart at once", "site/rule_editor.html": "rules of dispatch",
    "catalogue/component.html": "an end, no words", "catalogue/component_edit.html": "a thing of the city",
    "catalogue/components_take.html": "things of the city", "catalogue/kind.html": "limits of a kind",
    "records/settings.html": "settings", "site/calendar_year.html": "days",
    "people/anomalies.html": "an auditor's judgement", "people/posts.html": "ends and answers, no words",
    "people/standins.html": "ends, no words", "site/erasure.html": "lists and holds", "site/erasure_list.html": "yes",
    "site/boundaries.html": "areas", "site/boundary.html": "a decision about areas",
    "site/portal_home.html": "number and check code, not kept", "site/portal_track.html": "the same",
    "site/second_factor.html": "a code, not kept", "site/why.html": "a question, nothing kept",
    "site/bulk_batch.html": "go on, take back", "site/phrases.html": "texts for everybody",
    "site/matters.html": "which matters", "site/views_bar.html": "the name of a list",
    "site/receiving.html": "yes, no", "site/signal.html": "a judgement", "site/publishing_photo.html": "boxes",
    "site/field_feedback.html": "an idea about the product, by the signed-in person",
    "notices/inbox.html": "read, no words", "notices/log.html": "send again, no words",
    "site/matter.html": "a card, no words", "site/compare.html": "the same or not",
    "site/limits.html": "limits of clocks", "supervision/suggestions.html": "yes, no", "site/doubted.html": "yes, no",
    "site/merging.html": "go on, no words", "site/portal_receipt.html": "the same or not",
    "figures/figures.html": "the title of a kept table", "figures/scores.html": "weights, and why",
    "figures/kept.html": "yes",
    "ui/parts/footer.html": "language and theme", "ui/parts/person.html": "the post to act in",
}  # fmt: skip
# parts of pages: the notice stands on the page that includes them
PARTS = {
    "ui/parts/act_sheet.html": "site/matter_acts.html", "site/approvals_request.html": "site/matter_acts.html",
    "site/desk_file.html": "site/matter_acts.html", "site/matter_complaint.html": "site/matter_acts.html",
    "site/matter_parts.html": "site/matter_acts.html", "site/matter_urge.html": "site/matter_acts.html",
    "site/cluster_out.html": "site/matter_acts.html", "site/portal_more.html": "site/portal_status.html",
}  # fmt: skip
POSTING = re.compile(r'<form[^>]*method="post"', re.I)
NOTICE = re.compile(r"{% personal_notice ([^%]*) %}")


def templates() -> dict[str, str]:
    """Every template by its name, with its source."""
    root = Path(inventory.__file__).parent.parent
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for folder in root.glob("*/templates")
        for path in folder.rglob("*.html")
    }


def test_every_form_that_collects_personal_data_gives_its_notice() -> None:
    """A new form: name it in `forms` of its point in personal.toml with {% personal_notice %}, or say above why not."""
    sources = templates()
    declared = {form for point in inventory.points().values() for form in point.forms}
    assert {name for name, source in sources.items() if POSTING.search(source)} - declared == {*NO_NOTICE, *PARTS}
    assert set(PARTS.values()) <= declared
    for point in inventory.points().values():
        for form in point.forms:
            shown = {code for found in NOTICE.findall(sources[form]) for code in found.replace('"', "").split()}
            assert point.code in shown, (point.code, form)


def test_a_notice_says_what_why_how_long_and_who_of_everything_collected_there() -> None:
    for code in inventory.points():
        facts = [fact for fact in inventory.facts() if code in fact.collected]
        groups = collecting.notice([code])
        assert {line["what"] for group in groups for line in group["facts"]} == {
            inventory.said(fact.what) for fact in facts
        }
        assert groups, code
        assert all(group[name] for group in groups for name in ("basis", "kept", "then", "opens"))
    with pytest.raises(KeyError):
        collecting.notice(["nowhere"])


def test_every_rule_and_every_collection_point_is_used() -> None:
    used = {fact.retention for fact in inventory.facts()}
    assert used == set(inventory.rules())
    assert {*choices.CLASSES, choices.DEFAULT_RETENTION} <= set(inventory.rules())
    assert {point for fact in inventory.facts() for point in fact.collected} == set(inventory.points())


def test_the_page_has_words_for_every_group_basis_and_reader() -> None:
    assert set(personal_data.GROUPS) == set(inventory.GROUPS)
    assert set(collecting.BASES) == set(inventory.BASES)
    assert set(collecting.OPENED_BY) == set(inventory.OPENED_BY)


WRONG = {
    'retention = "for_ever"': "there is no retention rule",
    'basis = "curiosity"': "must be said",
    'opens = ["someone"]': "who can open",
    'collected = ["nowhere"]': "no collection point",
    'what = { zh = "只有中文" }': "in zh and in en",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_declaration_that_cannot_hold_is_refused(line: str, tmp_path: Path) -> None:
    lines = {
        "in": 'in = ["trial.column"]', "whose": 'whose = "staff"', "what": 'what = { zh = "试", en = "trial" }',
        "why": 'why = { zh = "试", en = "trial" }', "basis": 'basis = "consent"', "retention": 'retention = "matter"',
        "opens": 'opens = ["self"]', "collected": 'collected = ["use"]',
    }  # fmt: skip
    lines[line.partition(" ")[0]] = line
    path = tmp_path / "personal.toml"
    path.write_text("[[fact]]\n" + "\n".join(lines.values()), encoding="utf-8")
    with pytest.raises(inventory.WrongInventory, match=WRONG[line]):
        inventory.register(path)
    assert "trial.column" not in inventory.names()


def test_one_column_is_not_declared_in_two_ways() -> None:
    fact = inventory.facts()[0]
    other = dataclasses.replace(fact, retention="log")
    given = {
        "in": other.kept_in, "whose": other.whose, "what": {"zh": "试", "en": "trial"},
        "why": {"zh": "试", "en": "trial"}, "basis": other.basis, "retention": "log", "opens": other.opens,
        "collected": other.collected,
    }  # fmt: skip
    with pytest.raises(inventory.WrongInventory, match="twice"):
        inventory._take(given)
