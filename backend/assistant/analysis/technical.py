"""The technical section in plain words: price, trend, momentum, levels, patterns, volume."""

from typing import Final

from backend.assistant.analysis.drawn import tell_levels, tell_patterns
from backend.assistant.analysis.teller import Teller, joined, paragraphs
from backend.assistant.grounding.claim import Op

STALE_DAYS: Final = 10
RECENT_CROSS: Final = 63
_CHANGES: Final = (("5", "week"), ("21", "month"), ("63", "quarter"), ("252", "year"))


def tell_technical(teller: Teller) -> str:
    """The section's text, with tags in place of every number."""
    return paragraphs(
        [*_age(teller), *_summary(teller), *_price(teller), *_changes(teller), *_range(teller)],
        [*_trend(teller), *_strength(teller)],
        _momentum(teller),
        tell_levels(teller),
        [*tell_patterns(teller), *_volume(teller)],
    )


def _summary(teller: Teller) -> list[str]:
    """The whole in a sentence: trend, its strength, whether it is stretched, whether the short trend agrees."""
    direction = teller.word("trend.direction")
    if not direction:
        return []
    strength = "strong " if teller.holds(Op.STRONG, "trend.adx") else "weak " if teller.holds(Op.WEAK, "trend.adx") else ""
    article = "a" if strength else "an"
    lead = {"up": f"{article} {strength}uptrend", "down": f"a {strength}downtrend", "sideways": "no clear trend"}[direction]
    parts = [lead]
    states = [state for name in ("oscillator.rsi", "stochastic.k") if (state := _state(teller, name))]
    if states:
        parts.append(f"{states[0]} by the {'RSI' if _state(teller, 'oscillator.rsi') else 'stochastic'}")
    short = teller.word("trend.direction_short")
    if {short, direction} == {"up", "down"}:
        parts.append("with the short trend against it")
    elif direction == "sideways" and short in {"up", "down"}:
        parts.append(f"while the short trend goes {teller.tag('trend.direction_short')}")
    if teller.word("volatility.regime") in {"low", "high", "extreme"}:
        parts.append(f"in {teller.tag('volatility.regime')} volatility")
    return [f"In short: {', '.join(parts)}."]


def _age(teller: Teller) -> list[str]:
    if teller.number("bars.age") <= STALE_DAYS:
        return []
    date = teller.tag("price.date")
    return [f"The newest bar is {teller.tag('bars.age')} days old, so this describes {date} and not today."]


def _price(teller: Teller) -> list[str]:
    name, last, date = teller.tag("instrument.name"), teller.tag("price.last"), teller.tag("price.date")
    change = ""
    if teller.has("price.change_1"):
        change = f", {_moved(teller, 'price.change_1')} on the session before"
    elif teller.has("price.change"):
        change = f", a change of {teller.tag('price.change')} on the session before"
    told = [f"{name} closed at {last} on {date}{change}."]
    if teller.has("price.now", "price.change_now"):
        told.append(f"Since then it has come to {teller.tag('price.now')}, {_moved(teller, 'price.change_now')}.")
    return told


def _moved(teller: Teller, name: str) -> str:
    """``up {F12}``, ``down {F12}`` or ``unchanged``."""
    if teller.holds(Op.RISING, name):
        return f"up {teller.tag(name)}"
    return f"down {teller.tag(name)}" if teller.holds(Op.FALLING, name) else "unchanged"


def _changes(teller: Teller) -> list[str]:
    known = [(n, word) for n, word in _CHANGES if teller.has(f"price.change_{n}")]
    parts = [
        f"{_moved(teller, f'price.change_{n}')} over {teller.tag(f'setting.{word}')}{'' if place else ' sessions'}"
        for place, (n, word) in enumerate(known)
    ]
    told = [f"It is {joined(parts)}."] if parts else []
    if teller.has("price.change_ytd"):
        told.append(f"This year it is {_moved(teller, 'price.change_ytd')}.")
    return told


