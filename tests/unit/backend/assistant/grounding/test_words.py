"""What a free text states in words is judged on facts, or marked as not checked; ordinary prose is left alone."""

import pytest

from backend.assistant.facts.fact import FactSet, Unit
from backend.assistant.grounding.checking import check_text
from backend.assistant.grounding.guard import StreamGuard
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.span import Mark
from backend.assistant.grounding.tags import join_spans
from backend.assistant.grounding.words import Words
from tests.fakes.grounded_facts import fact

FACTS = FactSet(
    (
        fact("F1", "instrument.name", "Name", "Apple", Unit.WORD),
        fact("F2", "price.last", "Last price", 430.47, Unit.PRICE),
        fact("F3", "price.change_1", "Change on the session before", -2.48, Unit.PERCENT),
        fact("F4", "price.change_5", "Change over a week", -4.51, Unit.PERCENT),
        fact("F5", "price.change_21", "Change over a month", -5.22, Unit.PERCENT),
        fact("F6", "price.low_52w", "Lowest low of a year", 429.98, Unit.PRICE),
        fact("F7", "volume.ratio_20", "Volume against its usual", 1.14, Unit.RATIO),
        fact("F8", "average.sma_50", "The middle average", 483.14, Unit.PRICE, formula="sma(50) of closes"),
        fact("F9", "average.slope_50", "Slope of the middle average", -1.69, Unit.PERCENT),
        fact("F10", "average.sma_200", "The long average", 569.77, Unit.PRICE, formula="sma(200) of closes"),
        fact("F11", "average.cross", "Last cross of the middle and long average", "death", Unit.WORD),
        fact("F12", "average.cross_age", "Bars since that cross", 55, Unit.COUNT, decimals=0),
        fact("F13", "oscillator.rsi", "Relative strength index", 33.354, Unit.INDEX, decimals=1, formula="rsi(14) of closes"),
        fact("F14", "macd.line", "MACD", -12.07, Unit.INDEX),
        fact("F15", "macd.signal", "MACD's signal", -11.57, Unit.INDEX),
        fact("F16", "stochastic.k", "Stochastic %K", 7.8, Unit.INDEX, decimals=1),
        fact("F17", "trend.adx", "Strength of the trend", 31.9, Unit.INDEX, decimals=1),
        fact("F18", "trend.direction", "Direction of the trend", "down", Unit.WORD),
        fact("F19", "trend.direction_short", "Direction of the short trend", "down", Unit.WORD),
        fact("F20", "volatility.atr", "Average true range", 11.8, Unit.PRICE),
        fact("F21", "volatility.regime", "Volatility regime", "usual", Unit.WORD),
        fact("F22", "level.support.1", "Nearest support", 418.60, Unit.PRICE),
        fact("F23", "level.resistance.1", "Nearest resistance", 482.25, Unit.PRICE),
        fact("F24", "divergence.regular_bullish", "Regular bullish divergence", False, Unit.FLAG),
        fact("F25", "candle.any", "Candle pattern", True, Unit.FLAG),
        fact("F26", "candle.harami.bearish", "Bearish harami", True, Unit.FLAG),
        fact("F27", "pattern.any", "Chart pattern", False, Unit.FLAG),
    )
)
STATING = {Mark.JUDGED, Mark.UNTRUE, Mark.UNCHECKED}

