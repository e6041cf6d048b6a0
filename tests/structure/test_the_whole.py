"""What must hold of the whole system, watched by walking it."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from ninja import Schema

from tests.conftest import ROOT

SOURCE = ROOT / "src" / "civicloop"
FRAMEWORK = {"set_language", "openapi-json", "openapi-view", "api-root", "static"}


def routes(resolver: URLResolver | None = None, prefix: str = "") -> list[tuple[str, URLPattern]]:
    """Every address with its pattern."""
    found: list[tuple[str, URLPattern]] = []
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each, URLResolver):
            found += routes(each, prefix + str(each.pattern))
        else:
            found.append((prefix + str(each.pattern), each))
    return found


def test_every_page_declares_its_permission() -> None:
    bare = [
        address
        for address, pattern in routes()
        if not address.startswith("api/v1/") and pattern.name not in FRAMEWORK and not hasattr(pattern.callback, "duty")
    ]
    assert bare == []


def test_every_duty_of_a_page_exists() -> None:
    from civicloop.people.access import DUTIES

    duties = {pattern.callback.duty for _address, pattern in routes() if hasattr(pattern.callback, "duty")}
    assert duties - {"public", "matters.act"} <= set(DUTIES)


def calls() -> list[tuple[str, Any]]:
    """Every call of the API with its address."""
    from civicloop.api.app import api

    return [
        (f"{prefix}{path} {'/'.join(operation.methods)}", operation)
        for prefix, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
    ]


def test_every_call_of_the_api_declares_who_may_make_it() -> None:
    undeclared = [path for path, call in calls() if call.auth_param is not None and not call.auth_callbacks]
    assert undeclared == []


def test_every_call_of_the_api_declares_its_duty_and_asks_it() -> None:
    from civicloop.people.access import DUTIES
    from civicloop.people.web import OF_MATTER, PUBLIC

    assert len(calls()) > 30
    faults = []
    for path, call in calls():
        duty = getattr(call.view_func, "duty", None)
        known = duty in {*DUTIES, OF_MATTER, PUBLIC}
        asked = duty in {OF_MATTER, PUBLIC} or call.view_func.__code__.co_name == "guarded"
        for_everybody = (duty == PUBLIC) == (call.auth_param is None)
        if not (known and asked and for_everybody) or (duty == OF_MATTER and "matter_id" not in path):
            faults.append((path, duty))
    assert faults == []


# what may ask the system for the time: the clock itself, processes that wait in real time, and caches that grow stale
REAL_TIME = {
    "foundation/clock.py", "foundation/throttle.py", "foundation/partitions.py",
    "evidence/storage.py", "evidence/actions.py", "people/locks.py",
}  # fmt: skip


def test_no_two_shapes_of_the_api_share_a_name() -> None:
    """The published description knows a shape by its name alone: a second one would stand in the place of the first."""
    importlib.import_module("civicloop.api.app")
    waiting, modules = [Schema], dict[str, set[str]]()
    while waiting:
        for each in waiting.pop().__subclasses__():
            waiting.append(each)
            if each.__module__.startswith("civicloop."):
                modules.setdefault(each.__name__, set()).add(each.__module__)
    assert len(modules) > 50
    assert {name: places for name, places in modules.items() if len(places) > 1} == {}


def test_nobody_but_the_clock_asks_the_time() -> None:
    asking = []
    for path in SOURCE.rglob("*.py"):
        if "migrations" in path.parts or str(path.relative_to(SOURCE)) in REAL_TIME:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}:
                base = ast.unparse(node.value)
                if base.split(".")[-1] in {"datetime", "date", "timezone"}:
                    asking.append(f"{path.relative_to(SOURCE)}:{node.lineno}")
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "CURRENT_TIMESTAMP" in node.value:
                asking.append(f"{path.relative_to(SOURCE)}:{node.lineno}")
            if isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
                asking.append(f"{path.relative_to(SOURCE)}:{node.value.lineno}")
    assert asking == []


def test_one_sentence_has_one_chinese() -> None:
    """All rooms share one catalogue at run time: the same English with other Chinese would show either."""
    from babel.messages.pofile import read_po

    said: dict[tuple[str | None, str], dict[str, set[str]]] = {}
    for path in sorted(SOURCE.glob("*/locale/zh_Hans/LC_MESSAGES/django.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh_Hans"):
                if message.id and message.string:
                    forms = said.setdefault((message.context, str(message.id)), {})
                    forms.setdefault(str(message.string), set()).add(path.parts[-5])
    assert {key: forms for key, forms in said.items() if len(forms) > 1} == {}


def test_every_string_has_its_chinese() -> None:
    done = subprocess.run([sys.executable, ROOT / "tools/messages.py", "check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_migrations_are_complete(tmp_path: Path) -> None:
    from django.core.management import call_command

    call_command("makemigrations", check=True, dry_run=True, verbosity=0, skip_checks=True)


test_migrations_are_complete = pytest.mark.django_db(test_migrations_are_complete)


def test_only_records_opens_what_is_sealed() -> None:
    opening = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if "unseal" in path.read_text(encoding="utf-8") and path.name not in {"ciphers.py", "sealing.py"}
    ]
    assert opening == []


def test_no_city_is_named_in_code() -> None:
    cities = [path.name for path in (ROOT / "cities").iterdir() if path.is_dir()]
    words = {*cities, "天津", "Tianjin"}
    named = [
        f"{path.relative_to(SOURCE)}: {word}"
        for path in SOURCE.rglob("*.py")
        for word in words
        if word in path.read_text(encoding="utf-8") and path.name != "loading.py"
    ]
    assert named == []


def test_every_room_has_its_readme() -> None:
    rooms = [path.parent for path in SOURCE.glob("*/apps.py")]
    assert len(rooms) == 22
    assert [room.name for room in rooms if not (room / "README.md").exists()] == []


def test_every_registration_is_listed() -> None:
    from civicloop.matters import hooks
    from civicloop.procedures import guards

    importlib.import_module("civicloop.ops.urls")
    assert hooks.registered() == ["erasures:supervision", "marks:supervision"]
    asked = {f"matters.{name}" for name in ("ended_overdue", "urgent", "supply", "returnable", "whistled")}
    assert {name for name in guards.known() if not name.startswith("test")} == asked


def test_the_picture_of_the_rooms_is_what_import_linter_proves() -> None:
    import re
    import tomllib

    layers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["layers"]
    proved = [set(re.findall(r"\w+", layer)) for layer in reversed(layers)]
    picture = (ROOT / "docs/architecture.md").read_text().split("```mermaid")[1].split("```")[0]
    floors = [set(re.findall(r'^    (\w+)\["', floor, re.M)) for floor in picture.split("subgraph")[1:]]
    assert floors == proved
    assert {path.parent.name for path in SOURCE.glob("*/apps.py")} == set().union(*proved)


# who may ask the tables of matters without asking access in the same module: the rooms that own or guard them, and
# these, each with its reason
PAST_ACCESS = {
    "site/erasure_pages.py": "numbers of matters on a list, for the two administrators whose duty it is",
    "receipts/commands.py": "numbers for the operator of a proof",
    "receipts/selectors.py": "the receipt, after the check code",
    "notices/telling.py": "whether somebody outside is to be told, as the system",
    "classifier/actions.py": "learning from ordinary matters, as the system",
    "supervision/laddering.py": "the clock that fires a mark, as the system",
    "supervision/announcing.py": "from whom an order's matters are kept, as the system",
    "supervision/demands.py": "what the units of an order still owe, for whoever sees the order",
    "notices/consuming.py": "who did what is told of, so as not to tell them",
    "notices/sending.py": "the reporter's sealed number, opened as the system with a line in the read log",
    "notices/sql.py": "how much waits at a desk, for those who sit at it",
    "onemap/own.py": "the ways of matters.selectors, which ask access",
    "onemap/sql.py": "counts without titles or texts, after permission.reach has decided what is read",
    "ops/bench/tiling.py": "a throw-away database",
    "ops/metrics.py": "how many are open",
    "ops/bench/runs.py": "a throw-away database",
    "figures/ledger.py": "a proof, for the operator",
    "figures/everybody.py": "when the first report came in, for the worker",
    "ops/restoring.py": "a proof",
    "ops/bench/reading.py": "a throw-away database",
    "ops/bench/seeding.py": "a throw-away database",
    "ops/bench/stories.py": "a database for measuring",
    "ops/bench/likening.py": "a throw-away database",
    "ops/demo/player.py": "the demonstration",
    "ops/demo/orders.py": "the demonstration",
    "ops/demo/cluster.py": "the demonstration",
}
ASKING = ("visible(", "seen_by(", "access.sees(", "access.scope(")  # a module that asks access itself
OF_MATTERS = {"Matter", "Entry", "EntryText", "Evidence", "SealedValue", "Signal", "SearchToken", "Capture"}


def test_no_page_call_tile_export_or_notice_reads_matters_past_access() -> None:
    past = set()
    for path in SOURCE.rglob("*.py"):
        name = str(path.relative_to(SOURCE))
        if "migrations" in path.parts or path.parts[-2] in {"matters", "evidence", "records"}:
            continue
        source = path.read_text(encoding="utf-8")
        if any(asked in source for asked in ASKING):
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Attribute) and node.attr == "objects" and isinstance(node.value, ast.Name):
                past |= {name} if node.value.id in OF_MATTERS else set()
            words = str(node.value) if isinstance(node, ast.Constant) else ""
            if any(f"FROM {table}" in words for table in ("matters_matter", "matters_entrytext")):
                past |= {name}
    assert past - set(PAST_ACCESS) == set()
    assert set(PAST_ACCESS) - past == set()  # nobody stays excused who no longer needs it


def test_no_command_writes_past_the_actions_or_opens_what_is_sealed() -> None:
    """Commands are for whoever has a shell on the machine: they act as the system, leave their lines, tell no texts."""
    writing = {"save", "create", "bulk_create", "update", "delete", "get_or_create", "update_or_create"}
    telling = {"open_value", "open_bytes", "unseal", "EntryText", "SealedValue"}
    faults = []
    for path in [*SOURCE.glob("*/commands.py"), *SOURCE.glob("*/*_commands.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Attribute) and called.attr in writing and "objects" in ast.unparse(called.value):
                faults.append(f"{path.relative_to(SOURCE)}:{node.lineno} {called.attr}")
            name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if name in telling:
                faults.append(f"{path.relative_to(SOURCE)}: {name}")
    assert faults == []


def _imports(path: Path) -> set[str]:
    """What a module imports, by its full name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return found


