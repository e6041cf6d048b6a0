"""Log lines without personal data, as JSON or as plain text.

What people send reaches a log in three ways: as an argument of a message, as the message of an exception (PostgreSQL
quotes the row that it refuses), and in a path. None of these is written. Of an exception there are its type, its state
and constraint in the database and the lines of code; of a library's message its wording without the arguments; of a
request its route. What our own code logs it formats itself, so it must name ids, codes and numbers only.

Knows nothing of Django, since the server's own process uses it too.
"""

import json
import logging
import os
import re
import sys
import threading
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

OURS = "civicloop"
FRAMES, LONGEST = 20, 200
PLACE = re.compile(r"%(?:\(\w+\))?[#0\- +]*[\d.*]*[diouxXeEfFgGcrsa]")
# what may be somebody's words or number in the finished text of a library
SCRUBBED = re.compile(r"\d{5,}|'[^']*'|\"[^\"]*\"|“[^”]*”")
# the id of the present request, which every line of it bears
request_id: ContextVar[str] = ContextVar("civicloop_request_id", default="")


def words_of(error: BaseException) -> str:
    """An exception without what it may quote: type, state and constraint in the database, the system's error."""
    words = type(error).__name__
    plain: Any = error if hasattr(error, "sqlstate") else error.__cause__
    if getattr(plain, "sqlstate", None):
        words += f" {plain.sqlstate}"
        constraint = plain.diag.constraint_name
        words += f" of {constraint}" if constraint else ""
    if words.startswith("OperationalError"):  # the server's state, not a row: why it is away, what it waited for
        words += ": " + " ".join(str(error).split("\nDETAIL")[0].split("\n")[:1])[:LONGEST]
    elif isinstance(error, OSError) and error.strerror:
        words += f": {error.strerror} (errno {error.errno})"
    return words


def _frames(found: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(found)[-FRAMES:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(path: str) -> str:
    for root in ("/site-packages/", "/src/"):
        if root in path:
            return path.rpartition(root)[2]
    return path.rpartition("/")[2]


def _message(record: logging.LogRecord) -> str:
    if record.name == OURS or record.name.startswith(OURS + "."):
        return str(record.msg) % _plain(record.args) if record.args else str(record.msg)
    if not isinstance(record.msg, str):
        return type(record.msg).__name__
    if record.args:
        return PLACE.sub("…", record.msg)
    if record.name.startswith("django.security."):
        return record.name.rpartition(".")[2]  # its text repeats what was sent
    return SCRUBBED.sub("…", record.msg.split("\n", 1)[0])[:LONGEST]


def _plain(arguments: Any) -> Any:
    if isinstance(arguments, dict):
        return {name: _argument(value) for name, value in arguments.items()}
    return tuple(_argument(value) for value in arguments)


def _argument(value: object) -> object:
    return words_of(value) if isinstance(value, BaseException) else value


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """What a line says."""
    found: dict[str, Any] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(), "logger": record.name, "message": _message(record),
    }  # fmt: skip
    if request_id.get():
        found["request"] = request_id.get()
    found |= getattr(record, "facts", {}) or _answered(record)
    if record.exc_info and record.exc_info[1] is not None:
        found["exception"], found["frames"] = words_of(record.exc_info[1]), _frames(record.exc_info[2])
        if causes := _causes(record.exc_info[1]):
            found["because_of"] = causes
    return found


def _causes(error: BaseException) -> list[str]:
    found: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(found) < FRAMES:
        found.append(words_of(cause))
        cause = cause.__cause__ or cause.__context__
    return found


def _answered(record: logging.LogRecord) -> dict[str, Any]:
    """The status and the route of an answer that a library logs by its path."""
    status = getattr(record, "status_code", None)
    return {} if status is None else {"route": _route(record), "status": status}


def _route(record: logging.LogRecord) -> str:
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    return str(getattr(match, "route", "nowhere"))


class Unexpected(logging.Filter):
    """Leaves out what is meant to be so.

    That the installation is not ready yet: whoever asks is told so, each second while a city is loaded. And that the
    server has more threads than the machine has cores: they wait for the database most of the time.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if record.name == "_granian":
            return "compared to the number of CPU cores" not in str(record.msg)
        return getattr(record, "status_code", 0) != 503 or _route(record) != "readyz"


class JsonLines(logging.Formatter):
    """One JSON document a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return json.dumps(facts(record), ensure_ascii=False, default=lambda value: type(value).__name__)


class PlainLines(logging.Formatter):
    """The same for the eye."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, and below it the lines of code that an exception came through."""
        said = facts(record)
        line = f"{said.pop('at')} {said.pop('level').upper()} {said.pop('logger')} {said.pop('message')}"
        frames = said.pop("frames", [])
        line += "".join(f" {name}={value}" for name, value in said.items())
        return "\n    ".join([line.replace("\n", " "), *frames])


def chosen() -> logging.Formatter:
    """The one that CIVICLOOP_LOG chooses; also in the server's own process (granian-log.json)."""
    return JsonLines() if as_json() else PlainLines()


def as_json() -> bool:
    """Whether lines are JSON, by CIVICLOOP_LOG."""
    return os.environ.get("CIVICLOOP_LOG", "") == "json"


def configuration() -> dict[str, Any]:
    """Of logging in every process: lines go to stderr, where systemd and containers take them.

    CIVICLOOP_LOG=json chooses JSON lines and the request log; CIVICLOOP_LOG_LEVEL another level than the usual one.
    """
    level = os.environ.get("CIVICLOOP_LOG_LEVEL", "")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": chosen}},
        "filters": {"unexpected": {"()": Unexpected}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines", "filters": ["unexpected"]}},
        "root": {"handlers": ["stderr"], "level": level or "WARNING"},
        # the request log has refusals with their route already
        "loggers": {
            OURS: {"level": level or ("INFO" if as_json() else "WARNING")},
            "django.request": {"level": "ERROR"},
        },
    }


def hook() -> None:
    """Let errors that end a process or a thread be logged by the same rules instead of printed in full."""

    def ended(kind: type[BaseException], error: BaseException, found: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, found)
        else:
            logging.getLogger("civicloop.process").critical("ended by an error", exc_info=(kind, error, found))

    def thread_ended(what: threading.ExceptHookArgs) -> None:
        if what.exc_value is not None:
            ended(what.exc_type, what.exc_value, what.exc_traceback)

    sys.excepthook, threading.excepthook = ended, thread_ended
