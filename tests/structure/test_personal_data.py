"""What is kept of persons stands in the inventory, and what stands there is kept."""

import dataclasses
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from civicloop.matters.personal import WHOSE, sealed_field
from civicloop.people import access
from civicloop.procedures.rules import reading
from civicloop.records import choices, inventory
from civicloop.site import personal_data

# columns that can hold words, numbers or files of persons, and do not; "table.*" where a table follows no person
SAID = """
    auth_group.* auth_permission.* django_content_type.* django_session.session_key
    places_area.* places_areaversion.* places_areasuccession.* places_layerrevision.* calendars_calendar.*
    calendars_calendarversion.* catalogue_standard.* catalogue_kindclass.* catalogue_kind.* catalogue_kindedition.*
    catalogue_crosswalk.* catalogue_filingcondition.* catalogue_responsibility.* catalogue_question.*
    catalogue_dutyitem.* catalogue_revision.*
    procedures_procedureversion.* procedures_ladderversion.* receipts_dailyroot.* receipts_dailyleaf.*
    receipts_loghead.* receipts_logline.* ops_heartbeat.* ops_load.* classifier_making.* classifier_measure.*
    records_auditentry.action records_auditentry.outcome records_readentry.field records_sealedvalue.field
    records_sealedvalue.retention records_try.since records_setting.code records_setting.scope records_setting.value
    records_keychange.* records_resealing.* evidence_evidence.sealed_with
    people_unit.* people_unitedition.* people_post.* people_standin.* people_delegation.* people_apitoken.scopes
    people_account.sessions
    people_outsideidentity.issuer people_anomaly.kind people_anomaly.judgement people_secondfactor.kind
    evidence_evidence.stage evidence_evidence.media_type evidence_evidence.sha256 evidence_evidence.fingerprint
    evidence_signal.* evidence_lookedat.* evidence_boxes.detector evidence_capture.how evidence_capture.source
    evidence_capture.accuracy evidence_capture.editor evidence_publicphoto.state
    evidence_film.state
    matters_matter.number matters_matter.channel matters_matter.class_code matters_matter.crs_in
    matters_matter.place_reason matters_matter.step matters_matter.stage matters_matter.end matters_matter.desk_level
    matters_matter.desk_roles matters_matter.complained_of matters_matter.answers
    matters_matter.fingerprint matters_entry.action matters_entry.result matters_entry.role matters_entry.step
    matters_entry.fingerprint matters_entry.hash matters_entrytext.field matters_entrytext.salt matters_task.*
    matters_clock.* matters_approvalrequest.action matters_approvalrequest.result matters_approvalrequest.desk_roles
    matters_approvalrequest.asked_role matters_approvalrequest.state matters_fact.* matters_outbox.*
    notices_notice.key notices_notice.template notices_notice.link notices_delivery.channel notices_delivery.state
    notices_delivery.error notices_contact.channel
    supervision_order.number supervision_order.level supervision_order.source supervision_order.state
    supervision_order.origin supervision_order.cause supervision_order.calendar supervision_order.limit
    supervision_order.pauses supervision_order.mark supervision_orderdemand.kind supervision_orderdemand.met
    supervision_orderstep.doing supervision_orderstep.role supervision_orderstep.fingerprint
    supervision_orderstep.detail
    matters_sampleshare.* matters_doubt.* matters_erasurelist.* matters_erasureitem.* matters_erasurehold.*
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
        assert personal_data.roles(each)
    opened = {each.partition(":")[2] for each in named if each.startswith("personal:")}
    assert opened == set(access.PERSONAL)


def test_every_rule_and_every_collection_point_is_used() -> None:
    used = {fact.retention for fact in inventory.facts()}
    assert used == set(inventory.rules())
    assert {*choices.CLASSES, choices.DEFAULT_RETENTION} <= set(inventory.rules())
    assert {point for fact in inventory.facts() for point in fact.collected} == set(inventory.points())


def test_the_page_has_words_for_every_group_basis_and_reader() -> None:
    assert set(personal_data.GROUPS) == set(inventory.GROUPS)
    assert set(personal_data.BASES) == set(inventory.BASES)
    assert set(personal_data.OPENED_BY) == set(inventory.OPENED_BY)


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
