"""One text of a statement means the same to both databases, and addresses name what they should."""

from pathlib import Path

import pytest

from sync_server.errors import Refused
from sync_server.storage.migrations import Applied, Migration, missing_steps, split_statements
from sync_server.storage.opening import is_sqlite, sqlite_path
from sync_server.storage.portable import Shape, write_rows
from sync_server.storage.sqlite_lines import numbered


@pytest.mark.parametrize(
    ("sql", "bound"),
    [
        ("SELECT $1, $2", "SELECT ?1, ?2"),
        ("VALUES ($12, $1, $12)", "VALUES (?12, ?1, ?12)"),
        ("SELECT '$1', 'it''s $2', $3", "SELECT '$1', 'it''s $2', ?3"),
        ("SELECT 1", "SELECT 1"),
    ],
)
def test_parameters_are_bound_by_their_numbers_and_text_is_left_alone(sql: str, bound: str) -> None:
    assert numbered(sql) == bound


def test_a_script_is_cut_into_statements_and_triggers_stay_whole() -> None:
    trigger = "CREATE TRIGGER t BEFORE DELETE ON a BEGIN SELECT RAISE(ABORT, 'a; b'); SELECT 1; END;"
    assert list(split_statements(f" CREATE TABLE a (id BIGINT);\n{trigger}\n")) == ["CREATE TABLE a (id BIGINT);", trigger]
    assert list(split_statements("")) == []
    with pytest.raises(ValueError, match="does not end with a semicolon"):
        list(split_statements("CREATE TABLE a (id BIGINT); CREATE TABLE b (id BIGINT)"))


def test_steps_are_missing_in_their_order_and_names_are_used_once() -> None:
    one, two = Migration("one", "A;"), Migration("two", "B;")
    assert missing_steps([], (one, two), "it") == (one, two)
    assert missing_steps([Applied("two", two.checksum())], (one, two), "it") == (one,)
    with pytest.raises(ValueError, match="share a name"):
        missing_steps([], (one, one), "it")


def test_addresses_name_files_or_servers(tmp_path: Path) -> None:
    assert sqlite_path("sqlite:///a/b c.db") == Path("/a/b c.db")
    assert sqlite_path(f"sqlite:///{tmp_path}/x.db") == tmp_path / "x.db"
    assert is_sqlite("sqlite:///a.db")
    assert not is_sqlite("postgresql://host/name")
    assert not is_sqlite("postgres://host/name")
    for wrong in ("sqlite://a.db", "sqlite:a", "", "/a/b.db"):
        with pytest.raises(Refused, match="no address"):
            sqlite_path(wrong)


async def test_no_name_that_is_more_than_a_word_gets_into_a_statement() -> None:
    for shape in (
        Shape("notes; DROP TABLE x", ("id",), ("id",)),
        Shape("notes", ('id", "x',), ("id",)),
        Shape("notes", ("id",), ("id desc",)),
        Shape("notes", ("id",), ("other",)),
    ):
        with pytest.raises(ValueError, match=r"no name of a table or column|not among its columns"):
            await write_rows(None, shape, [(1,)])  # type: ignore[arg-type]  # never reached
