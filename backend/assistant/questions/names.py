"""Instruments as people call them: ids, codes, names and nicknames, found in a question whatever stands around them."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from backend.domain.instruments import Instrument, InstrumentId, InstrumentKind
from backend.errors import InvalidInput
from backend.market.instrument_index import plain

WORDS_MAX: Final = 6
NICKNAMES: Final = {
    "SPX": ("sp500", "s&p500", "s&p 500", "s&p", "sp 500", "s and p 500", "s and p"),
    "COMP": ("nasdaq", "nasdaq composite", "nasdaq index"),
    "NDX": ("nasdaq 100", "nasdaq100"),
    "DJI": ("dow", "dow jones", "dow jones industrial average", "djia"),
    "RUT": ("russell", "russell 2000"),
    "VIX": ("volatility index", "fear index"),
    "WTI": ("wti crude", "crude", "crude oil", "oil", "oil price", "wti oil"),
    "AAPL": ("apple",),
    "MSFT": ("microsoft",),
    "GOOGL": ("google", "alphabet"),
    "GOOG": ("google", "alphabet"),
    "AMZN": ("amazon",),
    "META": ("facebook",),
    "NVDA": ("nvidia",),
    "TSLA": ("tesla",),
    "BTCUSDT": ("bitcoin", "btc"),
    "BTCUSD": ("bitcoin", "btc"),
    "ETHUSDT": ("ethereum", "ether", "eth"),
    "ETHUSD": ("ethereum", "ether", "eth"),
    "XAUUSD": ("gold",),
    "EURUSD": ("euro", "eur/usd", "euro dollar"),
}
# Words that questions are made of: a code or a name of these counts only in capitals.
_COMMON: Final = """
    a above after all an and any are as at average bar bars be below best between big by can change close compare count
    cross day days did do down drop ever fall far first for from gain gap had has have high higher highest how i if in
    is it its last list long longest loss low lower lowest many max me mean min month more most move my new now of off
    often on once one open or out over price range rise run say see share show since so sum that the this time to today
    total true two under up us value volume was week what when which who why with worst year you ema sma rsi macd atr
    adx obv vwap wma ma raw
"""
COMMON: Final = frozenset(_COMMON.split())
_ALL: Final = re.compile(
    r"\b(?:which|what) (?:of )?(?:the |all |stored )*(?:(stocks?|shares?)|(index(?:es)?|indices)|instruments?|symbols?|tickers?)\b"
)
_SUFFIX: Final = re.compile(
    r"[ ,]+(?:inc|incorporated|corp|corporation|company|co|ltd|limited|plc|ag|se|sa|nv|the|class [a-c]|common stock)\.?$"
)
_WORD: Final = re.compile(r"[^\s,;?!()\[\]\"]+")
_EDGES: Final = "'.:*"


@dataclass(frozen=True, slots=True)
class Mention:
    """A piece of a question that names instruments: ``text[start:end]``; several ``ids`` where it may be any of them."""

    start: int
    end: int
    ids: tuple[str, ...]


class Names:
    """How all instruments and watchlists of an installation may be called. Made once a catalog, used for many questions."""

    def __init__(self, instruments: Iterable[Instrument], watchlists: Iterable[str] = ()) -> None:
        self.watchlists = tuple(watchlists)
        self._ids: dict[str, set[str]] = defaultdict(set)
        self._codes: dict[str, set[str]] = defaultdict(set)
        self._kinds: dict[str, InstrumentKind] = {}
        for instrument in instruments:
            self._kinds[str(instrument.id)] = instrument.kind
            self._ids[plain(str(instrument.id))].add(str(instrument.id))
            self._codes[plain(instrument.id.code)].add(str(instrument.id))
            for name in {*_short_names(instrument.name), *NICKNAMES.get(instrument.id.code, ())}:
                self._codes[name].add(str(instrument.id))

    def all_asked(self, line: str) -> tuple[str, ...]:
        """The ids of all instruments, or of all of a kind, where a plain question chooses among these: "which stock rose most"."""
        match = _ALL.search(line)
        if match is None:
            return ()
        kind = InstrumentKind.STOCK if match[1] else InstrumentKind.INDEX if match[2] else None
        return tuple(sorted(one for one, own in self._kinds.items() if kind in {None, own}))

    def mentions(self, text: str) -> tuple[Mention, ...]:
        """The instruments that a text names, in its order; the longest name counts where one holds another."""
        words = [_trimmed(text, found.start(), found.end()) for found in _WORD.finditer(text)]
        shouts = not any(c.islower() for c in text)
        found: list[Mention] = []
        at = 0
        while at < len(words):
            length, ids = self._longest(text, words[at : at + WORDS_MAX], shouts=shouts)
            if length:
                found.append(Mention(words[at][0], words[at + length - 1][1], ids))
            at += length or 1
        return tuple(found)

    def ids_of(self, name: str) -> tuple[str, ...]:
        """The ids that a name, a code or an id stands for, sorted."""
        key = plain(name)
        return tuple(sorted(self._ids.get(key) or self._codes.get(key) or ()))

    def _longest(self, text: str, words: list[tuple[int, int]], *, shouts: bool) -> tuple[int, tuple[str, ...]]:
        for length in range(len(words), 0, -1):
            start, end = words[0][0], words[length - 1][1]
            written = " ".join(text[start:end].split())
            ids = self.ids_of(written)
            is_common = plain(written) in COMMON
            if ids and (not is_common or (written.isupper() and not shouts and len(written) > 1)):
                return length, ids
        return 0, ()


def one_of(ids: tuple[str, ...]) -> str:
    """The one id that is meant. Raises InvalidInput where it may be several."""
    if len(ids) > 1:
        raise InvalidInput(
            f"Which one is meant: {', '.join(ids[:-1])} or {ids[-1]}?", hint="Write it in full.", code="question.ambiguous"
        )
    return ids[0]


def is_id(text: str) -> bool:
    """Whether a text has the form of an instrument's id in capitals."""
    code, dot, venue = text.rpartition(".")
    return bool(dot and code and venue.isupper() and code == code.upper()) and str(InstrumentId.parse(text)) == text


def _short_names(name: str) -> set[str]:
    """A name, its part before a comma, and both without the words that companies add."""
    whole = plain(name).strip()
    shorts = {whole, whole.partition(",")[0].strip()}
    for short in tuple(shorts):
        bare = short
        while (shorter := _SUFFIX.sub("", bare).strip()) != bare:
            bare = shorter
        shorts.add(bare)
    return {short for short in shorts if len(short) > 1}


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A word without marks at its edges and without a possessive."""
    while start < end and text[start] in _EDGES + "$":
        start += 1
    while end > start and text[end - 1] in _EDGES:
        end -= 1
    for possessive in ("'s", "\u2019s", "\u2019"):
        if text[start:end].lower().endswith(possessive):
            end -= len(possessive)
    return start, end
