"""Every page of a ledger is looked at, and every flipped bit is found."""

import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from backend.storage.connection import connect
from backend.storage.integrity import IntegrityCheck, find_problems

KEY = bytes(range(32))
PAGE_BYTES = 4096


@dataclass
class Ledger:
    path: Path

    def open_for_reading(self):
        return connect(self.path, KEY, read_only=True)


@pytest.fixture
def ledger(tmp_path):
    connection = connect(tmp_path / "a.db", KEY)
    connection.execute("CREATE TABLE rows (n INTEGER PRIMARY KEY, text TEXT)")
    connection.execute("CREATE VIRTUAL TABLE words USING fts5 (text)")
    for n in range(50):
        connection.execute("INSERT INTO rows VALUES (?, ?)", (n, f"{n} " * 3000))  # spills into overflow pages
        connection.execute("INSERT INTO words VALUES (?)", (f"bar number {n}",))
    connection.close()
    return Ledger(tmp_path / "a.db")


def run(ledger, *, delay_s=0.0):
    told = []
    check = IntegrityCheck(ledger, told.append, delay_s=delay_s)
    check.start()
    check._thread.join(10)
    check.stop()
    return told


def test_a_healthy_ledger_has_no_problems(ledger):
    connection = ledger.open_for_reading()
    assert find_problems(connection) == ()
    connection.close()
    assert run(ledger) == []


def test_a_flipped_bit_in_any_page_is_found(ledger):
    whole = ledger.path.read_bytes()
    draw = random.Random(20260131)
    for page in range(1, len(whole) // PAGE_BYTES):
        offset, bit = page * PAGE_BYTES + draw.randrange(PAGE_BYTES), 1 << draw.randrange(8)
        ledger.path.write_bytes(whole[:offset] + bytes([whole[offset] ^ bit]) + whole[offset + 1 :])
        connection = ledger.open_for_reading()
        assert find_problems(connection), f"bit {bit} of byte {offset}"
        connection.close()
        assert run(ledger), f"in the background: bit {bit} of byte {offset}"


def test_a_page_swapped_for_an_older_copy_of_another_page_is_found(ledger):
    whole = bytearray(ledger.path.read_bytes())
    whole[PAGE_BYTES * 5 : PAGE_BYTES * 6] = whole[PAGE_BYTES * 6 : PAGE_BYTES * 7]
    ledger.path.write_bytes(whole)
    (notice,) = run(ledger)
    assert notice.code == "ledger.damaged"
    assert str(ledger.path) in notice.message


def test_a_check_that_has_not_started_ends_at_once(ledger):
    check = IntegrityCheck(ledger, pytest.fail, delay_s=3600)
    check.start()
    check.stop()
    assert not check._thread.is_alive()


def test_a_first_page_lost_while_running_is_told(ledger):
    ledger.path.write_bytes(bytes(PAGE_BYTES) + ledger.path.read_bytes()[PAGE_BYTES:])
    (notice,) = run(ledger)
    assert notice.code == "ledger.damaged"


@pytest.mark.logs("could not check .*a.db")
def test_a_file_that_cannot_be_opened_is_no_damage(ledger):
    ledger.path.unlink()
    assert run(ledger) == []
