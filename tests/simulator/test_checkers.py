"""The checkers see what they are for: lost writes, skips, steps back, duplicates, torn records, and each single kind of event."""

from random import Random

import pytest

from sync_server.protocol.fold import fold, parse_state
from tests.simulator.disk import Disk, DiskFullError
from tests.simulator.histories import duplicates, foreign, lost_writes, skips, steps_back
from tests.simulator.log_checks import events_of
from tests.simulator.naive import read_log
from tests.simulator.runs import run_seed
from tests.simulator.seats import SeatWitness
from tests.simulator.world import World

GOOD = [(1, 1, "a"), (1, 2, "b"), None, (1, 1, "a"), (2, 2, "c")]


def test_a_good_history_is_called_good():
    assert not [*skips(GOOD), *steps_back(GOOD), *duplicates(GOOD)]
    assert not foreign(GOOD, {1: {1: "a", 2: "b"}, 2: {2: "c"}})


@pytest.mark.parametrize(
    ("check", "history"),
    [
        (skips, [(1, 1, "a"), (1, 3, "c")]),
        (steps_back, [(1, 2, "b"), (1, 1, "a")]),
        (steps_back, [(1, 2, "b"), (1, 2, "b")]),
        (steps_back, [(2, 1, "a"), (1, 2, "b")]),
        (duplicates, [(1, 1, "a"), (1, 2, "a")]),
    ],
)
def test_a_bad_history_is_called_bad(check, history):
    assert check(history)


def test_what_a_reader_took_from_nowhere_is_seen():
    assert foreign([(1, 1, "x")], {1: {1: "a"}})
    assert foreign([(2, 1, "a")], {1: {1: "a"}})


def test_a_lost_write_is_seen_in_the_log_and_in_a_reader_beyond_it():
    log = {1: "a", 2: "b"}
    assert not lost_writes([("a", 1), ("b", 2)], log, [(log, 2), ({2: "b"}, 2), ({1: "a"}, 1)])
    assert lost_writes([("b", 3)], log, [])
    assert lost_writes([("c", 2)], log, [])
    assert lost_writes([("b", 2)], log, [({1: "a"}, 2)])


def test_a_disk_keeps_what_was_synced_and_cuts_what_was_torn():
    for seed in range(200):
        disk = Disk()
        disk.append(b"safe")
        disk.sync()
        for n in range(3):
            disk.append(bytes([n]) * 40)
        disk.crash(Random(seed))
        records = disk.records()
        assert records[0] == b"safe"
        assert records[1:] == [bytes([n]) * 40 for n in range(len(records) - 1)]


def test_a_full_disk_takes_nothing_and_keeps_what_it_has():
    disk = Disk()
    disk.append(b"one")
    disk.is_full = True
    with pytest.raises(DiskFullError):
        disk.append(b"two")
    assert disk.records() == [b"one"]


def test_the_world_does_what_is_due_in_order_of_time():
    world, done = World(3), []
    for delay in (30, 10, 20):
        world.later(delay, lambda delay=delay: done.append(delay))
    world.run_for(25)
    assert done == [10, 20]
    world.run_for(25)
    assert done == [10, 20, 30]


def test_every_kind_means_the_same_in_fold_snapshot_and_plain_reading_at_every_place():
    kinds: set[str] = set()
    for seed in range(6):
        for server in run_seed(seed).servers.values():
            for log in server.shelves.logs.values():
                events = events_of(log)
                kinds |= {event.k for event in events}
                whole = fold(events).to_text()
                for place in range(0, len(events), 7):
                    kept = fold(events[:place]).to_text()
                    assert fold(events[place:], parse_state(kept)).to_text() == whole
                assert list(read_log(events).messages) == [m.id for m in sorted(fold(events).messages.values(), key=lambda m: m.s)]
    assert {"msg.create", "msg.edit", "msg.delete", "react.set", "pin.set", "member.set"} <= kinds


def test_the_witness_of_seats_lets_nobody_read_what_was_said_without_them():
    for server in run_seed(1).servers.values():
        for room, log in server.shelves.logs.items():
            witness = SeatWitness()
            witness.watch(events_of(log))
            view = server.shelves.rooms[room]
            for user in server.shelves.people:
                is_seated = user[1] in view.seats
                assert witness.may_read(user[1], view.seq) == is_seated
                if is_seated:
                    assert witness.may_read(user[1], view.floor(user[1]))
                    assert not witness.may_read(user[1], view.floor(user[1]) - 1) or view.floor(user[1]) == 1