TRUE = (
    "The price is below its 50-day average.",
    "The price is not above its 50-day average.",
    "The price doesn't trade above its 50-day average.",
    "At 430.47 it is below the 200-day moving average.",
    "{F2} is below {F8}.",
    "The price is near the 52-week low.",
    "It trades between support and resistance.",
    "It is above support.",
    "The 50-day average is below the 200-day average.",
    "The 50-day average is falling.",
    "The trend is down.",
    "The trend of Apple is a negative one.",
    "The trend is not up.",
    "The stock is in a downtrend.",
    "Apple fell over the week.",
    "The price fell over the month.",
    "The stock has fallen.",
    "Apple is falling.",
    "The short-term trend is down.",
    "It is a strong downtrend.",
    "The trend is strong.",
    "The stochastic is oversold.",
    "The RSI is not overbought.",
    "MACD is below its signal line.",
    "MACD is negative.",
    "There was a death cross 55 bars ago.",
    "A bearish harami formed.",
    "The price is below resistance.",
    "Apple stands below its long average.",
    "The price is below its 50-Day Moving Average.",
    "The closing price is below the stock's 50-day average.",
)  # fmt: skip
UNTRUE = (
    "The price is above its 50-day average.",
    "The price is not below its 50-day average.",
    "At 430.47 it is above the 200-day moving average.",
    "{F2} is above {F8}.",
    "**The price is above its 50-day average.**",
    "RSI at 33.4 signals overbought.",
    "The RSI is overbought.",
    "RSI is oversold.",
    "The trend of Apple is a positive one.",
    "The trend is up.",
    "The trend is positive.",
    "The stock is in an uptrend.",
    "It is in a strong uptrend.",
    "A bullish trend is in place.",
    "The short-term trend is up.",
    "Apple rose over the week.",
    "The price rose over the month.",
    "The stock is rising.",
    "Volume is higher than usual.",
    "Volume is unusually low.",
    "Volatility is elevated.",
    "The price broke below support.",
    "It is near support.",
    "MACD is above its signal line.",
    "MACD is positive.",
    "There was a golden cross 55 bars ago.",
    "There is a bullish divergence.",
    "No bearish harami formed.",
    "The 50-day average is above the 200-day average.",
    "The 50-day average is rising.",
    "The trend is weak.",
)  # fmt: skip
UNCHECKED = (
    "The answer is no.",
    "The answer to this question is no.",
    "The answer is: **Yes**",
    "No.",
    "**Yes!**",
    "Yes, that is so.",
    "That is correct.",
    "AAPL outperformed MSFT.",
    "It beat the market.",
    "Apple lagged Microsoft.",
    "Microsoft is above its 50-day average.",
    "Microsoft did well. It is above its 50-day average.",
    "Compared with Microsoft, the stock is above its 200-day average.",
    "MSFT's RSI is overbought.",
    "In 2009 it was above its 200-day average.",
    "It was above its 200-day average a year ago.",
    "The price could fall below support.",
    "It will stay above support.",
    "It is the lowest close in years.",
    "It made a new high.",
    "Momentum is positive.",
    "Apple is bullish.",
    "Apple is a weaker stock than Microsoft.",
    "It is cheaper than its peers.",
    "It is riskier than most.",
    "Volume is rising.",
    "It is above its 20-day EMA.",
    "It is above the VWAP.",
    "A double top is in place.",
    "It makes higher highs.",
    "It is more volatile than bonds.",
    "The weekly RSI is not overbought.",
    "The price is above the next support.",
    "At 430.47, the RSI is below its 50-day average.",
    "The company is growing.",
    "It is below its Bollinger bands.",
    "It compares with microsoft. It is above its 50-day average.",
)  # fmt: skip
PROSE = (
    "Above all, stay calm.",
    "High quality companies are rare.",
    "This may lower your risk.",
    "As mentioned above, it holds.",
    "See the table below.",
    "If the price closes above resistance, look again.",
    "When RSI is above its bound, traders are careful.",
    "An asset is called overbought when many bought it.",
    "Overbought means that buyers were many.",
    "A stock is oversold when sellers were many.",
    "The word overbought refers to buyers.",
    "A moving average smooths prices.",
    "The RSI measures the speed of moves.",
    "Support is where buyers came in.",
    "Resistance is where sellers came in.",
    "The difference between the price and the average matters.",
    "Keep an eye on the trend.",
    "Diversification spreads risk.",
    "You should decide for yourself.",
    "This is no advice.",
    "Nothing here is advice.",
    "No one knows what comes next.",
    "No model can foretell prices.",
    "Yesterday's news is old.",
    "I cannot tell the future.",
    "Let me know what else you need.",
    "Here is what the facts say.",
    "The facts say nothing of earnings.",
    "Please ask about another instrument.",
    "It is up to you.",
    "It comes down to patience.",
    "He is up for it.",
    "She rose to the occasion.",
    "They fell in love.",
    "At the close traders went home.",
    "Over the last month little happened.",
    "Look around the corner.",
    "Near misses happen.",
    "A close look helps.",
    "A strong opinion helps nobody.",
    "A weak argument fails.",
    "Under these rules it ends.",
    "On top of that, costs matter.",
    "In the long run patience pays.",
    "The best is yet to come.",
    "Between you and me, it is dull.",
    "It is less than ideal.",
    "Better late than never.",
    "It is better than nothing.",
    "Other than that, all is quiet.",
    "Rather than guess, compute.",
    "Earnings drive prices over time.",
    "A hammer and a nail are tools.",
    "Set a stop before you enter.",
    "The chart shows daily bars.",
    "Prices are adjusted for splits.",
    "The average is taken of closes.",
    "The signal line is an average of the MACD.",
    "Volume counts the shares that changed hands.",
    "Volatility says how far prices swing.",
    "The name is Apple.",
    "Its newest bar is old.",
    "Read the annual report first.",
    "A trend is a direction that lasts.",
    "Trends come and go.",
    "Markets open in the morning.",
    "Stars of the morning fade.",
    "The head of the company spoke.",
    "His cup was full.",
    "A golden rule is to keep it simple.",
    "The death of a trend is slow.",
    "Raise the question again.",
    "The price of freedom is care.",
    "Growing up takes time.",
    "Turning to the levels, three stand out.",
    "Moving on, here are the levels.",
    "Heading: levels",
    "The key is to wait.",
    "An uncertain outlook asks for care.",
    "You can compare it with others.",
    "Nobody was up for it.",
    "True patience is rare.",
    "False hopes hurt.",
    "Correct the order first.",
    "Whether it is overbought is unknown.",
    "Hold on to what you know.",
)  # fmt: skip