def test_every_table_that_leaves_goes_through_the_room_that_neutralises_formulas() -> None:
    """Cells that a spreadsheet would run are made harmless in one place; nobody else writes CSV or XLSX."""
    own_hand, without = [], []
    for path in SOURCE.rglob("*.py"):
        name, source = str(path.relative_to(SOURCE)), path.read_text(encoding="utf-8")
        if name == "foundation/spreadsheets.py":
            continue
        if "csv.writer" in source or "csv.DictWriter" in source or "xlsxwriter" in _imports(path):
            own_hand.append(name)
        answers = "text/csv" in source or "spreadsheetml" in source
        if answers and not any(each.startswith("civicloop.foundation.spreadsheets") for each in _imports(path)):
            without.append(name)
    assert own_hand == []
    assert set(without) == {
        "catalogue/component_pages.py",  # component_files writes it
        "catalogue/pages.py",  # exporting writes it
        "site/phrase_pages.py",  # deskwork/files writes it
    }


# who may reach other machines, and what bounds where
OUTWARD = {
    "foundation/outgoing.py": "the one way to ask by HTTP: HTTPS or this machine, no redirect, bounded time and length",
    "notices/channels/mail.py": "the mail server of the environment; TLS unless it is this machine",
    "ops/traces.py": "the collector of the environment; no redirect, no proxy",
    "evidence/buckets.py": "the object store of the environment",
    "ops/ports.py": "looks whether a port of this machine is free",
    "ops/embedded.py": "the embedded database of this machine",
    "ops/bench/client.py": "a throw-away instance on this machine",
    "ops/bench/instance.py": "a throw-away instance on this machine",
    "ops/bench/dashboards.py": "a throw-away instance on this machine",
}
NETWORK = {
    "socket", "ssl", "http.client", "urllib.request", "urllib3", "requests", "httpx", "aiohttp", "smtplib", "ftplib",
    "poplib", "imaplib", "telnetlib", "asyncio", "boto3", "django.core.mail", "jwt.PyJWKClient", "socketserver",
}  # fmt: skip


