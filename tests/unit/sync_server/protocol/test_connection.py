"""A device's way to its server: tokens, silence, returns, refusals, on clocks that jump."""

import pytest

from sync_server.protocol.actions import Connect, Disconnect, NeedToken, Send, Stands, Wake
from sync_server.protocol.client import Kept, SyncClient
from sync_server.protocol.codes import CloseCode
from sync_server.protocol.messages import Bye, Head, Hello, Renew, Welcome

START_MS = 1_790_000_000_000


class Way:
    """A client whose chance is given, at a time that is set."""

    def __init__(self, chance=0.5, user="ann"):
        self.client = SyncClient(Kept("ann-desk", user=user), bytes, lambda: chance)
        self.now_ms = START_MS

    def of(self, actions, kind):
        return [action for action in actions if isinstance(action, kind)]

    def up(self, texp_ms=900_000, hb_ms=20_000, user="ann"):
        """Greeted and welcomed."""
        self.client.want(True, self.now_ms)
        self.client.token("first", self.now_ms)
        self.client.opened(self.now_ms)
        return self.client.received(Welcome("s", user, "n", 5_000, 5_000 + texp_ms, hb=hb_ms), self.now_ms)

    def until(self, kind, within_ms=3_600_000):
        """Ring the alarm whenever it is due; how long until an action of ``kind`` comes, and that action."""
        began_ms, wake_ms = self.now_ms, self.wake()
        while wake_ms is not None and wake_ms <= began_ms + within_ms:
            self.now_ms = max(wake_ms, self.now_ms)
            actions = self.client.tick(self.now_ms)
            if found := self.of(actions, kind):
                return self.now_ms - began_ms, found[0]
            wake_ms = next((action.at_ms for action in actions if isinstance(action, Wake)), None)
        return None

    def wake(self):
        return next((action.at_ms for action in self.client.tick(self.now_ms) if isinstance(action, Wake)), None)


def test_a_device_asks_for_a_token_connects_and_greets():
    way = Way()
    assert way.client.want(True, way.now_ms) == [NeedToken(), Stands("connecting")]
    assert way.of(way.client.token("tok", way.now_ms), Connect)
    (send,) = way.of(way.client.opened(way.now_ms), Send)
    assert (send.message.tok, send.message.dev) == ("tok", "ann-desk")
    assert Stands("live") in way.client.received(Welcome("s", "ann", "n", 0, 0), way.now_ms)


def test_whoever_is_silent_for_two_heartbeats_and_a_half_is_given_up():
    way = Way()
    way.up(hb_ms=20_000)
    waited_ms, _ = way.until(Disconnect)
    assert waited_ms == 50_000


def test_every_message_is_a_sign_of_life():
    way = Way()
    way.up(hb_ms=20_000)
    for _ in range(10):
        way.now_ms += 40_000
        assert not way.of(way.client.received(Head(()), way.now_ms), Disconnect)
    assert way.until(Disconnect)[0] == 50_000


@pytest.mark.parametrize("hb_ms", [0, 2**53 - 1])
def test_a_heartbeat_beyond_reason_is_held_in_bounds(hb_ms):
    way = Way()
    way.up(hb_ms=hb_ms, texp_ms=10**9)
    assert 2_500 <= way.until(Disconnect)[0] <= 750_000


@pytest.mark.parametrize(("reached", "limit_ms"), [("opening", 30_000), ("greeting", 15_000)])
def test_a_connection_that_does_not_come_about_is_given_up(reached, limit_ms):
    way = Way()
    way.client.want(True, way.now_ms)
    way.client.token("tok", way.now_ms)
    if reached == "greeting":
        way.client.opened(way.now_ms)
    assert way.until(Disconnect)[0] == limit_ms


def test_returns_wait_by_chance_below_a_bound_that_doubles():
    way, waits_ms = Way(chance=0.999_999), []
    way.client.want(True, way.now_ms)
    for _ in range(9):
        way.client.token("tok", way.now_ms)
        (stands,) = way.of(way.client.closed(1006, "refused", way.now_ms), Stands)
        assert (stands.state, stands.retry_at_ms) == ("offline", stands.retry_at_ms)
        waited_ms, _ = way.until(NeedToken)
        assert stands.retry_at_ms == way.now_ms
        waits_ms.append(waited_ms)
    assert waits_ms == [499, 999, 1_999, 3_999, 7_999, 15_999, 29_999, 29_999, 29_999]


def test_a_connection_that_held_forgives_and_one_that_broke_at_once_does_not():
    way = Way(chance=0.999_999)
    waits_ms = []
    for lived_ms in (0, 0, 20_000, 0):
        way.up()
        way.now_ms += lived_ms
        way.client.closed(1006, "", way.now_ms)
        waits_ms.append(way.until(NeedToken)[0])
    assert waits_ms == [499, 999, 499, 999]


def test_who_asks_by_hand_does_not_wait():
    way = Way(chance=0.9)
    way.client.want(True, way.now_ms)
    way.client.token("tok", way.now_ms)
    way.client.closed(1006, "", way.now_ms)
    assert way.of(way.client.want(True, way.now_ms), NeedToken)


