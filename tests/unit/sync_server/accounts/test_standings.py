"""What the process knows of sessions: never older than a change it was told of, bounded, and each end told once."""

from sync_server.accounts.standings import Standing, Standings
from sync_server.actor import Actor, Role


def standing(session="s1", user="ada", maker="", role=Role.TRADER):
    return Standing(Actor(user, "org", role, "device", session), 10, maker)


def test_what_was_looked_up_before_a_change_is_not_kept_after_it():
    standings = Standings()
    before = standings.n_changes
    standings.forget_user("ada")  # the role changed while the old one was on its way
    standings.keep("s1", standing(), before)
    assert standings.find("s1") is None

    before = standings.n_changes
    standings.end(["s1"])
    standings.keep("s1", standing(), before)
    assert standings.find("s1") is None


def test_a_change_of_a_person_is_a_change_of_the_keys_the_person_made():
    standings = Standings()
    standings.keep("s1", standing(), 0)
    standings.keep("key", standing("key", "bot", "ada"), 0)
    standings.keep("s2", standing("s2", "bob"), 0)
    standings.forget_user("ada")

    assert [session for session in ("s1", "key", "s2") if standings.find(session)] == ["s2"]


def test_each_end_is_told_once_and_stays():
    standings, told = Standings(), []
    standings.on_ended(told.append)
    standings.keep("s1", standing(), 0)
    standings.end(["s1", "s2"])
    standings.end(["s2", "s3"])
    standings.end([])

    assert told == [frozenset({"s1", "s2"}), frozenset({"s3"})]
    assert all(standings.is_ended(session) for session in ("s1", "s2", "s3"))
    assert standings.find("s1") is None


def test_memory_is_bounded_and_the_latest_used_stay():
    standings = Standings(sessions_max=3, tokens_max=2)
    for number in range(4):
        standings.keep(f"s{number}", standing(f"s{number}", f"user {number}"), 0)
        standings.find("s0")

    assert [number for number in range(4) if standings.find(f"s{number}")] == [0, 2, 3]
    standings.forget_user("user 1")  # nothing is left of one that was dropped
    standings.end(f"gone {number}" for number in range(20))
    assert not standings.is_ended("gone 0")
    assert standings.is_ended("gone 19")