def test_only_listed_modules_reach_other_machines() -> None:
    reaching = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if _imports(path) & NETWORK and "migrations" not in path.parts
    }
    assert reaching == set(OUTWARD)


def test_whoever_asks_by_http_has_looked_at_the_host() -> None:
    """`outgoing.ask` takes any address, so each module that calls it holds it against its list first."""
    asking = {
        str(path.relative_to(SOURCE)): path.read_text(encoding="utf-8")
        for path in SOURCE.rglob("*.py")
        if "outgoing.ask(" in path.read_text(encoding="utf-8")
    }
    assert set(asking) == {"notices/channels/web.py", "people/oidc.py"}
    for name, source in asking.items():
        before = source[: source.index("outgoing.ask(")]
        assert "outgoing.allowed(" in before or "outgoing.safe(" in before, name


# the API asks no address that somebody has sent: what a request brings is never where to ask
def test_no_call_or_form_takes_an_address_to_fetch() -> None:
    from civicloop.api.app import api

    described = api.get_openapi_schema()
    asked = {
        f"{path} {name}"
        for path, schema in described["components"]["schemas"].items()
        for name in schema.get("properties", {})
        if path.endswith("In") and any(word in name for word in ("url", "href", "webhook", "callback"))
    }
    assert asked == set()


def test_every_room_asks_the_city_for_its_zone() -> None:
    """foundation.locality knows it: the zone of the settings file holds only until a city has said its own."""
    found = [
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if "TIME_ZONE" in path.read_text(encoding="utf-8") and path != SOURCE / "settings.py"
    ]
    assert found == []
