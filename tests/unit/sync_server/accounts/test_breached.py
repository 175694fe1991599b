"""Breached passwords are found in a sorted file of any size, and nothing else is."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_server.accounts.breached import BreachedPasswords
from sync_server.accounts.passwords import Cost, Passwords
from sync_server.errors import Refused


def line(password):
    return hashlib.sha1(password.encode()).hexdigest().upper()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("breached")


@given(st.sets(st.text(min_size=1, max_size=6), max_size=40), st.text(max_size=6), st.booleans(), st.sampled_from(["\n", "\r\n"]))
def test_exactly_what_is_in_the_list_is_found(folder, known, other, has_counts, end):
    path = folder / "list.txt"
    lines = sorted(line(password) + (f":{len(password) * 7**9}" if has_counts else "") for password in known)
    path.write_bytes(end.join([*lines, ""]).encode())
    breached = BreachedPasswords(path)

    assert all(breached.holds(password) for password in known)
    assert breached.holds(other) is (other in known)


def test_a_last_line_without_an_end_counts(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("\n".join(sorted([line("one"), line("two"), line("three")])))

    assert all(BreachedPasswords(path).holds(password) for password in ("one", "two", "three"))


async def test_a_breached_password_is_refused_where_one_is_set(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text(f"{line('seven wet ferns at noon')}:3\n")
    passwords = Passwords(Cost(8, 1), 1, breached=BreachedPasswords(path))

    with pytest.raises(Refused, match="breach"):
        await passwords.check_new("seven wet ferns at noon", ())
    await passwords.check_new("seven wet ferns at dusk", ())
    passwords.close()
