"""A cheap HTTP client: keep-alive sockets, request bytes made beforehand, one thread per client (0.1 ms a request).

Measured in a closed loop: each client sends the next request when it has the last answer.
"""

import select
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

CHUNK = 65_536


class Connection:
    """One keep-alive connection; reconnects when the server has closed it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket: socket.socket | None = None

    def send(self, request: bytes) -> tuple[int, bytes]:
        """(status, body) of an answer with a Content-Length."""
        if self._socket is not None and _dropped(self._socket):
            self.close()  # the server ends what has been idle for half a minute, as any client must expect
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), 30)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self._socket.sendall(request)
            return self._receive(self._socket)
        except OSError:
            self.close()
            raise

    def _receive(self, connection: socket.socket) -> tuple[int, bytes]:
        got = b""
        while (end := got.find(b"\r\n\r\n")) < 0:
            got += self._more(connection)
        head = got[:end].lower()
        at = head.find(b"content-length:")
        if at < 0:
            raise ConnectionError("an answer without a length")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        body = got[end + 4 :]
        while len(body) < length:
            body += self._more(connection)
        return int(head[9:12]), body

    @staticmethod
    def _more(connection: socket.socket) -> bytes:
        part = connection.recv(CHUNK)
        if not part:
            raise ConnectionError("the server closed the connection")
        return part

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _dropped(connection: socket.socket) -> bool:
    """Whether the other side has ended a connection that nothing is awaited from."""
    readable, _writable, _failed = select.select([connection], [], [], 0)
    return bool(readable)


def request(method: str, path: str, token: str, body: bytes = b"", media: str = "application/json") -> bytes:
    """The bytes of a request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nAccept-Language: en\r\n"
    if body:
        head += f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


@dataclass
class Tally:
    """What one client saw: seconds per finished piece of work, seconds per call by name, errors by their words."""

    pieces: list[float] = field(default_factory=list)
    calls: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)

    def call(self, name: str, seconds: float) -> None:
        self.calls.setdefault(name, []).append(seconds)

    def error(self, words: str) -> None:
        self.errors[words] = self.errors.get(words, 0) + 1


Work = Callable[[int, Tally], None]


def succeeds(work: Work, client: int, tally: Tally) -> bool:
    """Whether one piece of work ends without an error, which the tally keeps."""
    errors = sum(tally.errors.values())
    try:
        work(client, tally)
    except OSError as reason:
        tally.error(type(reason).__name__)
    return sum(tally.errors.values()) == errors


def run(clients: int, seconds: float, work: Work) -> tuple[float, Tally]:
    """(real seconds, everything together) of `clients` threads that repeat `work(client, tally)` until time is over."""
    tallies = [Tally() for _ in range(clients)]
    gate = threading.Barrier(clients + 1)
    until = [0.0]

    def one(number: int) -> None:
        gate.wait()
        while time.perf_counter() < until[0]:
            began = time.perf_counter()
            if succeeds(work, number, tallies[number]):
                tallies[number].pieces.append(time.perf_counter() - began)

    threads = [threading.Thread(target=one, args=(number,), daemon=True) for number in range(clients)]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    until[0] = began + seconds
    gate.wait()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began, together(tallies)


def together(tallies: Sequence[Tally]) -> Tally:
    """All clients as one."""
    whole = Tally()
    for each in tallies:
        whole.pieces += each.pieces
        for name, times in each.calls.items():
            whole.calls.setdefault(name, []).extend(times)
        for words, count in each.errors.items():
            whole.errors[words] = whole.errors.get(words, 0) + count
    return whole


def quantiles(times: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 in milliseconds."""
    ordered = sorted(times)
    if not ordered:
        return {}
    return {
        f"p{share}_ms": round(1000 * ordered[min(len(ordered) - 1, len(ordered) * share // 100)], 2)
        for share in (50, 95, 99)
    }
