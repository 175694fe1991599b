"""Who hears of a batch: decided by the seats before and after it."""

from sync_server.edge.delivery import plan_delivery
from sync_server.protocol.bodies import MemberSet, RoomRole, format_body
from sync_server.protocol.events import Event
from sync_server.protocol.messages import Ev

ANN, BOB, CID = (f"01990000-0000-7000-8000-00000000000{n}" for n in range(3))


def batch(*seats):
    events = tuple(
        Event(n, str(n), ANN, "d", "member.set", 0, "", format_body(MemberSet(user, role)))
        for n, (user, role) in enumerate(seats, 1)
    )
    return Ev("room", 1, 1, len(events), events)


def test_who_was_there_before_and_after_hears_the_events():
    plan = plan_delivery(batch(), {ANN, BOB}, {ANN, BOB})

    assert (plan.stays, plan.joins, plan.goes) == ({ANN, BOB}, set(), set())


def test_who_is_removed_hears_nothing_of_the_batch_and_who_joins_fetches():
    plan = plan_delivery(batch((BOB, None), (CID, RoomRole.MEMBER)), {ANN, BOB}, {ANN, CID})

    assert (plan.stays, plan.joins, plan.goes) == ({ANN}, {CID}, {BOB})


def test_who_left_and_came_back_within_one_batch_is_not_told_what_was_said_between():
    plan = plan_delivery(batch((BOB, None), (BOB, RoomRole.MEMBER)), {ANN, BOB}, {ANN, BOB})

    assert (plan.stays, plan.joins, plan.goes) == ({ANN}, {BOB}, set())


def test_a_changed_role_is_no_absence():
    assert plan_delivery(batch((BOB, RoomRole.MODERATOR)), {ANN, BOB}, {ANN, BOB}).stays == {ANN, BOB}


def test_erased_seats_are_passed_over():
    ev = Ev("room", 1, 1, 1, (Event(1, "1", ANN, "d", "member.set", 0, "", None),))

    assert plan_delivery(ev, {ANN}, {ANN}).stays == {ANN}
