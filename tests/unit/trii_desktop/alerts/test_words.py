"""Short words about deliveries, tests on history and alerts."""

from dataclasses import replace

import pytest

from backend.alerts.firing import Firing
from backend.delivery.delivery import BodyKind, Delivery, DeliveryState
from trii_desktop.alerts.channel_book import told, told_when
from trii_desktop.alerts.looks import ICONS, MARKS, WORDS
from trii_desktop.alerts.rehearsal import told as told_test

NOW = 1_800_000_000_000_000_000
SENT = Delivery(
    id=1,
    firing="f",
    channel="phone",
    body_kind=BodyKind.PLAIN,
    alert_id="a",
    instrument="AAPL.XNAS",
    title="AAPL",
    body="AAPL rose.",
    event_ns=NOW,
    is_urgent=False,
    state=DeliveryState.SENT,
    created_ns=NOW,
    due_ns=NOW,
    finished_ns=NOW,
    n_attempts=1,
    told_by=0,
    may_repeat=False,
    words="",
)


@pytest.mark.parametrize("state", DeliveryState)
def test_every_state_of_a_delivery_has_words(state):
    assert told(replace(SENT, state=state))


def test_what_failed_is_told_with_why_and_what_went_well_without():
    dead = replace(SENT, state=DeliveryState.DEAD, words="The server refused the password.")
    assert told(dead) == "failed (The server refused the password.)"
    assert told(replace(SENT, words="250 OK")) == "sent"
    assert told_when(SENT, NOW).endswith("sent")


@pytest.mark.parametrize(
    ("n", "words"), [(0, "would not have fired in all"), (1, "fired once in all"), (1_200, "fired 1,200 times in all")]
)
def test_a_test_on_history_is_told_in_a_sentence(n, words):
    firing = Firing("f", "a", "AAPL.XNAS", NOW, NOW, 1.0, 1.0, 1.0, "It rose.")
    assert words in told_test((firing,) * n, "all that is stored", NOW)


def test_every_standing_has_words_an_icon_and_a_mark():
    assert set(WORDS) == set(ICONS) == set(MARKS)
    assert all(WORDS.values())
