"""Writes of this room: settings. `audit.write` writes the audit log, the matters' room its sealed values."""

from django.db import connection, transaction
from django.db.models import Max, Value
from django.db.models.fields.json import JSONField

from civicloop.foundation import clock
from civicloop.records import audit, settings
from civicloop.records.models import Setting


def set_setting(
    *, actor_id: int | None, post_id: int | None, actor_words: str, code: str, scope: str = settings.INSTALLATION,
    value: settings.Value | None,
) -> Setting | None:  # fmt: skip
    """Set `code` in `scope` as a new version, with its audit line; None lets the wider scope hold again.

    Returns the version in force, or None when nothing was ever set and nothing is to be. What holds already makes no
    new version. The caller has asked people.access first. Other processes see it within settings.FRESH_FOR seconds.
    Raises settings.UnknownSetting, settings.SettingRefused.
    """
    known = settings.definition(code)
    known.checked_scope(scope)
    checked = None if value is None else known.checked(value)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"setting:{code}"])
        versions = Setting.objects.filter(code=code, scope=scope)
        newest = versions.order_by("-version").first()
        before = newest.value if newest else None
        if before == checked and type(before) is type(checked):
            return newest
        row = Setting(
            code=code, scope=scope, version=(versions.aggregate(most=Max("version"))["most"] or 0) + 1,
            value=Value(None, JSONField()) if checked is None else checked, set_at=clock.now(), set_by=actor_words[:64],
        )  # fmt: skip
        row.save(force_insert=True)
        audit.write(
            actor_id=actor_id, post_id=post_id, actor_words=actor_words, action="setting.set", object=f"{code} {scope}",
            outcome="done", detail={"version": row.version, "before": before, "after": checked},
        )  # fmt: skip
        transaction.on_commit(settings.forget)
    row.value = checked
    return row
