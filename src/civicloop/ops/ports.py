"""Ports of this machine that something of an installation may listen on."""

import errno
import random
import socket
import time
from pathlib import Path

RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 15000  # below lie the ports that other software is known by
TRIES = 200
PATIENCE = 5.0  # seconds for which something that was killed may still hold its port


def outgoing_from() -> int:
    """The lowest port that the system gives to outgoing connections (Linux: 32768 unless set)."""
    try:
        return int(RANGE_FILE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 32768


def taken(host: str, port: int) -> bool:
    """Whether another program keeps an address to itself; what has just been killed may hold it for a moment.

    A second server of this product shares its port, so it takes nothing away. Raises OSError for an address that this
    machine does not have.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            _bind(host, port)
        except OSError as reason:
            if reason.errno != errno.EADDRINUSE:
                raise
            if time.monotonic() > until:
                return True
            time.sleep(0.2)
        else:
            return False


def _bind(host: str, port: int) -> None:
    family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        probe.bind(address)
        probe.listen(1)


def free_port() -> int:
    """A free TCP port of 127.0.0.1 below those of outgoing connections.

    A listener among the outgoing ports loses its place while it restarts: any connection may be given its port
    meanwhile, and one that asks for that very port may even be connected to itself. Where the range leaves no room,
    the system chooses. Raises OSError when nothing is free.
    """
    top = outgoing_from()
    chance = random.SystemRandom()
    for _ in range(TRIES if top > LOWEST + 100 else 0):
        port = chance.randrange(LOWEST, top)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