def _range(teller: Teller) -> list[str]:
    told = []
    if teller.has("price.position_52w"):
        low, high = teller.tag("price.low_52w"), teller.tag("price.high_52w")
        at = teller.tag("price.position_52w")
        adjusted = "adjusted " if teller.holds(Op.PRESENT, "bars.adjusted") else ""
        told.append(f"In its {adjusted}{teller.tag('setting.weeks')}-week range of {low} to {high} it stands {at} of the way up.")
    if teller.has("price.from_highest") and teller.holds(Op.BELOW, "price.last", "price.highest"):
        highest, fall = teller.tag("price.highest"), teller.tag("price.from_highest")
        if teller.has("price.highest_traded"):
            highest += f" adjusted, {teller.tag('price.highest_traded')} as traded"
        told.append(f"It is below the highest high on record, {highest}: a decline of {fall}.")
    if teller.holds(Op.PRESENT, "bars.adjusted"):
        told.append("Earlier prices are adjusted for splits and dividends.")
    return told


def _trend(teller: Teller) -> list[str]:
    direction = teller.word("trend.direction")
    if not direction:
        return _short_record(teller)
    middle, long = teller.tag("average.sma_50"), teller.tag("average.sma_200")
    n_middle, n_long = teller.tag("setting.average_middle"), teller.tag("setting.average_long")
    sides = [
        f"{_side(teller, f'average.sma_{n}')} the {bars}-{teller.bar_word} average at {average}"
        for n, bars, average in ((50, n_middle, middle), (200, n_long, long))
    ]
    lead = {
        "up": "The trend is up",
        "down": "The trend is down",
        "sideways": "There is no clear trend",
    }[direction]
    told = [f"{lead}: the price is {joined(sides)}."]
    told += _averages(teller)
    return told


def _side(teller: Teller, name: str) -> str:
    if teller.holds(Op.NEAR, "price.last", name):
        return "close to"
    return (
        "above" if teller.holds(Op.ABOVE, "price.last", name) else "below" if teller.holds(Op.BELOW, "price.last", name) else "at"
    )


def _averages(teller: Teller) -> list[str]:
    told = []
    if teller.has("average.slope_50") and (slope := _leads(teller, "average.slope_50")):
        bars, n_back, change = teller.tag("setting.average_middle"), teller.tag("setting.week"), teller.tag("average.slope_50")
        told.append(f"The {bars}-{teller.bar_word} average is {slope}: {change} over {n_back} {teller.bars_word}.")
    cross, has_age = teller.word("average.cross"), teller.has("average.cross_age")
    if has_age and teller.number("average.cross_age") <= RECENT_CROSS:
        what = "a golden cross, the shorter average rising through the longer" if cross == "golden" else (
            "a death cross, the shorter average falling through the longer"
        )  # fmt: skip
        told.append(f"These averages made {what}, {teller.tag('average.cross_age')} {teller.bars_word} ago.")
    short, long = teller.word("trend.direction_short"), teller.word("trend.direction")
    if short and short != long and "sideways" not in {short, long}:
        told.append(f"The short trend goes {teller.tag('trend.direction_short')}, against it.")
    return told


def _leads(teller: Teller, name: str) -> str:
    if teller.holds(Op.RISING, name):
        return "rising"
    return "falling" if teller.holds(Op.FALLING, name) else ""


def _short_record(teller: Teller) -> list[str]:
    told = [f"With {teller.tag('bars.count')} complete bars the record is too short for the long averages."]
    if teller.has("average.sma_20"):
        side = _side(teller, "average.sma_20")
        bars, average = teller.tag("setting.average_short"), teller.tag("average.sma_20")
        told.append(f"The price is {side} the {bars}-{teller.bar_word} average at {average}.")
    return told


