"""`civicloop run` at an address: free, shared with a second start, kept by another program, not of this machine."""

import socket
from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from civicloop.ops import commands, ports


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "PATIENCE", 0.3)


@pytest.fixture
def holder() -> Iterator[socket.socket]:
    """A socket that another program would listen on."""
    with socket.socket() as made:
        yield made


def test_a_port_of_another_program_is_named_before_anything_is_started(holder: socket.socket) -> None:
    port = ports.free_port()
    assert not ports.taken("127.0.0.1", port)
    holder.bind(("127.0.0.1", port))
    holder.listen()
    ended = CliRunner().invoke(commands.run, ["--port", str(port)])
    assert ended.exit_code == 1
    assert f"PORT={port + 1}" in str(ended.exception) + ended.output


def test_a_second_server_of_this_product_shares_the_port(holder: socket.socket) -> None:
    port = ports.free_port()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as granian opens it
    holder.bind(("127.0.0.1", port))
    holder.listen()
    assert not ports.taken("127.0.0.1", port)


def test_an_address_that_this_machine_does_not_have_is_refused_with_words() -> None:
    ended = CliRunner().invoke(commands.run, ["--host", "192.0.2.1", "--port", "8000"])
    assert ended.exit_code == 1
    assert "HOST and PORT" in str(ended.exception) + ended.output
    assert CliRunner().invoke(commands.run, ["--port", "99999"]).exit_code == 2
