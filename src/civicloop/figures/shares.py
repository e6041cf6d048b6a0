"""Reading in several processes that all see one snapshot of the database: each says how far it has come."""

import multiprocessing
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from typing import TypeVar

from django.db import connection

from civicloop.matters import proof

T = TypeVar("T")
NAME = "SELECT pg_export_snapshot()"


class Lost(RuntimeError):
    """A process ended before it had said everything."""


def run(work: Callable[[int, int], Iterator[T]], processes: int) -> Iterator[list[T]]:
    """What the shares of `work` (number, of how many) have said last, each time that one says more; all at the end.

    Must be called outside a transaction; the processes are forks, which begin with no connection. Raises Lost.
    """
    connection.close()  # a fork must not share it
    context = multiprocessing.get_context("fork")
    ends: dict[Connection, int] = {}
    for share in range(processes):
        here, there = context.Pipe()
        context.Process(target=_share, args=(there, work, share, processes), daemon=True).start()
        there.close()  # so that the pipe ends with the process
        ends[here] = share
    said: dict[int, T] = {}
    with proof.snapshot():  # must stay open until the last one has ended
        with connection.cursor() as cursor:
            cursor.execute(NAME)
            name = cursor.fetchone()[0]
        for end in ends:
            end.send(name)
        while ends:
            ready = wait(list(ends))
            for end, share in [each for each in ends.items() if each[0] in ready]:
                try:
                    found = end.recv()
                except EOFError:
                    raise Lost(f"process {share + 1} of {processes} ended too early; see its words above") from None
                if found is None:
                    del ends[end]
                else:
                    said[share] = found
                    yield list(said.values())


def _share(end: Connection, work: Callable[[int, int], Iterator[T]], share: int, of: int) -> None:
    name = end.recv()
    with proof.snapshot():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION SNAPSHOT %s", [name])
        for found in work(share, of):
            end.send(found)
    end.send(None)
