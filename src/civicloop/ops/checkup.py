"""What can be wrong with an installation, each with how to mend it."""

import os
import shutil
from collections.abc import Callable

from civicloop.ops import embedded, environment

LITTLE = 2 * 1024**3
BACKUP_DAYS = 3  # after which a backup that was made before is missed


def _folder() -> str:
    folder = environment.data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        return f"{folder} cannot be written: set DATA_DIR to a folder of your own"
    free = shutil.disk_usage(folder).free
    return f"only {free // 1024**2} MiB are free on the disk of {folder}" if free < LITTLE else ""


def _database() -> str:
    from django.db import OperationalError, connection

    try:
        server = environment.embedded_in_use()
        if server is None and not os.environ.get("DATABASE_URL"):
            server = environment.embedded_server()
    except embedded.DatabaseTrouble as trouble:
        return str(trouble)
    if server is not None and not server.running():
        return "it does not run: civicloop db start"
    try:
        connection.ensure_connection()
    except OperationalError as trouble:
        return f"{_first_line(trouble)}: is it running, and are role and password in DATABASE_URL right?"
    return ""


def _first_line(trouble: Exception) -> str:
    return (str(trouble).splitlines() or [type(trouble).__name__])[0]


def _role() -> str:
    from civicloop.ops.grants import refuse_powerful_role

    return refuse_powerful_role() or ""


def _migrations() -> str:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(plan)} migrations are missing: civicloop migrate" if plan else ""


def _guards() -> str:
    from civicloop.procedures.selectors import missing_guards

    missing = missing_guards()
    return f"procedures refer to guards that are not registered: {', '.join(missing)}" if missing else ""


def _sealing() -> str:
    from civicloop.records import resealing
    from civicloop.records.sealing import lost_keys, trouble

    # in this order: a trial of sealing makes the key that is missing
    return lost_keys() or trouble() or resealing.trouble()


def _keys() -> str:
    from civicloop.records import resealing

    return resealing.said() if resealing.newest_change() else ""


def _storage() -> str:
    from datetime import timedelta

    from civicloop.foundation import clock
    from civicloop.ops.models import Heartbeat

    last = Heartbeat.objects.filter(name="storage").values_list("at", flat=True).first()
    if last is None or last > clock.now() - timedelta(days=3):
        return ""
    return f"nobody has looked through them since {last:%Y-%m-%d}: see what the worker's log says"


def _worker() -> str:
    from datetime import timedelta

    from civicloop.foundation import clock
    from civicloop.ops.models import Heartbeat

    fresh = Heartbeat.objects.filter(name="worker", at__gt=clock.now() - timedelta(minutes=1)).exists()
    return "" if fresh else "no worker has given a sign of life for a minute: civicloop worker"


def _daily_roots() -> str:
    from datetime import timedelta

    from civicloop.foundation import clock
    from civicloop.receipts import days, selectors

    now = clock.now()
    late = [day for day in selectors.open_days(now - timedelta(days=40)) if day < days.last_over(now)]
    return f"days with entries under no root since {late[0]}: civicloop worker, and see its log" if late else ""


def _signing() -> str:
    from civicloop.receipts import keys

    return keys.trouble()


def _cubes() -> str:
    from civicloop.figures import folding

    if folding.day_differs():
        return "the statistic day was changed since they were made: civicloop ledger rebuild"
    if folding.rules_differ():
        return "they were made by the rules of an earlier version: civicloop ledger rebuild"
    if folding.state().making is not None:
        return "a rebuild was begun and is not finished: civicloop ledger rebuild goes on with it"
    return ""


def _backup() -> str:
    from datetime import timedelta

    from civicloop.foundation import clock
    from civicloop.ops.backup import last_made

    last = last_made()
    if last is None or last > clock.now() - timedelta(days=BACKUP_DAYS):
        return ""
    return "that is long ago: see why civicloop backup TO --key FILE is no longer called, or fails"


def _last_backup() -> str:
    from civicloop.foundation import clock
    from civicloop.ops.backup import last_made, last_size

    last = last_made()
    if last is None:
        return "none yet, see civicloop backup TO --key FILE"
    hours = int((clock.now() - last).total_seconds() // 3600)
    age = f"{hours} hours" if hours < 48 else f"{hours // 24} days"
    return f"{last:%Y-%m-%d %H:%M} UTC, {age} ago, {last_size() / 1024**2:.1f} MiB"


EXAMINATIONS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("data folder and disk", _folder),
    ("database", _database),
    ("role of the application", _role),
    ("migrations", _migrations),
    ("guards of the procedures", _guards),
    ("keys and cipher of sealed data", _sealing),
    ("worker", _worker),
    ("stored files", _storage),
    ("daily roots", _daily_roots),
    ("signatures of roots and receipts", _signing),
    ("counters of the figures", _cubes),
    ("last backup", _backup),
)
# what is said beside an examination, well or not
SAID: dict[str, Callable[[], str]] = {"last backup": _last_backup, "keys and cipher of sealed data": _keys}


def examine() -> list[tuple[str, str]]:
    """(what, trouble) for each examination; an empty trouble is well. What cannot be examined says so."""
    from django.db import OperationalError

    found = []
    for words, look in EXAMINATIONS:
        try:
            said = SAID[words]() if words in SAID else ""
            found.append((f"{words} ({said})" if said else words, look()))
        except OperationalError:
            found.append((words, "cannot be examined while the database does not answer"))
        except Exception as trouble:
            found.append((words, f"cannot be examined: {_first_line(trouble)}"))
    return found
