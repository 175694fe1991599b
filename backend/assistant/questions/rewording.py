"""Turns of phrase put as the words that the grammar knows, before anything is read of a question."""

import re
from collections.abc import Callable
from typing import Final

from backend.assistant.questions.plan import MONTHS, WEEKDAYS

# The hours of days, the days of months: what comes again and again is asked about, and no single one of them.
_AGAIN: Final = r"(?:hour|minute|session|day|week|month|quarter|time)s? of (?:the |a |each |every )?(?:day|week|month|quarter|year)"
_AVERAGES: Final = r"(?:(?:simple|exponential|weighted) )?(?:moving averages?|averages?|ma|sma|ema|wma|dma)"
_OTHER_AVERAGE: Final = rf"(?:but|and|yet|while|or) (?:[a-z']+ ){{0,5}}\d+ (?:day|week|month|bar) ({_AVERAGES})\b"

# A price, and no percent or points that it moves by.
_LEVEL: Final = r"\d[\d.]*(?! ?(?:%|points?\b|bars?\b|days?\b|weeks?\b|months?\b|years?\b)|[\w.])"
_FALL: Final = (
    r"(?:falls?|fell|fallen|falling|drop(?:s|ped)?|dip(?:s|ped)?|sinks?|sank|decline[sd]?|slides?|slid|crash(?:es|ed)?|plunge[sd]?)"
)
_RISE: Final = r"(?:rises?|rose|risen|rising|climb(?:s|ed)?|jump(?:s|ed)?|rall(?:y|ied|ies)|surge[sd]?)"
_SIDE: Final = r"up|down|green|red|winning|losing|positive|negative"
_QUOTE: Final = r"(?:close|open|closing|opening|high|low)"
_CLOSE_BEFORE: Final = r"(?:the |its )?(?:previous|prior|last) (?:day's |session's )?close\b"
_SHARES: Final = r"\d[\d.]* (?:shares|contracts)\b"
_RANKED: Final = rf"(?:(?:day|week|month|quarter|year|{'|'.join((*WEEKDAYS, *MONTHS))})s?)"
_PERIOD: Final = r"(?:the )?(?:year )?(?:[a-z]+\.?,? )?(?:1[89]|20)\d\d\b|(?:this|last|the previous) (?:week|month|quarter|year)\b"


def _extremes_of(found: re.Match[str]) -> str:
    """One thing that is asked, as the highest and the lowest close; what differs stays as it is."""
    if (found[1], found[2]) == ("high", "low"):
        return "extremes"
    return f"extremes {found[1]}" if found[1] == found[2] else found[0]


def _one_word(found: re.Match[str]) -> str:
    """A word that is not understood, in the place of words that may be left out."""
    return found[0].replace(" ", "_")


def _season(found: re.Match[str]) -> str:
    """Which one is best in general, and not which single one was."""
    return f"{found[2]} {'weekday' if found[1] == 'day' else 'calendar month'}"


_SYNONYMS: Final[tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]] = (
    (r"\b(januar|februar)ies\b", r"\1ys"),
    (r"\bmarches\b", "marchs"),
    (r"\bdays? of (?:the |a |each )?week\b", "weekday"),
    (r"\b(?:calendar )?months? of (?:the |a |each )?year\b", "calendar month"),
    (rf"\b{_AGAIN}\b", _one_word),
    (rf"\b(\d+) (day|week|month|bar) (?={_OTHER_AVERAGE})", r"\1 \2 \3 "),
    (r"\bhighest (high|close|closing price|price|volume) and (?:the |its )?lowest (low|\1)\b", _extremes_of),
    (r"\b(?:highest and (?:the )?lowest|lowest and (?:the )?highest|max(?:imum)? and min(?:imum)?)\b", "extremes"),
    (r"\bgolden cross(?:es)?\b", "sma(50) crosses above sma(200)"),
    (r"\bdeath cross(?:es)?\b", "sma(50) crosses below sma(200)"),
    (r"\boverbought\b", "rsi(14) above 70"),
    (r"\boversold\b", "rsi(14) below 30"),
    (r"\b(?:hit|reach(?:ed)?|set|make|made) (?:its|the|an) all time (high|low)\b", r"\1est adjusted \1"),
    (r"\bhow much volume\b", "total volume"),
    (r"\b(?:each|all|both) of (?:the )?(?=@x)", ""),
    (r"\b(what|when|how|which|who)'s\b", r"\1 is"),
    (r"\b(?:which|what) (day|month) is (?:the |usually |typically |normally )?(best|worst)\b", _season),
    (r"\b(?:which|what) (day|week|month|quarter|year)\b(.*)\b(best|worst)\b", r"\3 \1 \2"),
    (rf"\btop (?=(?:\d+ )?{_RANKED}\b)", "best "),
    (rf"\bbottom (?=(?:\d+ )?{_RANKED}\b)", "worst "),
    (r"\b(best|worst) (\d+) (?=(?:days|weeks|months|quarters|years)\b)", r"\2 \1 "),
    (rf"\b{_FALL} (?:back )?(?:below|under) (?={_LEVEL})", "crosses below "),
    (rf"\b{_RISE} (?:back )?above (?={_LEVEL})", "crosses above "),
    (rf"\btrade[sd]? (?:above|over) (?={_LEVEL})(?!{_SHARES})", "high above "),
    (rf"\btrade[sd]? (?:below|under) (?={_LEVEL})(?!{_SHARES})", "low below "),
    (rf"\bwhen\b(?!.*\b(?:first|last|latest|recently)\b)(?=.*\breach(?:es|ed)? {_LEVEL})", "when first"),
    (rf"\breach(?:es|ed)? (?={_LEVEL})", "high at least "),
    (r"\b(higher|lower) than (?:on )?(?:the |its )?(?:day before|(?:previous|prior) (?:day|session|close)(?:'s close)?)\b", r"\1"),
    (rf"\b(how many|number of|% of|share of) ({_SIDE}) (days|weeks|months|quarters|years)\b", r"\1 \3 \2"),
    (rf"\bfirst (?={_QUOTE} (?:price )?of @x[a-z] (?:in|of|on) )(?!.*\b(?:above|below|over|under|than)\b)", "first value "),
    (rf"\bopen(?:ed|s)? (?:above|higher than) {_CLOSE_BEFORE}", "gap() above 0"),
    (rf"\bopen(?:ed|s)? (?:below|lower than) {_CLOSE_BEFORE}", "gap() below 0"),
    (rf"\b(?:at|on) (?:the )?(?:very )?(?:start|beginning|first (?:trading )?day) of (?={_PERIOD})", "first value in "),
    (rf"\b(?:at|on) (?:the )?(?:very )?(?:end|last (?:trading )?day) of (?={_PERIOD})", "in "),
)


def reworded(line: str) -> str:
    """A plain question with what can be said in other words said so."""
    for pattern, words in _SYNONYMS:
        line = re.sub(pattern, words, line)
    return line