def stating(text: str, question: str = "") -> list[tuple[str, Mark]]:
    known = Known(FACTS, asked=question)
    spans = check_text(text, known, Words(known))
    assert "".join(span.text for span in spans) == text
    return [(span.text, span.mark) for span in spans if span.mark in STATING]


def test_there_are_more_than_eighty_of_both_kinds():
    assert len(TRUE) + len(UNTRUE) + len(UNCHECKED) > 80
    assert len(PROSE) > 80


@pytest.mark.parametrize("text", TRUE)
def test_what_facts_bear_out_is_true(text):
    assert {mark for _, mark in stating(text)} == {Mark.JUDGED}


@pytest.mark.parametrize("text", UNTRUE)
def test_what_facts_contradict_is_untrue(text):
    assert Mark.UNTRUE in {mark for _, mark in stating(text)}


@pytest.mark.parametrize("text", UNCHECKED)
def test_what_no_fact_decides_is_not_checked(text):
    found = stating(text)

    assert found
    assert {mark for _, mark in found} == {Mark.UNCHECKED}


@pytest.mark.parametrize("text", PROSE)
def test_ordinary_prose_states_nothing(text):
    assert stating(text) == []


def test_true_words_lead_to_their_fact_and_untrue_ones_say_what_is_so():
    text = "The price is below its 50-day average, and the RSI is overbought."
    spans = {span.text: span for span in check_text(text, Known(FACTS), Words(Known(FACTS)))}

    assert (spans["below"].mark, spans["below"].fact) == (Mark.JUDGED, "F2")
    assert "483.14" in spans["below"].why
    assert (spans["overbought"].mark, spans["overbought"].fact) == (Mark.UNTRUE, "")
    assert "33.4" in spans["overbought"].why


@pytest.mark.parametrize("question", ["did AAPL outperform MSFT", "how did it do in 2009", "and what of Microsoft"])
def test_of_somebody_else_or_another_time_nothing_is_judged(question):
    assert {mark for _, mark in stating("It is above its 50-day average. The trend is down.", question)} == {Mark.UNCHECKED}


def test_without_facts_nothing_is_judged_and_nothing_stated_passes():
    spans = check_text("The stock is rising.", Known(FactSet(())), Words(Known(FactSet(()))))

    assert [(span.text, span.mark) for span in spans] == [
        ("The stock is ", Mark.PLAIN),
        ("rising", Mark.UNCHECKED),
        (".", Mark.PLAIN),
    ]


@pytest.mark.parametrize("step", [1, 3, 11])
def test_streamed_and_whole_text_are_judged_alike(step):
    for text in (" ".join(TRUE + UNTRUE), "\n".join(UNCHECKED), " ".join(PROSE + UNTRUE), ", ".join(PROSE)):
        guard = StreamGuard(Known(FACTS), Words(Known(FACTS)))
        spans = [span for at in range(0, len(text), step) for span in guard.feed(text[at : at + step])]
        assert join_spans([*spans, *guard.end()]) == check_text(text, Known(FACTS), Words(Known(FACTS)))
