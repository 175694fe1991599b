"""Turns of phrase put as the words that the grammar knows, before anything is read of a question."""

import re
from collections.abc import Callable
from typing import Final

# The hours of days, the days of months: what comes again and again is asked about, and no single one of them.
_AGAIN: Final = r"(?:hour|minute|session|day|week|month|quarter|time)s? of (?:the |a |each |every )?(?:day|week|month|quarter|year)"
_AVERAGES: Final = r"(?:(?:simple|exponential|weighted) )?(?:moving averages?|averages?|ma|sma|ema|wma|dma)"
_OTHER_AVERAGE: Final = rf"(?:but|and|yet|while|or) (?:[a-z']+ ){{0,5}}\d+ (?:day|week|month|bar) ({_AVERAGES})\b"


def _extremes_of(found: re.Match[str]) -> str:
    """One thing that is asked, as the highest and the lowest close; what differs stays as it is."""
    if (found[1], found[2]) == ("high", "low"):
        return "extremes"
    return f"extremes {found[1]}" if found[1] == found[2] else found[0]


def _one_word(found: re.Match[str]) -> str:
    """A word that is not understood, in the place of words that may be left out."""
    return found[0].replace(" ", "_")


_SYNONYMS: Final[tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...]] = (
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
    (r"\b(what|when|how|which|who)'s\b", r"\1 is"),
    (r"\b(?:which|what) (day|week|month|quarter|year)\b(.*)\b(best|worst)\b", r"\3 \1 \2"),
)


def reworded(line: str) -> str:
    """A plain question with what can be said in other words said so."""
    for pattern, words in _SYNONYMS:
        line = re.sub(pattern, words, line)
    return line
