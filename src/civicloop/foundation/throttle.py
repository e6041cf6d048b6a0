"""Bounds on how often something may be tried, per key, in this process. IPv6 addresses count by their /64."""

import time
from collections import OrderedDict
from ipaddress import ip_address, ip_network
from threading import Lock
from weakref import WeakSet

KEYS = 50_000


def network(address: str) -> str:
    """The key for an address: IPv4 as it is, IPv6 by /64 (one household), anything else as "unknown".

    A server that listens for both sees IPv4 as ::ffff:192.0.2.1: by /64 that would be the whole of IPv4 in one key.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, 64), strict=False).network_address)


_all: "WeakSet[Throttle]" = WeakSet()


def forget_all() -> None:
    """Let everybody try everything again: for tests, which all come from one address."""
    for each in list(_all):
        each.forget()


class Throttle:
    """At most `most` tries in `seconds` for each key; the oldest keys are dropped, so memory is bounded.

    Real time on purpose: a moved clock must not open the door.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self._tries: OrderedDict[str, list[float]] = OrderedDict()
        self._lock = Lock()
        _all.add(self)

    def wait(self, key: str) -> float:
        """Count a try; 0 when it is allowed, else the seconds until the next one is."""
        now = time.monotonic()
        with self._lock:
            tries = [at for at in self._tries.pop(key, []) if now - at < self.seconds]
            allowed = len(tries) < self.most
            if allowed:
                tries.append(now)
            self._tries[key] = tries
            while len(self._tries) > KEYS:
                self._tries.popitem(last=False)
            return 0.0 if allowed else self.seconds - (now - tries[0])

    def forget(self) -> None:
        """Let everybody try again."""
        with self._lock:
            self._tries.clear()
