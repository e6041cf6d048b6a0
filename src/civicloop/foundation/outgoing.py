"""Requests to other machines: to named hosts only, over HTTPS, without following redirects, never longer than told.

HTTP is for this machine itself (tests, a gateway beside the program). Nobody's input ever chooses where to ask.
"""

import socket
import ssl
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

TIMEOUT, WHOLE = 5.0, 10.0  # seconds for one step of an answer, and for all of it
MOST_BYTES = 256 * 1024
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class NoAnswer(Exception):
    """No answer came: `code` says why (timeout, connection, tls, not_allowed, too_long)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Answer:
    """Status and body as they came; a redirect is an answer like any other."""

    status: int
    body: bytes


def safe(url: str) -> bool:
    """HTTPS, or HTTP that stays on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)


def allowed(url: str, hosts: Collection[str]) -> bool:
    """Whether an address lies at one of `hosts` (`name` on HTTPS's own port, `name:port`, a loopback on any port)."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    if host is None or parts.username is not None or not safe(url):
        return False
    if host in LOOPBACK:
        return host in hosts
    return f"{host}:{port}" in hosts or (port in (None, 443) and host in hosts)


def ask(
    url: str, *, method: str = "GET", body: str | bytes | None = None, headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT, whole: float = WHOLE,
) -> Answer:  # fmt: skip
    """Ask one address, whose host the caller has looked at. Raises NoAnswer; after `whole` seconds in any case."""
    parts = urlsplit(url)
    host = str(parts.hostname)
    line: HTTPConnection = (
        HTTPSConnection(host, parts.port, timeout=timeout, context=ssl.create_default_context())
        if parts.scheme == "https"
        else HTTPConnection(host, parts.port, timeout=timeout)
    )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError, AttributeError):  # not connected yet, or not any more
            line.sock.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(whole, cut)
    watch.daemon = True
    watch.start()
    try:
        line.request(method, path, body, {"User-Agent": "CivicLoop", **(headers or {})})
        answer, found = line.getresponse(), b""
        while chunk := answer.read1(65536):
            found += chunk
            if len(found) > MOST_BYTES:
                raise NoAnswer("too_long")
        if late.is_set():
            raise NoAnswer("timeout")
        return Answer(answer.status, found)
    except TimeoutError as reason:
        raise NoAnswer("timeout") from reason
    except ssl.SSLError as reason:
        raise NoAnswer("tls") from reason
    except (OSError, HTTPException, ValueError) as reason:
        raise NoAnswer("timeout" if late.is_set() else "connection") from reason
    finally:
        watch.cancel()
        line.close()