def _strength(teller: Teller) -> list[str]:
    if not teller.has("trend.adx", "direction.plus", "direction.minus"):
        return []
    adx = teller.tag("trend.adx")
    if teller.holds(Op.STRONG, "trend.adx"):
        told = f"An ADX of {adx} says that the move is strong"
    elif teller.holds(Op.WEAK, "trend.adx"):
        told = f"An ADX of {adx} says that the move is weak, as in a market without direction"
    else:
        told = f"An ADX of {adx} says that the move is of moderate strength"
    plus, minus = teller.tag("direction.plus"), teller.tag("direction.minus")
    if teller.holds(Op.ABOVE, "direction.plus", "direction.minus"):
        return [f"{told}; buyers lead, with movement up at {plus} against {minus}."]
    if teller.holds(Op.BELOW, "direction.plus", "direction.minus"):
        return [f"{told}; sellers lead, with movement down at {minus} against {plus}."]
    return [f"{told}."]


def _momentum(teller: Teller) -> list[str]:
    told = []
    if teller.has("oscillator.rsi"):
        state = _state(teller, "oscillator.rsi")
        told.append(f"The RSI stands at {teller.tag('oscillator.rsi')}, {state or 'neither overbought nor oversold'}.")
    if teller.has("stochastic.k") and (state := _state(teller, "stochastic.k")):
        told.append(f"The stochastic is {state} at {teller.tag('stochastic.k')}.")
    if teller.has("macd.line", "macd.signal"):
        barely = "just " if teller.looks_equal("macd.line", "macd.signal") else ""
        if teller.holds(Op.ABOVE, "macd.line", "macd.signal"):
            told.append(f"The MACD is {barely}above its signal ({teller.tag('macd.line')} to {teller.tag('macd.signal')}).")
        elif teller.holds(Op.BELOW, "macd.line", "macd.signal"):
            told.append(f"The MACD is {barely}below its signal ({teller.tag('macd.line')} to {teller.tag('macd.signal')}).")
    return told + _bands(teller)


def _state(teller: Teller, name: str) -> str:
    if teller.holds(Op.OVERBOUGHT, name):
        return "overbought"
    return "oversold" if teller.holds(Op.OVERSOLD, name) else ""


def _bands(teller: Teller) -> list[str]:
    if not teller.has("band.position"):
        return []
    told = []
    if teller.holds(Op.OVERBOUGHT, "band.position"):
        told.append(f"The close is at or above the upper Bollinger band, {teller.tag('band.upper')}.")
    elif teller.holds(Op.OVERSOLD, "band.position"):
        told.append(f"The close is at or below the lower Bollinger band, {teller.tag('band.lower')}.")
    if teller.has("band.width_percentile") and teller.number("band.width_percentile") <= 10:
        width, rank = teller.tag("band.width"), teller.tag("band.width_percentile")
        told.append(
            f"The Bollinger bands are tight: {width} wide, and only {rank} of the {teller.bars_word} of a year had them tighter."
        )
    return told


def _volume(teller: Teller) -> list[str]:
    if not teller.has("volume.last"):
        return ["No volume is stored, so nothing here is confirmed by it."]
    volume = teller.tag("volume.last")
    if not teller.has("volume.ratio_20"):
        return [f"Volume was {volume}; there are too few bars to call that much or little."]
    ratio, n_bars = teller.tag("volume.ratio_20"), teller.tag("setting.average_short")
    beside = f"{ratio} times the mean of the {n_bars} {teller.bars_word} before"
    if teller.holds(Op.DOUBLED, "volume.ratio_20"):
        return [f"Volume was exceptional: {volume}, {beside}."]
    if teller.holds(Op.HIGHER_THAN_USUAL, "volume.ratio_20"):
        return [f"Volume was higher than usual: {volume}, {beside}."]
    if teller.holds(Op.LOWER_THAN_USUAL, "volume.ratio_20"):
        return [f"Volume was lower than usual: {volume}, {beside}."]
    return [f"Volume was ordinary: {volume}, {beside}."]
