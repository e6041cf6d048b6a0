"""Which database an entry point speaks to, and as whom.

`DATABASE_URL` is the application role, `DATABASE_OWNER_URL` the owner. Without both, the embedded database provides
them. There is one Django alias: the entry point decides who `default` is, since migrations, RunPython and third-party
migrations all write through it. Must be called before Django reads the settings.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from civicloop.ops import embedded


class As(Enum):
    """In which role this process works."""

    APPLICATION = "application"
    OWNER = "owner"


def data_dir() -> Path:
    """Everything an installation keeps outside a database server of its own."""
    root = Path(__file__).resolve().parents[3]
    return Path(os.environ.get("DATA_DIR", root / "var")).absolute()


_in_use: embedded.Server | None = None  # the embedded server, when this process got its addresses from there


def embedded_server() -> embedded.Server:
    """The embedded server of this installation (not started)."""
    return embedded.server_in(data_dir() / "postgres")


def addresses(*, start: bool = True) -> tuple[str, str]:
    """(application URL, owner URL) from the environment or from the embedded server, which is started if need be."""
    application, owner = os.environ.get("DATABASE_URL"), os.environ.get("DATABASE_OWNER_URL")
    if application and owner:
        return application, owner
    if application or owner:
        raise embedded.DatabaseTrouble("set both DATABASE_URL and DATABASE_OWNER_URL, or neither")
    global _in_use
    _in_use = embedded_server()
    both = _in_use.start() if start else _in_use.addresses()
    return both.application, both.owner


def aim() -> None:
    """Point Django at the database in the application's role and start nothing: for whoever looks only.

    Where there is no database yet it points nowhere.
    """
    if not os.environ.get("DATABASE_URL") and (data_dir() / "postgres" / "access.json").exists():
        os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = addresses(start=False)


def embedded_in_use() -> embedded.Server | None:
    """The embedded server, when this process has its addresses from there."""
    return _in_use


def keeper() -> Callable[[], None]:
    """What starts the embedded server again when it has ended, as after a full disk or a kill; called each second.

    A start that fails is tried again after a pause that grows to a minute. A server of one's own has its own keeper.
    """
    if _in_use is None:
        return lambda: None
    server, not_before, pause = _in_use, 0.0, 1.0

    def look() -> None:
        nonlocal not_before, pause
        if time.monotonic() < not_before or server.alive():
            return
        print("civicloop: the database has ended; starting it again", file=sys.stderr)
        try:
            server.start()
            pause = 1.0
        except (embedded.DatabaseTrouble, OSError, subprocess.TimeoutExpired) as trouble:
            pause = min(60.0, pause * 2)
            print(f"civicloop: it does not start, next try in {pause:.0f} s: {trouble}", file=sys.stderr)
        not_before = time.monotonic() + pause

    return look


def application_role() -> str:
    """The name of the application role, to which the owner gives its rights."""
    return unquote(urlsplit(os.environ.get("DATABASE_URL", "")).username or embedded.APPLICATION)


def prepare(who: As = As.APPLICATION) -> None:
    """Point Django at the database in the given role and load it."""
    application, owner = addresses()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "civicloop.settings")
    os.environ["DATABASE_URL"] = application if who is As.APPLICATION else owner
    import django

    django.setup()
    os.environ["DATABASE_URL"], os.environ["DATABASE_OWNER_URL"] = application, owner
