"""How often something may be tried is counted for all processes together, by network, and kept without an address."""

from threading import Barrier, Thread

import pytest
from django.db import connection

from civicloop.foundation.throttle import network
from civicloop.records import tries
from civicloop.records.models import Try
from civicloop.records.tries import SharedThrottle


@pytest.mark.django_db
def test_two_processes_share_one_bound() -> None:
    one, other = SharedThrottle("report", 3, 600), SharedThrottle("report", 3, 600)
    assert [each.wait("10.0.0.1") for each in (one, other, one)] == [0.0, 0.0, 0.0]
    assert 1 <= other.wait("10.0.0.1") <= 600
    assert other.wait("10.0.0.2") == 0.0
    assert SharedThrottle("code", 3, 600).wait("10.0.0.1") == 0.0


@pytest.mark.django_db
def test_addresses_of_one_ipv6_network_count_together() -> None:
    bound = SharedThrottle("report", 1, 600)
    assert bound.wait(network("2001:db8::1")) == 0.0
    assert bound.wait(network("2001:db8::ffff:2")) > 0
    assert bound.wait(network("2001:db8:0:1::1")) == 0.0


def test_ipv4_behind_an_ipv6_socket_is_not_one_network() -> None:
    assert network("::ffff:192.0.2.1") == network("192.0.2.1") == "192.0.2.1"
    assert network("::ffff:192.0.2.2") != network("192.0.2.1")
    assert network("fe80::1%eth0") == "fe80::"
    assert network("nonsense") == network("") == "unknown"


@pytest.mark.django_db
def test_the_window_ends_and_refused_tries_do_not_make_it_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    now, bound = [1000.0], SharedThrottle("report", 1, 600)
    monkeypatch.setattr(tries.time, "time", lambda: now[0])
    assert bound.wait("a") == 0.0
    now[0] = 1599.0
    assert bound.wait("a") == 1.0
    now[0] = 1600.0
    assert bound.wait("a") == 0.0
    now[0] = 500.0  # the machine's clock was put back
    assert bound.wait("a") == 0.0


@pytest.mark.django_db
def test_the_table_keeps_no_address_and_is_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    SharedThrottle("report", 1, 600).wait("192.0.2.77")
    kept = bytes(Try.objects.get().key)
    assert len(kept) == 32
    assert b"192.0.2.77" not in kept
    assert tries.forget_old() == 0
    later = tries.time.time() + tries.KEPT + 1
    monkeypatch.setattr(tries.time, "time", lambda: later)
    assert tries.forget_old() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'records_try'")
        assert cursor.fetchone() == ("u",)


def test_tries_at_once_are_counted_each(committing: str) -> None:
    allowed: list[float] = []
    begin = Barrier(6)

    def send() -> None:
        try:
            begin.wait()
            bound = SharedThrottle("report", 20, 600)
            allowed.extend(wait for wait in [bound.wait("a") for _try in range(10)] if wait == 0)
        finally:
            connection.close()

    threads = [Thread(target=send) for _thread in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == 20
