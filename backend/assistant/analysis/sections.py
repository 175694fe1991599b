"""The other four sections in plain words: fundamental outlook, sentiment, trade idea, risk."""

from typing import Final

from backend.assistant.analysis.teller import Teller, joined, paragraphs
from backend.assistant.facts.outside import NO_FUNDAMENTALS, NO_NEWS, NO_SENTIMENT, RATIO
from backend.assistant.grounding.claim import Op

_NO_COMPANY: Final = {"index", "forex", "crypto", "commodity", "future", "rate", "spread"}


def tell_fundamental(teller: Teller, kind: str) -> str:
    """What is known of the business, each ratio with its period; where nothing is, that is said."""
    code = teller.tag("instrument.id")
    if kind in _NO_COMPANY:
        return f"{code} is no company: there are no earnings or balance sheet to read, and nothing here rests on any."
    ratios = teller.names_under(RATIO)
    if ratios:
        known = joined([f"{teller.label(name)}: {teller.tag(name)}" for name in ratios])
        return f"From filings of {code} follows {known}. These figures are past periods' and no forecast."
    is_stored_nowhere = teller.why_not("fundamental.ratios") == NO_FUNDAMENTALS
    none = f"No fundamental figures are stored for {code}" if is_stored_nowhere else f"No fundamental figures of {code} are at hand"
    return f"{none}: nothing here rests on earnings or valuation, and no outlook is given."


def tell_sentiment(teller: Teller) -> str:
    """News and mood in others' words; where nothing is connected, that is said."""
    news = [teller.tag(name) for name in ("news.1", "news.2", "news.3") if teller.has(name)]
    if news or teller.has("sentiment.score", "sentiment.label"):
        return paragraphs(_mood(teller), [f"In the news, by recency and relevance: {'; '.join(news)}."] if news else [])
    none = "No news and no social sentiment are at hand"
    if (teller.why_not("news.1"), teller.why_not("sentiment.score")) == (NO_NEWS, NO_SENTIMENT):
        none = "No news source and no source of social sentiment is connected"
    return f"{none}, so nothing is said of the mood. Look for events ahead before trading."


def _mood(teller: Teller) -> list[str]:
    if not teller.has("sentiment.score", "sentiment.label"):
        return []
    label, score = teller.tag("sentiment.label"), teller.tag("sentiment.score")
    return [f"The social sentiment is {label}, at {score} between minus one and one."]


def tell_idea(teller: Teller) -> str:
    """Entry, stop and target with their reasons, or why there is none."""
    held = _position(teller)
    if not teller.has("idea.entry"):
        why = teller.why_not("idea.entry").rstrip(".")
        return paragraphs([f"No trade idea: {why[:1].lower()}{why[1:]}.", *_waiting(teller)], held)
    entry, stop, target = (teller.tag(f"idea.{name}") for name in ("entry", "stop", "target"))
    is_long = teller.word("idea.direction") == "long"
    near = "support" if is_long else "resistance"
    ranges = teller.tag("idea.stop_ranges")
    newest = "price.now" if teller.has("price.now") else "price.last"
    is_now = teller.number("idea.entry") == teller.number(newest)
    how = f"at the newest price, {entry}, close to {near}" if is_now else f"at {entry}, if the price comes back to that {near}"
    told = [
        f"{'Long' if is_long else 'Short'}, with the trend: enter {how}.",
        f"Place the stop at {stop}, {ranges} average true ranges beyond the far edge of the {near}.",
        f"That puts {teller.tag('idea.risk')} of the entry at risk.",
        f"Take {teller.tag('idea.goal')} at {target} as the target: reward to risk is {teller.tag('idea.reward_to_risk')}.",
        f"A {teller.tag('person.risk')} risk tolerance asks for at least {teller.tag('idea.least')}.",
    ]
    away = "below" if is_long else "above"
    teller.holds(Op.BELOW if is_long else Op.ABOVE, "idea.stop", "idea.entry")
    teller.holds(Op.ABOVE if is_long else Op.BELOW, "idea.target", "idea.entry")
    told.append(f"A close {away} the stop says that the idea was wrong. The distances are those of {teller.tag('person.style')}.")
    return paragraphs([*told, *_contrary(teller, is_long=is_long)], held)


def _contrary(teller: Teller, *, is_long: bool) -> list[str]:
    """What among the facts speaks against the idea: a person should hear it before, not after."""
    against, side = (Op.BELOW, "bearish") if is_long else (Op.ABOVE, "bullish")
    word = "below" if is_long else "above"
    leader = "sellers who lead" if is_long else "buyers who lead"
    signs = [
        (f"a {side} divergence", teller.holds(Op.DIVERGES, f"divergence.regular_{side}")),
        (f"a MACD {word} its signal", teller.holds(against, "macd.line", "macd.signal")),
        (leader, teller.holds(against, "direction.plus", "direction.minus")),
        ("a weak trend", teller.holds(Op.WEAK, "trend.adx")),
        ("volume lower than usual", teller.holds(Op.LOWER_THAN_USUAL, "volume.ratio_20")),
    ]
    said = [words for words, is_there in signs if is_there]
    return [f"Against it speak {joined(said)}." if len(said) > 1 else f"Against it speaks {said[0]}."] if said else []