@pytest.mark.parametrize(("retry", "waited_ms"), [((4_000, 8_000), 6_000), ((8_000, 4_000), 6_000), ((0, 2**53 - 1), 300_000)])
def test_a_goodbye_says_when_to_return_within_reason(retry, waited_ms):
    way = Way(chance=0.5)
    way.up()
    (bye,) = way.of(way.client.received(Bye(CloseCode.DRAIN, "update", retry), way.now_ms), Disconnect)
    assert bye.code == 1000
    way.client.closed(1000, "", way.now_ms)
    assert way.until(NeedToken)[0] == waited_ms


@pytest.mark.parametrize("code", [CloseCode.ENDED, CloseCode.VERSION])
@pytest.mark.parametrize("how", ["goodbye", "close"])
def test_an_ended_session_and_another_version_are_not_tried_again(code, how):
    way = Way()
    way.up()
    if how == "goodbye":
        way.client.received(Bye(code), way.now_ms)
    (stands,) = way.of(way.client.closed(code if how == "close" else 1000, "", way.now_ms), Stands)
    assert stands.state == "refused"
    assert stands.why
    assert way.until(NeedToken) is None
    assert way.of(way.client.want(True, way.now_ms), NeedToken)


def test_an_end_without_a_token_says_why_and_waits_for_the_person():
    way = Way()
    way.client.want(True, way.now_ms)
    assert Stands("refused", "sign in again") in way.client.no_token(True, "sign in again", way.now_ms)
    assert way.until(NeedToken) is None


def test_no_token_for_the_moment_is_asked_for_again():
    way = Way(chance=0.999_999)
    way.client.want(True, way.now_ms)
    way.client.no_token(False, "no network", way.now_ms)
    assert way.until(NeedToken)[0] == 499


@pytest.mark.parametrize(("chance", "after_ms"), [(0.0, 450_000), (0.5, 495_000), (0.999_999, 539_999)])
def test_a_token_is_renewed_on_the_open_connection_before_it_ends_and_not_everybodys_at_once(chance, after_ms):
    way = Way(chance)
    way.up(texp_ms=600_000, hb_ms=300_000)
    assert way.until(NeedToken)[0] == after_ms
    sent = way.of(way.client.token("second", way.now_ms, 900_000), Send)
    assert [send.message for send in sent] == [Renew("second")]
    begun_ms = way.now_ms
    way.client.received(Head(()), way.now_ms)
    assert not way.of(way.client.tick(begun_ms + 600_000), NeedToken)


def test_a_renewal_that_fails_for_the_moment_is_tried_again_and_one_for_good_ends():
    way = Way()
    way.up(texp_ms=120_000, hb_ms=300_000)
    assert way.until(NeedToken)[0] == 60_000
    way.client.no_token(False, "busy", way.now_ms)
    assert way.until(NeedToken)[0] == 15_000
    assert way.of(way.client.no_token(True, "ended", way.now_ms), Disconnect)
    assert Stands("refused", "ended") in way.client.closed(1000, "", way.now_ms)


def test_the_copies_of_one_account_are_not_mixed_with_those_of_another():
    way = Way(user="ann")
    assert way.of(way.up(user="eve"), Disconnect)
    (stands,) = way.of(way.client.closed(1000, "", way.now_ms), Stands)
    assert (stands.state, "another account" in stands.why) == ("refused", True)


@pytest.mark.parametrize("reached", range(4))
def test_whoever_wants_to_be_offline_is(reached):
    way = Way()
    steps = (
        lambda: way.client.want(True, way.now_ms),
        lambda: way.client.token("tok", way.now_ms),
        lambda: way.client.opened(way.now_ms),
        lambda: way.client.received(Welcome("s", "ann", "n", 0, 0), way.now_ms),
    )
    for step in steps[: reached + 1]:
        step()
    actions = way.client.want(False, way.now_ms)
    if reached:
        assert way.of(actions, Disconnect)
        actions = way.client.closed(1000, "", way.now_ms)
    assert Stands("offline") in actions
    assert way.until(NeedToken) is None
    assert way.client.token("late", way.now_ms) == []


def test_a_connection_that_opens_too_late_is_closed_again():
    way = Way()
    way.client.want(True, way.now_ms)
    way.client.token("tok", way.now_ms)
    way.client.want(False, way.now_ms)
    assert way.of(way.client.opened(way.now_ms), Disconnect)


def test_a_driver_that_forgets_to_say_closed_does_not_end_everything():
    way = Way(chance=0.0)
    way.up()
    way.client.received(Bye(CloseCode.DRAIN, "", (0, 0)), way.now_ms)
    assert way.until(NeedToken)[0] == 10_000


@pytest.mark.parametrize("by_ms", [-3_600_000, 3_600_000])
def test_a_clock_that_is_set_neither_hangs_nor_hurries_what_is_due(by_ms):
    way = Way()
    way.up(hb_ms=20_000)
    way.now_ms += by_ms
    way.client.received(Head(()), way.now_ms)
    assert way.until(Disconnect)[0] == 50_000


def test_what_is_said_before_the_welcome_and_after_the_end_is_not_heard():
    way = Way()
    way.client.want(True, way.now_ms)
    way.client.token("tok", way.now_ms)
    assert isinstance(way.of(way.client.opened(way.now_ms), Send)[0].message, Hello)
    assert way.client.received(Head(()), way.now_ms) == []
    way.client.closed(1006, "", way.now_ms)
    assert way.client.received(Bye(CloseCode.ENDED), way.now_ms) == []
    assert way.client.closed(1006, "", way.now_ms) == []
