"""Words that compare are found with the claim that they need; words that only sound like it are left alone."""

import pytest

from backend.assistant.grounding.claim import Op
from backend.assistant.grounding.comparatives import find_comparatives

COMPARING = {
    "The price is above its 50-day average.": Op.ABOVE,
    "It trades above {F4}.": Op.ABOVE,
    "It broke above the resistance.": Op.ABOVE,
    "It closed below support.": Op.BELOW,
    "It sits beneath the average.": Op.BELOW,
    "It hovers near the first support.": Op.NEAR,
    "It is close to resistance.": Op.NEAR,
    "It trades between support and resistance.": Op.BETWEEN,
    "The stock is rising.": Op.RISING,
    "Volume has increased.": Op.RISING,
    "It is in an uptrend.": Op.RISING,
    "The price fell.": Op.FALLING,
    "Momentum is trending down.": Op.FALLING,
    "A downtrend is in place.": Op.FALLING,
    "RSI is overbought.": Op.OVERBOUGHT,
    "The oscillator is over-sold.": Op.OVERSOLD,
    "The trend is strong.": Op.STRONG,
    "A weak trend is all there is.": Op.WEAK,
    "Volume is higher than usual.": Op.HIGHER_THAN_USUAL,
    "Volume is unusually low.": Op.LOWER_THAN_USUAL,
    "Volume doubled.": Op.DOUBLED,
    "Volume is twice its norm.": Op.DOUBLED,
    "There is a bearish divergence.": Op.DIVERGES,
    "A double top is in place.": Op.PRESENT,
    "There is no double top.": Op.ABSENT,
    "A head and shoulders pattern formed.": Op.PRESENT,
    "It is the highest close since March.": None,
    "It made a new high.": None,
    "Volume tripled.": None,
    "RSI is over\u200bbought.": Op.OVERBOUGHT,
    "RSI is **over**bought.": Op.OVERBOUGHT,
}
NOT_COMPARING = (
    "Above all, stay calm.",
    "As mentioned above, it holds.",
    "See the table below.",
    "He is up for it.",
    "It is not above the average.",
    "If it is rising, look again.",
    "What moves prices is earnings.",
    "At the close traders went home.",
    "Over the last month little happened.",
    "He will rise to the challenge.",
    "Between you and me, it is dull.",
    "Look around the corner.",
    "A strong opinion helps nobody.",
    "It is down to you.",
    "Near misses happen.",
    "The best is yet to come.",
    "Opinions diverge on tea.",
    "Under these rules it ends.",
    "It is less than ideal.",
    "Whether it is overbought is unknown.",
)


@pytest.mark.parametrize(("text", "op"), COMPARING.items(), ids=ascii)
def test_a_comparing_word_is_found_with_its_claim(text, op):
    found = find_comparatives(text)

    assert found
    assert found[0].op is op
    assert text[found[0].start : found[0].end].strip()


@pytest.mark.parametrize("text", NOT_COMPARING)
def test_words_that_compare_nothing_are_left_alone(text):
    assert find_comparatives(text) == ()
