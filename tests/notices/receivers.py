"""Receiving sides for tests, on this machine: a mail server, and a web gateway that answers, hangs or redirects."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Gateway:
    """What a web gateway was sent; `status`, `answer` and `hang` say how it behaves."""

    def __init__(self, port: int) -> None:
        self.port, self.status, self.answer = port, 200, {"code": 0}
        self.headers: dict[str, str] = {}
        self.hang = False
        self.release = threading.Event()
        self.got: list[tuple[str, dict[str, Any], str]] = []  # path, body, authorization

    def url(self, path: str = "/send") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@contextmanager
def gateway() -> Iterator[Gateway]:
    """A web server on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            made.got.append((self.path, body, self.headers.get("Authorization", "")))
            if made.hang:
                made.release.wait(30)
                return
            content = json.dumps(made.answer).encode()
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_rest: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Gateway(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


class MailServer:
    """What a mail server was handed: (to, whole message); `refuse` are recipients that it does not know."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.got: list[tuple[str, str]] = []
        self.refuse: set[str] = set()
        self.busy = False


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A mail server on a free port that knows just enough of RFC 5321."""

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("421 later" if made.busy else "220 here")
            to = ""
            while line := self.rfile.readline().decode().strip():
                verb = line.split(" ")[0].split(":")[0].upper()
                if verb == "RCPT":
                    to = line.partition("<")[2].partition(">")[0]
                    self.say("550 unknown" if to in made.refuse else "250 ok")
                elif verb == "DATA":
                    self.say("354 go on")
                    text = ""
                    while (part := self.rfile.readline().decode()) not in {".\r\n", ""}:
                        text += part
                    made.got.append((to, text))
                    self.say("250 kept")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 ok")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made = MailServer(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
