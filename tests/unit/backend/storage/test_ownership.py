"""One process at a time owns a home, and everyone else learns who."""

import json
import multiprocessing
import os
import signal
import stat
import subprocess
import sys

import pytest

from backend.errors import Unavailable
from backend.storage.ownership import NOTE_NAME, claim, is_owned, read_owner
from backend.storage.paths import Home

OWNER = """
import sys
from pathlib import Path
from backend.storage.ownership import claim
from backend.storage.paths import Home
ownership = claim(Home(Path(sys.argv[1])), role="window", version="1")
print("owner" if ownership else "other", flush=True)
sys.stdin.read()
"""


def start_owner(home: Home) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", OWNER, str(home.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said_by(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_a_second_claim_of_an_owned_home_gets_nothing_until_the_owner_closes(home: Home) -> None:
    with claim(home, role="window", version="1") as first:
        assert first is not None
        assert claim(home, role="command", version="1") is None
        assert is_owned(home)
    again = claim(home, role="command", version="1")
    assert again is not None
    assert not again.was_left
    again.close()
    assert not is_owned(home)


def test_the_note_names_process_role_and_port_and_only_this_user_may_read_it(home: Home) -> None:
    with claim(home, role="window", version="1.2") as ownership:
        ownership.announce(4321)
        note = read_owner(home)
        assert note is not None
        assert (note.pid, note.role, note.version, note.port) == (os.getpid(), "window", "1.2", 4321)
        assert len(ownership.token) == 32
        assert bytes.fromhex(note.token) == ownership.token
        if os.name == "posix":
            assert stat.S_IMODE((home.run / NOTE_NAME).stat().st_mode) == 0o600
            assert stat.S_IMODE((home.run / "lock").stat().st_mode) == 0o600
    assert read_owner(home) is None


def test_each_owner_has_another_token_and_no_repr_shows_it(home: Home) -> None:
    with claim(home, role="window", version="1") as first:
        one = first.token
        assert first.note.token not in repr(first.note)
    with claim(home, role="window", version="1") as second:
        assert second.token != one


def test_a_killed_owner_leaves_the_home_free_and_the_next_owner_knows_it(home: Home) -> None:
    owner = start_owner(home)
    try:
        assert said_by(owner) == "owner"
        assert claim(home, role="command", version="1") is None
        os.kill(owner.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        owner.wait(10)
        stale = read_owner(home)
        assert stale is not None
        assert stale.pid == owner.pid
        with claim(home, role="command", version="1") as next_owner:
            assert next_owner is not None
            assert next_owner.was_left
            assert read_owner(home).pid == os.getpid()
    finally:
        end(owner)


def test_of_processes_started_at_the_same_instant_exactly_one_becomes_the_owner(home: Home) -> None:
    contenders = [start_owner(home) for _ in range(6)]
    try:
        assert sorted(said_by(c) for c in contenders) == ["other"] * 5 + ["owner"]
    finally:
        for contender in contenders:
            end(contender)


@pytest.mark.posix
def test_a_forked_child_does_not_keep_the_home_of_its_dead_parent(home: Home) -> None:
    ownership = claim(home, role="window", version="1")
    context = multiprocessing.get_context("fork")
    goes_on = context.Event()
    is_up = context.Event()
    child = context.Process(target=lambda: (is_up.set(), goes_on.wait(20)))
    child.start()
    try:
        assert is_up.wait(10)
        ownership.close()
        again = claim(home, role="window", version="1")
        assert again is not None
        again.close()
    finally:
        goes_on.set()
        child.join(10)
        child.close()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"pid": 1}',
        "[" * 8000,
        json.dumps({"pid": "1", "role": "window", "version": "1", "token": "ab" * 32, "port": 1}),
        json.dumps({"pid": 1, "role": "window", "version": "1", "token": "ab", "port": 1}),
        json.dumps({"pid": 1, "role": "window", "version": "1", "token": "ab" * 32, "port": 70000}),
        json.dumps({"pid": 1, "role": "window", "version": "1", "token": "ab" * 32, "port": 1, "more": 1}),
    ],
)
def test_a_damaged_note_is_no_note(home: Home, text: str) -> None:
    (home.run / NOTE_NAME).write_text(text)
    assert read_owner(home) is None


@pytest.mark.posix
def test_a_home_that_cannot_be_written_is_refused_with_another_place_to_choose(tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Unavailable, match="--home DIR") as refused:
        claim(Home(tmp_path / "file" / "home"), role="window", version="1")
    assert refused.value.code == "home.unwritable"


def test_looking_for_an_owner_creates_nothing(tmp_path) -> None:
    home = Home(tmp_path / "new")
    assert not is_owned(home)
    assert read_owner(home) is None
    assert not home.root.exists()
