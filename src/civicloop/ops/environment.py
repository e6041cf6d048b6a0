"""Which database an entry point speaks to, and as whom.

`DATABASE_URL` is the application role, `DATABASE_OWNER_URL` the owner. Without both, the embedded database provides
them. There is one Django alias: the entry point decides who `default` is, since migrations, RunPython and third-party
migrations all write through it. Must be called before Django reads the settings.
"""

import os
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
    server = embedded_server()
    both = server.start() if start else server.addresses()
    return both.application, both.owner


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
