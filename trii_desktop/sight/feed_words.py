"""The states of feeds and their clocks in words."""

from typing import Final

from backend.market.feeds.feed import FeedState
from trii_desktop.sight.freshness import format_age

STATE_WORDS: Final = {
    FeedState.OFF: "Off",
    FeedState.CONNECTING: "Connecting",
    FeedState.LIVE: "Live",
    FeedState.WAITING: "Waiting",
    FeedState.REFUSED: "Refused",
}


def skew_words(skew_s: float) -> str:
    """``0.3 s ahead``: how the venue's clock stands to this computer's."""
    if abs(skew_s) < 0.05:
        return "the same"
    return f"{format_age(abs(skew_s))} {'ahead' if skew_s > 0 else 'behind'}"
