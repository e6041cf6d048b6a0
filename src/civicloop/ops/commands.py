"""Commands that look after an installation: database, migrations, serving."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

import click

from civicloop.ops import backup_commands, bench_commands, city_commands, demo_commands, environment, seed_commands
from civicloop.ops.processes import Children

GRANIAN_IDLE = 600  # seconds before an idle thread, and with it its database connection, is dropped


@click.group()
def db() -> None:
    """Look after the embedded database."""


@db.command("start")
def db_start() -> None:
    """Start it; a second start while it runs does nothing."""
    environment.embedded_server().start()
    print("running")


@db.command("stop")
def db_stop() -> None:
    """Stop it in good order."""
    print("stopped" if environment.embedded_server().stop() else "was not running")


@db.command("status")
@click.option("--json", "as_json", is_flag=True)
def db_status(as_json: bool) -> None:
    """Whether it runs, and which version."""
    server = environment.embedded_server()
    facts = {"running": server.running(), "version": server.version(), "folder": str(server.folder)}
    print(json.dumps(facts) if as_json else " · ".join(f"{key}: {value}" for key, value in facts.items()))
    if not facts["running"]:
        sys.exit(3)


@db.command("url")
@click.option("--owner", is_flag=True, help="the owner's address instead of the application's")
def db_url(owner: bool) -> None:
    """The address of the database, with its password."""
    application, owners = environment.addresses(start=False)
    print(owners if owner else application)


@click.command()
def migrate() -> None:
    """Bring the schema up to date as the owner, make partitions ahead, set the application role's grants."""
    from civicloop.ops import migrating

    try:
        migrating.bring_up_to_date(environment.application_role())
    except migrating.Busy as busy:
        sys.exit(f"civicloop: {busy}")


def _granian(host: str, port: int, workers: int) -> list[str]:
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(workers), "--blocking-threads", "8", "--blocking-threads-idle-timeout", str(GRANIAN_IDLE),
        "--backlog", "1024", "--no-ws", "--respawn-failed-workers", "--log-level", "warning",
        "--log-config", str(Path(__file__).with_name("granian-log.json")),
        "civicloop.ops.wsgi:application",
    ]  # fmt: skip


@click.command()
@click.option("--host", default=lambda: os.environ.get("HOST", "127.0.0.1"))
@click.option("--port", type=click.IntRange(1, 65535), default=lambda: int(os.environ.get("PORT", "8000")))
@click.option("--workers", type=int, default=2)
def serve(host: str, port: int, workers: int) -> None:
    """Serve the pages and the API; refuses to start as owner or superuser."""
    _before_serving()
    os.execv(sys.executable, _granian(host, port, workers))


def _before_serving() -> None:
    from civicloop.ops import metrics, traces
    from civicloop.receipts import keys

    if trouble := metrics.trouble() or traces.trouble() or keys.wrong_setting():
        sys.exit(f"civicloop: {trouble}")
    metrics.begin()


@click.command()
@click.option("--once", is_flag=True, help="one round, for tests and cron")
def worker(once: bool) -> None:
    """Do what is due: clocks that act, ends of holds, lapsing approvals, samples, partitions, files without row."""
    from civicloop.ops import logs, rounds, traces
    from civicloop.receipts import keys

    if trouble := traces.trouble() or keys.wrong_setting():
        sys.exit(f"civicloop: {trouble}")
    logs.hook()
    rounds.run_for_ever(once=once)


@click.command()
@click.option("--host", default=lambda: os.environ.get("HOST", "127.0.0.1"))
@click.option("--port", type=click.IntRange(1, 65535), default=lambda: int(os.environ.get("PORT", "8000")))
@click.option("--demo/--no-demo", default=True, help="load the demonstration city when the database is empty")
def run(host: str, port: int, demo: bool) -> None:
    """Everything for a newcomer: migrate, serve, work, and load the demonstration city behind a progress page."""
    from civicloop.ops import loading

    _can_listen(host, port)
    subprocess.run([sys.executable, "-m", "civicloop.ops.cli", "migrate"], check=True)
    _before_serving()
    children = Children()
    with contextlib.suppress(KeyboardInterrupt):
        if demo and loading.is_empty():
            loading.begin()
        children.start("serve", _granian(host, port, 2))
        children.start("worker", [sys.executable, "-m", "civicloop.ops.cli", "worker"])
        if loading.wanted():
            children.start("demo", [sys.executable, "-m", "civicloop.ops.cli", "demo", "--resume"], once=True)
        _say_where(host, port)

        def leave(_number: int, _frame: FrameType | None) -> None:
            raise KeyboardInterrupt

        signal.signal(signal.SIGTERM, leave)
        children.watch(environment.keeper())
    for each in (signal.SIGINT, signal.SIGTERM):  # who is impatient does not cut the stop short
        signal.signal(each, signal.SIG_IGN)
    children.stop()
    print("CivicLoop has stopped; the database goes on running (civicloop db stop).")


def _can_listen(host: str, port: int) -> None:
    """End with words when the address cannot be had: the server would be started again and again in vain."""
    from civicloop.ops import ports

    try:
        taken = ports.taken(host, port)
    except (OSError, OverflowError) as reason:
        sys.exit(f"civicloop: cannot listen on {host}:{port} ({reason}); set HOST and PORT to what this machine has")
    if taken:
        sys.exit(f"civicloop: another program listens on port {port}; choose another one, such as PORT={port + 1}")


def _say_where(host: str, port: int) -> None:
    from django.utils import translation

    from civicloop.site import demonstration

    base = f"http://{host}:{port}"
    print(f"\n闭环 CivicLoop  {base}\n")
    for language in ("zh-hans", "en"):
        with translation.override(language):
            for face in demonstration.faces():
                print(f"  {base}{face['url']:<14} {face['words']}")
    print(f"\n  {base}/demo  （{demonstration.PASSWORD}）")
    for chinese, english in zip(_lines("zh-hans"), _lines("en"), strict=True):
        print(f"    {chinese['user']:<10} {chinese['words']} · {english['words']}")
    print("\n  Ctrl-C\n", flush=True)


def _lines(language: str) -> list[dict[str, str]]:
    from django.utils import translation

    from civicloop.site import demonstration

    with translation.override(language):
        return demonstration.sign_ins()


@click.command()
def doctor() -> None:
    """Say what is wrong with this installation and how to mend it."""
    problems = 0
    for words, trouble in _examinations():
        print(f"{'ok  ' if not trouble else 'BAD '} {words}{': ' + trouble if trouble else ''}")
        problems += bool(trouble)
    sys.exit(1 if problems else 0)


def _examinations() -> list[tuple[str, str]]:
    from civicloop.ops import checkup

    return checkup.examine()


COMMANDS: list[click.Command] = [
    db, migrate, serve, worker, run, doctor, *backup_commands.COMMANDS, *demo_commands.COMMANDS,
    *bench_commands.COMMANDS, *seed_commands.COMMANDS, *city_commands.COMMANDS,
]  # fmt: skip
