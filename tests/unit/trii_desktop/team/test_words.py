"""What is said of a server is true, and short."""

from dataclasses import replace

import pytest

from backend.sync.server import ServerRow, Standing
from trii_desktop.team.standing_part import part_words
from trii_desktop.team.words import explained, pin_words, standing_words

NOW_MS = 1_704_724_200_000
DESK = ServerRow("s1", "Desk", "https://desk.example", standing=Standing.LIVE, carrier="websocket")


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (DESK, "Live"),
        (replace(DESK, carrier="poll"), "Live by polling"),
        (replace(DESK, standing=Standing.SIGNED_OUT), "Signed out"),
        (replace(DESK, standing=Standing.OFFLINE, n_waiting=1), "Offline · 1 change waits"),
        (
            replace(DESK, standing=Standing.OFFLINE, n_waiting=3, retry_at_ms=NOW_MS + 12_000),
            "Offline · 3 changes wait · next try in 12 s",
        ),
        (replace(DESK, retry_at_ms=NOW_MS + 12_000), "Live"),
    ],
)
def test_a_server_stands_as_it_is_said_to_stand(server, words):
    assert standing_words(server, NOW_MS) == words


def test_the_status_bar_names_the_one_that_stands_worst():
    servers = [replace(DESK, name="Away", standing=Standing.OFFLINE), DESK]
    assert part_words(servers, NOW_MS) == "Away: Offline · 1 more"
    assert not part_words([], NOW_MS)


def test_what_a_standing_means_for_ones_words_is_said():
    assert "can be read" in explained(replace(DESK, standing=Standing.SIGNED_OUT))
    assert explained(replace(DESK, standing=Standing.REFUSED, why="It is another\u202e server.")) == "It is another<U+202E> server."
    assert not explained(DESK)


def test_an_identity_is_read_out_in_groups():
    assert pin_words("abcdefghijklm") == "abcdef ghijkl m"
