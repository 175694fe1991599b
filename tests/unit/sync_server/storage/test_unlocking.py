"""A backup's secret is found again from its head, and a forged head cannot make the server work itself to death."""

import pytest

from sync_server.storage.sealed import Damaged
from sync_server.storage.unlocking import Passphrase, RecoveryKey, find_key, make_lock

WORDS = Passphrase("correct horse battery")


def test_a_passphrase_makes_the_same_key_again_and_never_the_same_for_two_files() -> None:
    key, facts = make_lock(WORDS)
    assert find_key(WORDS, facts) == key
    assert make_lock(WORDS)[0] != key
    with pytest.raises(ValueError, match="not the passphrase"):
        find_key(Passphrase("correct horse batterx"), facts)


@pytest.mark.parametrize(
    "change",
    [
        {"memory": 2**30},
        {"passes": 10_000},
        {"lanes": 0},
        {"salt": "00"},
        {"salt": "xyz"},
        {"memory": "much"},
        {"lock": "md5"},
        {"lock": ""},
    ],
    ids=str,
)
def test_a_head_that_asks_for_nonsense_is_refused_before_any_work(change: dict[str, str | int]) -> None:
    facts: dict[str, str | int] = {"lock": "argon2id", "salt": "00" * 16, "memory": 65_536, "passes": 3, "lanes": 4, "check": ""}
    with pytest.raises(Damaged):
        find_key(WORDS, {**facts, **change})
    del facts["memory"]
    with pytest.raises(Damaged):
        find_key(WORDS, facts)


def test_a_key_and_a_passphrase_are_not_mixed_up_and_never_shown() -> None:
    recovery = RecoveryKey(bytes(32))
    _, facts = make_lock(recovery)
    assert find_key(recovery, facts) == bytes(32)
    with pytest.raises(ValueError, match="opened by a recovery key"):
        find_key(WORDS, facts)
    with pytest.raises(ValueError, match="not the recovery key"):
        find_key(RecoveryKey(bytes(31) + b"x"), facts)
    assert "horse" not in f"{WORDS}{WORDS!r}{recovery}"
    assert "\\x00" not in repr(recovery)
