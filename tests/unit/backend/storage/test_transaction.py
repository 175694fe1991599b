"""Queued writes share one commit without sharing one fate."""

from pathlib import Path

import pytest

from backend.errors import Conflict, Unavailable
from backend.storage.connection import connect
from backend.storage.transaction import serve_reads, serve_writes
from backend.storage.worker import Job


@pytest.fixture
def connection(tmp_path):
    opened = connect(tmp_path / "a.db", bytes(32))
    opened.execute("PRAGMA journal_mode = WAL")
    opened.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, text TEXT)")
    yield opened
    opened.close()


def insert(n, text=""):
    return Job(lambda connection: connection.execute("INSERT INTO rows VALUES (?, ?)", (n, text)).lastrowid)


def stored(connection):
    return [n for (n,) in connection.execute("SELECT n FROM rows ORDER BY n")]


def serve(connection, jobs):
    statements = []
    connection.set_trace_callback(statements.append)
    damage = serve_writes(connection, jobs, Path("a.db"))
    connection.set_trace_callback(None)
    return damage, statements


def test_writes_that_wait_together_share_one_commit(connection):
    jobs = [insert(n) for n in range(20)]
    damage, statements = serve(connection, jobs)
    assert damage is None
    assert statements.count("COMMIT") == 1
    assert [job.done.result(0) for job in jobs] == list(range(20))
    assert stored(connection) == list(range(20))


def test_a_failing_write_undoes_itself_only(connection):
    def half_done(connection):
        connection.execute("INSERT INTO rows VALUES (100, '')")
        raise ValueError("changed my mind")

    jobs = [insert(1), Job(half_done), insert(1), insert(2)]
    _, statements = serve(connection, jobs)
    assert statements.count("COMMIT") == 1
    assert stored(connection) == [1, 2]
    with pytest.raises(ValueError, match="changed my mind"):
        jobs[1].done.result(0)
    with pytest.raises(Conflict, match="UNIQUE"):
        jobs[2].done.result(0)


def test_a_write_too_large_for_the_disk_leaves_its_neighbours_saved(connection):
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute("PRAGMA max_page_count = " + str(pages + 5))
    jobs = [insert(1), insert(2, "x" * 500_000), insert(3)]
    serve(connection, jobs)
    assert stored(connection) == [1, 3]
    with pytest.raises(Unavailable, match="disk that holds") as caught:
        jobs[1].done.result(0)
    assert caught.value.code == "disk.full"
    assert jobs[0].done.result(0) == 1


def test_a_later_write_sees_what_an_earlier_one_of_its_group_wrote(connection):
    count = Job(lambda connection: connection.execute("SELECT count(*) FROM rows").fetchone()[0])
    serve(connection, [insert(1), count])
    assert count.done.result(0) == 1


def test_a_write_given_up_while_waiting_is_never_run(connection):
    given_up = insert(1)
    given_up.done.cancel()
    serve(connection, [given_up, insert(2)])
    assert stored(connection) == [2]


def test_a_single_write_needs_no_savepoint(connection):
    _, statements = serve(connection, [insert(1)])
    assert [statement.split()[0] for statement in statements] == ["BEGIN", "INSERT", "COMMIT"]


def test_a_read_leaves_no_transaction_open(connection):
    job = Job(lambda connection: connection.execute("SELECT count(*) FROM rows").fetchone())
    assert serve_reads(connection, [job], Path("a.db")) is None
    assert job.done.result(0) == (0,)
    assert not connection.in_transaction
