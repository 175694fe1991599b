"""Which words point at the chart that is seen."""

import pytest

from backend.assistant.pointing import points_at_chart


@pytest.mark.parametrize("text", ["analyse this", "Please analyze it", "What do you make of this chart?", "is the chart bullish"])
def test_words_about_what_is_seen_point_at_it(text):
    assert points_at_chart(text)


@pytest.mark.parametrize("text", ["analyse AAPL", "how do I save a chart", "analyse its history", "which charts are there", ""])
def test_other_words_do_not(text):
    assert not points_at_chart(text)
