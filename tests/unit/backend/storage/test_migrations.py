"""Tables are brought to this version in order, all or nothing, never backwards."""

import pytest

from backend.errors import CorruptData, InvalidInput
from backend.storage import money, words
from backend.storage.connection import connect
from backend.storage.migrations import Migration, applied_names, migrate, split_statements

FIRST = Migration("0001_people", "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);")
SECOND = Migration(
    "0002_pets",
    """
    CREATE TABLE pets (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES people);
    CREATE TRIGGER no_orphans AFTER DELETE ON people BEGIN
        DELETE FROM pets WHERE owner = old.id; SELECT 1;
    END;
    -- a closing remark; with a semicolon
    """,
)


@pytest.fixture
def connection(tmp_path):
    opened = connect(tmp_path / "a.db", bytes(32))
    yield opened
    opened.close()


def tables(connection):
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def bring(connection, *migrations, before=lambda step: None):
    return migrate(connection, migrations, "a.db", before=before)


def test_steps_are_applied_in_order_and_recorded(connection):
    assert bring(connection, FIRST, SECOND) == ("0001_people", "0002_pets")
    assert applied_names(connection) == ("0001_people", "0002_pets")
    assert {"people", "pets"} <= tables(connection)


def test_a_step_is_applied_once(connection):
    bring(connection, FIRST)
    assert bring(connection, FIRST) == ()
    assert bring(connection, FIRST, SECOND) == ("0002_pets",)


def test_a_copy_is_asked_for_before_an_existing_file_changes_and_not_for_a_new_one(connection):
    asked = []
    bring(connection, FIRST, before=asked.append)
    assert asked == []
    bring(connection, FIRST, SECOND, before=lambda step: asked.append((step.name, "pets" in tables(connection))))
    assert asked == [("0002_pets", False)]


def test_a_failing_step_leaves_the_file_as_it_was_and_is_named(connection):
    bring(connection, FIRST)
    broken = Migration("0003_broken", "CREATE TABLE fine (a); CREATE TABLE people (a);")
    with pytest.raises(CorruptData, match="step 0003_broken failed") as caught:
        bring(connection, FIRST, SECOND, broken)
    assert "earlier version" in caught.value.hint
    assert applied_names(connection) == ("0001_people",)
    assert tables(connection) == {"people", "migrations"}
    assert not connection.in_transaction
    assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_a_step_that_leaves_a_dangling_reference_is_refused(connection):
    bring(connection, FIRST, SECOND)
    orphan = Migration("0003_orphan", "INSERT INTO pets VALUES (1, 99);")
    with pytest.raises(CorruptData, match="row 1 of pets points to a missing row of people"):
        bring(connection, FIRST, SECOND, orphan)
    assert connection.execute("SELECT count(*) FROM pets").fetchone() == (0,)


def test_a_step_may_rebuild_a_table_that_others_point_to(connection):
    bring(connection, FIRST, SECOND)
    connection.execute("INSERT INTO people VALUES (1, 'Ann')")
    connection.execute("INSERT INTO pets VALUES (1, 1)")
    rebuild = Migration(
        "0003_rebuild",
        """
        CREATE TABLE people_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        INSERT INTO people_new SELECT * FROM people;
        DROP TABLE people;
        ALTER TABLE people_new RENAME TO people;
        """,
    )
    bring(connection, FIRST, SECOND, rebuild)
    assert connection.execute("SELECT name FROM people JOIN pets ON owner = people.id").fetchall() == [("Ann",)]


def test_a_file_of_a_newer_version_is_refused_with_the_versions_named(connection):
    bring(connection, FIRST, SECOND)
    connection.execute("UPDATE migrations SET app_version = '9.1.0' WHERE name = '0002_pets'")
    with pytest.raises(InvalidInput, match=r"written by TRII 9\.1\.0.*0002_pets") as caught:
        bring(connection, FIRST)
    assert caught.value.code == "ledger.downgrade"
    assert "9.1.0" in caught.value.hint
    assert "pets" in tables(connection)


def test_scripts_are_cut_into_whole_statements():
    assert [statement.split()[1] for statement in split_statements(SECOND.sql) if not statement.startswith("--")] == [
        "TABLE",
        "TRIGGER",
    ]
    assert list(split_statements("SELECT ';'; SELECT 2")) == ["SELECT ';';", "SELECT 2;"]
    assert list(split_statements(" ; \n;")) == []


@pytest.mark.parametrize("migrations", [money.MIGRATIONS, words.MIGRATIONS])
def test_the_ledgers_steps_apply_to_an_empty_file_under_distinct_ordered_names(connection, migrations):
    names = [migration.name for migration in migrations]
    assert names == sorted(set(names))
    assert bring(connection, *migrations) == tuple(names)