def _waiting(teller: Teller) -> list[str]:
    """What would have to happen first, where levels say it."""
    direction = teller.word("trend.direction")
    why = teller.why_not("idea.entry")
    if "too old" in why:
        return [f"Ask as of {teller.tag('price.date')} for what could be said on that day."]
    if "too far" in why and direction in {"up", "down"}:
        near = "support" if direction == "up" else "resistance"
        return [f"A return to {near} around {teller.tag(f'level.{near}.1')} would be the place to look again."]
    if "no trend" in why and teller.has("level.support.1", "level.resistance.1"):
        low, high = teller.tag("level.support.1"), teller.tag("level.resistance.1")
        return [f"A close beyond {high} or {low} would be news."]
    if "too little" in why and direction in {"up", "down"} and teller.has("level.support.1", "level.resistance.1"):
        far = "resistance" if direction == "up" else "support"
        return [f"A close through {far} at {teller.tag(f'level.{far}.1')} would make room."]
    return []


def _position(teller: Teller) -> list[str]:
    if not teller.has("position.quantity"):
        return []
    told = f"You hold {teller.tag('position.quantity')} at {teller.tag('position.price')}"
    gain = f", an open result of {teller.tag('position.gain')}" if teller.has("position.gain") else ""
    share = f" ({teller.tag('position.gain_percent')})" if gain and teller.has("position.gain_percent") else ""
    return [f"{told}{gain}{share}."]


def tell_risk(teller: Teller) -> str:
    """How far it moves, what was lost at worst, and beside the market."""
    text = paragraphs([*_movement(teller), *_losses(teller)], _beside(teller))
    if not text:
        return "From these bars no figure of risk follows: treat the risk as unknown, not as small."
    return text


def _movement(teller: Teller) -> list[str]:
    told = []
    if teller.has("volatility.atr"):
        share = f", {teller.tag('volatility.atr_percent')} of the price" if teller.has("volatility.atr_percent") else ""
        told.append(f"A {teller.bar_word} moves {teller.tag('volatility.atr')} on average{share}.")
    if teller.has("volatility.realised"):
        rank = _rank(teller)
        told.append(f"Volatility is {teller.tag('volatility.realised')} a year{rank}.")
    return told


def _rank(teller: Teller) -> str:
    """How the volatility stands in its year."""
    if not teller.has("volatility.percentile_252"):
        return ""
    rank = teller.number("volatility.percentile_252")
    if rank in {0.0, 100.0}:
        return f", the {'highest' if rank else 'lowest'} of the year"
    regime, less = teller.tag("volatility.regime"), teller.tag("volatility.percentile_252")
    return f", which is {regime} for it: on {less} of the sessions of the year it was less"


def _losses(teller: Teller) -> list[str]:
    told = []
    if teller.has("risk.var", "risk.cvar"):
        sure, year = teller.tag("setting.confidence"), teller.tag("setting.year")
        told.append(
            f"The value at risk of a session is {teller.tag('risk.var')}: in {sure} of the last {year} sessions no more was lost. "
            f"In the rest the mean loss beyond it was {teller.tag('risk.cvar')}."
        )
    if teller.has("risk.drawdown"):
        now = ""
        depth = teller.number("risk.drawdown_now") if teller.has("risk.drawdown_now") else 0.0
        if depth < 0:
            is_deepest = depth == teller.number("risk.drawdown")
            still = f"; the newest close stands at a drawdown of {teller.tag('risk.drawdown_now')}"
            now = ", reached at the newest close" if is_deepest else still
        told.append(f"The deepest fall of that year was a drawdown of {teller.tag('risk.drawdown')}{now}.")
    return told


def _beside(teller: Teller) -> list[str]:
    told = []
    if teller.has("risk.beta"):
        index, beta = teller.tag("risk.index"), teller.tag("risk.beta")
        told.append(f"Against {index} its beta is {beta}, at a correlation of {teller.tag('risk.correlation')}.")
    parts = []
    if teller.has("risk.sharpe"):
        parts.append(f"the Sharpe ratio was {teller.tag('risk.sharpe')}, with no interest set against it,")
    if teller.has("risk.downside"):
        parts.append(f"the downside deviation was {teller.tag('risk.downside')}")
    if parts:
        told.append(f"Over the year {joined(parts)}.")
    return told
