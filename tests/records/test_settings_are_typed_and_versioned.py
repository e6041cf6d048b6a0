"""Settings: typed, defined once, the nearest scope wins, each change a version with its audit line."""

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.utils import translation

from civicloop.foundation import clock
from civicloop.records import settings
from civicloop.records.actions import set_setting
from civicloop.records.models import AuditEntry, Setting
from civicloop.records.settings import SettingRefused, UnknownSetting

pytestmark = pytest.mark.both_servers
LEVELS = ("installation", "district", "unit")


@pytest.fixture
def defined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of every type, for these tests alone."""
    monkeypatch.setattr(settings, "_definitions", dict(settings._definitions))
    settings.define("test.count", "int", 5, "count", LEVELS, low=0, high=10)
    settings.define("test.share", "float", 0.5, "share", low=0, high=1)
    settings.define("test.on", "bool", False, "on")
    settings.define("test.colour", "choice", "red", "colour", choices=[("red", "Red"), ("blue", "Blue")])


def change(code: str, value: Any, scope: str = "installation") -> Setting | None:
    made = set_setting(actor_id=7, post_id=70, actor_words="系统管理员", code=code, scope=scope, value=value)
    settings.forget()  # a rolled-back test never commits, which is when the process forgets by itself
    return made


def test_the_settings_of_today_have_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings._cache, "values", dict)
    assert settings.get("footer.filing_number") == ""
    assert settings.get_str("figures.day_start") == "00:00"
    assert settings.get_int("partitions.quarters_ahead") == 4
    assert settings.get("site.name") == ""


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(UnknownSetting):
        settings.get("no.such")
    with pytest.raises(UnknownSetting):
        change("no.such", 1)


def test_a_code_is_defined_once(defined: None) -> None:
    with pytest.raises(ValueError):
        settings.define("test.count", "int", 1, "again")
    with pytest.raises(ValueError):
        settings.define("test.other", "int", 1, "of a level that does not exist", ("planet",))
    with pytest.raises(SettingRefused):
        settings.define("test.wrong", "int", "one", "a default of another type")


@pytest.mark.django_db
@pytest.mark.usefixtures("defined")
def test_the_nearest_scope_wins() -> None:
    chain = ("unit:d1-urban", "district:990101")
    assert settings.get("test.count", chain) == 5
    for scope, value in (("installation", 6), ("district:990101", 7), ("unit:d1-urban", 0)):
        change("test.count", value, scope)
        assert settings.get("test.count", chain) == value
    assert settings.get("test.count", ("unit:other", "district:990101")) == 7
    assert settings.get("test.count") == 6
    change("test.count", None, "unit:d1-urban")
    assert settings.get("test.count", chain) == 7


@pytest.mark.django_db
@pytest.mark.usefixtures("defined")
def test_each_change_is_a_version_with_its_audit_line() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    with clock.at(moment):
        for value in (6, 7, 7, None):
            change("test.count", value)
    versions = list(
        Setting.objects.filter(code="test.count").order_by("version").values_list("version", "value", "set_by")
    )
    assert versions == [(1, 6, "系统管理员"), (2, 7, "系统管理员"), (3, None, "系统管理员")]
    lines = AuditEntry.objects.filter(action="setting.set", object="test.count installation").order_by("id")
    assert [line.detail for line in lines] == [
        {"version": 1, "before": None, "after": 6},
        {"version": 2, "before": 6, "after": 7},
        {"version": 3, "before": 7, "after": None},
    ]
    assert {(line.account_id, line.post_id, line.words, line.at) for line in lines} == {(7, 70, "系统管理员", moment)}


@pytest.mark.django_db
@pytest.mark.usefixtures("defined")
def test_unsetting_what_was_never_set_changes_nothing() -> None:
    assert change("test.count", None) is None
    assert not Setting.objects.filter(code="test.count").exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("defined")
@pytest.mark.parametrize(
    ("code", "value", "why"),
    [
        ("test.count", "6", "wrong_type"),
        ("test.count", 6.0, "wrong_type"),
        ("test.count", True, "wrong_type"),
        ("test.count", 11, "out_of_range"),
        ("test.count", -1, "out_of_range"),
        ("test.share", float("nan"), "wrong_type"),
        ("test.share", 1.5, "out_of_range"),
        ("test.on", 1, "wrong_type"),
        ("test.colour", "green", "no_choice"),
        ("site.name", "x" * 501, "too_long"),
        ("site.name", "two\nlines", "too_long"),
        ("site.name", "nul\x00", "too_long"),
        ("figures.day_start", "24:00", "wrong_form"),
        ("figures.day_start", "9:00", "wrong_form"),
        ("partitions.quarters_ahead", 2, "out_of_range"),
    ],
)
def test_a_wrong_value_is_refused_and_nothing_is_written(code: str, value: object, why: str) -> None:
    before = (Setting.objects.count(), AuditEntry.objects.count())
    with translation.override("zh-hans"), pytest.raises(SettingRefused) as caught:
        change(code, value)
    assert caught.value.code == why
    assert any("一" <= sign <= "鿿" for sign in str(caught.value))
    assert (Setting.objects.count(), AuditEntry.objects.count()) == before


@pytest.mark.django_db
@pytest.mark.usefixtures("defined")
@pytest.mark.parametrize("scope", ["", "city", "district", "unit:", "installation:x", "unit:" + "x" * 60])
def test_a_wrong_scope_is_refused(scope: str) -> None:
    with pytest.raises(SettingRefused):
        change("test.count", 1, scope)
    with pytest.raises(SettingRefused):
        change("test.on", True, "unit:d1-urban")  # only the installation has it


@pytest.mark.django_db
@pytest.mark.usefixtures("defined")
def test_values_keep_their_types() -> None:
    for code, value in (("test.share", 1), ("test.on", True), ("test.colour", "blue"), ("site.name", "样例市 😀")):
        change(code, value)
        assert settings.get(code) == value
    assert isinstance(settings.get("test.share"), float)
    change("test.on", False)
    assert settings.get("test.on") is False


@pytest.mark.django_db
@pytest.mark.usefixtures("defined")
def test_a_value_is_read_from_the_table_at_most_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    settings.forget()
    with django_assert_num_queries(1):
        for _each in range(20):
            settings.get("test.count", ("unit:a", "district:b"))
    Setting.objects.create(code="test.count", version=1, value=9, set_at=clock.now(), set_by="another process")
    assert settings.get("test.count") == 5
    late = settings.time.monotonic() + settings.FRESH_FOR
    monkeypatch.setattr(settings.time, "monotonic", lambda: late)
    assert settings.get("test.count") == 9


def test_this_process_sees_a_change_once_it_is_committed(committing: str) -> None:
    assert settings.get("site.name") == ""
    set_setting(actor_id=None, post_id=None, actor_words="x", code="site.name", value="样例市")
    assert settings.get("site.name") == "样例市"


def test_changes_at_once_become_versions_one_after_the_other(committing: str) -> None:
    def send(number: int) -> None:
        try:
            set_setting(actor_id=number, post_id=None, actor_words=str(number), code="site.name", value=f"第{number}")
        finally:
            connection.close()

    senders = [threading.Thread(target=send, args=[number]) for number in range(6)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    rows = Setting.objects.filter(code="site.name").order_by("version")
    assert [row.version for row in rows] == [1, 2, 3, 4, 5, 6]
    assert settings.get("site.name") == rows[5].value
