"""Which instrument and which interval a table holds, and in which time zone: guesses, each with its reason."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.domain.bars import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, BarSpec, Int64s
from backend.domain.instruments import US_STOCK, Instrument, InstrumentId, InstrumentKind
from backend.errors import InvalidInput
from backend.market.calendars import ALWAYS, venue
from backend.market.importers.file_names import NameGuess
from backend.market.importers.market_names import COINS, CRYPTO_QUOTES, CURRENCIES, FIAT, INDICES, SUFFIXES
from backend.market.importers.zones import clock_words

LOCAL_VENUE: Final = "LOCAL"
"""The venue of an instrument of which nothing else is known; it trades around the clock."""
CRYPTO_VENUE: Final = "CRYPTO"

_STABLE: Final = {"USDT", "USDC", "BUSD", "FDUSD"}
_CODE_CHARS: Final = re.compile(r"[^A-Z0-9 ./:^_=+-]")


@dataclass(frozen=True, slots=True)
class InstrumentGuess:
    """An instrument and why it is taken to be this one."""

    instrument: Instrument
    reason: str
    is_sure: bool


def guess_instrument(name: NameGuess, layout: str, origin: str) -> InstrumentGuess | None:
    """The instrument that a code as written stands for; None where there is none.

    origin : where the code was found, in words
    """
    if not name.code:
        return None
    code = name.code.strip().upper().replace("%5E", "^")
    if code.startswith("^") or (name.venue in {None, "INDEX"} and code in INDICES):
        return _index(code.lstrip("^"), origin)
    pair = _pair_of(code)
    if pair is not None:
        return _paired(*pair, name.venue or ("BINANCE" if layout == "Binance klines" else None), origin)
    if name.venue is not None:
        return _listed(code, name.venue, f"{origin} names the venue")
    return _by_suffix(code, origin)


def _listed(code: str, at: str, reason: str) -> InstrumentGuess | None:
    clean = _clean(code)
    return InstrumentGuess(make_instrument(InstrumentId(clean, at)), reason, is_sure=True) if clean else None


def _by_suffix(code: str, origin: str) -> InstrumentGuess | None:
    """BMW.DE, CL=F, and codes that tell nothing more."""
    if code.endswith("=F"):
        return _made(code[:-2], LOCAL_VENUE, InstrumentKind.FUTURE, f"{origin} names a future")
    stem, dot, suffix = code.rpartition(".")
    if dot and SUFFIXES.get(suffix):
        return _listed(stem, SUFFIXES[suffix], f"{origin} ends in .{suffix}")
    clean = _clean(stem if dot and suffix in SUFFIXES else code)
    if not clean:
        return None
    made = make_instrument(InstrumentId(clean, LOCAL_VENUE))
    return InstrumentGuess(made, f"{origin}; its venue is not known, so it trades around the clock", is_sure=False)


def _clean(code: str) -> str:
    return _CODE_CHARS.sub("", code.upper()).strip(" ./:^_=+-")[:32]


def _made(code: str, venue_code: str, kind: InstrumentKind, reason: str) -> InstrumentGuess | None:
    clean = _clean(code)
    return InstrumentGuess(make_instrument(InstrumentId(clean, venue_code), kind=kind), reason, is_sure=False) if clean else None


def _index(code: str, origin: str) -> InstrumentGuess | None:
    known = INDICES.get(code)
    if known is None:
        return _made(code, "INDEX", InstrumentKind.INDEX, f"{origin} names an index")
    made = make_instrument(InstrumentId(known[0], "INDEX"), kind=InstrumentKind.INDEX, name=known[1])
    return InstrumentGuess(made, f"{origin} names this index", is_sure=True)


def _pair_of(code: str) -> tuple[str, str] | None:
    """Base and quote of EURUSD, EUR/USD, BTC-USD, BTCUSDT, EURUSD=X; None where a code is no pair."""
    bare = code.removesuffix("=X").removesuffix(".P").removesuffix("PERP").strip(".")
    for mark in ("/", "-", "_", ":"):
        base, found, quote = bare.partition(mark)
        if found and base in COINS | FIAT and quote in {*CRYPTO_QUOTES, *FIAT}:
            return base, quote
    if len(bare) == 6 and bare[:3] in FIAT and bare[3:] in FIAT:
        return bare[:3], bare[3:]
    for quote in CRYPTO_QUOTES:
        base = bare.removesuffix(quote)
        if base != bare and (
            base in COINS or (quote in {"USDT", "USDC", "BUSD", "FDUSD"} and 2 <= len(base) <= 10 and base.isalnum())
        ):
            return base, quote
    return None


def _paired(base: str, quote: str, venue_code: str | None, origin: str) -> InstrumentGuess:
    if base in FIAT and quote in FIAT:
        made = make_instrument(InstrumentId(base + quote, "FX"), kind=InstrumentKind.FOREX, currency=quote, name=f"{base}/{quote}")
        return InstrumentGuess(made, f"{origin} names two currencies", is_sure=True)
    at = venue_code if venue_code not in {None, "FX", "INDEX"} else None
    made = make_instrument(
        InstrumentId(base + quote, at or CRYPTO_VENUE), kind=InstrumentKind.CRYPTO, currency=quote, name=f"{base}/{quote}"
    )
    return InstrumentGuess(made, f"{origin} names a coin and its currency", is_sure=at is not None)


def make_instrument(
    id_: InstrumentId, *, kind: InstrumentKind | None = None, currency: str | None = None, name: str | None = None
) -> Instrument:
    """A new instrument with what its venue tells."""
    at = venue(id_.venue)
    pair = _pair_of(id_.code)
    if kind is None:
        kind = _kind_of(id_, pair)
    if currency is None:
        currency = pair[1] if pair and kind in {InstrumentKind.FOREX, InstrumentKind.CRYPTO} else CURRENCIES.get(id_.venue, "USD")
    calendar = ALWAYS if kind is InstrumentKind.CRYPTO else at.calendar
    in_cents = at.calendar == "XNYS" and currency == "USD" and kind in {InstrumentKind.STOCK, InstrumentKind.FUND}
    return Instrument(id_, name or id_.code, kind, currency, calendar, at.timezone, US_STOCK if in_cents else ())


def _kind_of(id_: InstrumentId, pair: tuple[str, str] | None) -> InstrumentKind:
    by_venue = {
        "FX": InstrumentKind.FOREX,
        "INDEX": InstrumentKind.INDEX,
        "FRED": InstrumentKind.RATE,
        **dict.fromkeys(("BINANCE", "COINBASE", "KRAKEN", "BITSTAMP", "BYBIT", "OKX", CRYPTO_VENUE), InstrumentKind.CRYPTO),
        **dict.fromkeys(("XCME", "XCBT", "XNYM", "XCEC", "XEUR"), InstrumentKind.FUTURE),
    }
    if pair is not None and id_.venue == LOCAL_VENUE:
        return InstrumentKind.FOREX if pair[0] in FIAT and pair[1] in FIAT else InstrumentKind.CRYPTO
    return by_venue.get(id_.venue, InstrumentKind.STOCK)


@dataclass(frozen=True, slots=True)
class SpecGuess:
    """An interval and why; None where nothing tells."""

    spec: BarSpec | None
    reason: str
    is_sure: bool = True


def guess_spec(times_ns: Int64s, named: BarSpec | None, origin: str) -> SpecGuess:
    """The interval by the spacing of rows (ns, in file order), and by a name where that agrees or rows are too few.

    A file of gaps is not mistaken: the step that comes most often counts.
    """
    steps = np.abs(np.diff(np.unique(times_ns)))
    steps = steps[steps > 0]
    if not len(steps):
        return SpecGuess(named, f"{origin} says so" if named else "one row tells no interval")
    spaced = _spec_of_steps(steps)
    if spaced is None:
        return SpecGuess(named, f"{origin} says so" if named else "the rows are unevenly spaced", is_sure=False)
    share = Counter(steps.tolist()).most_common(1)[0][1] / len(steps)
    words = f"{share:.0%} of the rows follow each other so" if share > 0.2 else "the rows are spaced so"
    if named is None or named == spaced:
        return SpecGuess(spaced, words if named is None else f"{words}, and {origin} says so")
    return SpecGuess(spaced, f"{words}, though {origin} says {named}", is_sure=False)


def _spec_of_steps(steps: Int64s) -> BarSpec | None:
    counts = Counter(steps.tolist())
    most = max(counts.values())
    step = min(step for step, count in counts.items() if count == most)
    median = float(np.median(steps))
    if step < SECOND_NS:
        return None
    if step >= 20 * DAY_NS or median >= 20 * DAY_NS:
        months = max(1, round(median / (30.44 * DAY_NS)))
        return BarSpec.parse(f"{months}mo")
    if step % (7 * DAY_NS) == 0:
        return BarSpec.parse(f"{step // (7 * DAY_NS)}w")
    if step % DAY_NS == 0 or (step > 20 * HOUR_NS and abs(step - DAY_NS) <= HOUR_NS):
        return BarSpec.parse(f"{max(1, round(step / DAY_NS))}d")
    for unit_ns, unit in ((HOUR_NS, "h"), (MINUTE_NS, "m"), (SECOND_NS, "s")):
        if step % unit_ns == 0:
            return BarSpec.parse(f"{step // unit_ns}{unit}")
    return None


@dataclass(frozen=True, slots=True)
class ZoneGuess:
    """A time zone and why."""

    timezone: str
    reason: str
    is_sure: bool = True


def guess_zone(instrument: Instrument, wall_ns: Int64s, spec: BarSpec | None, hints: Sequence[str]) -> ZoneGuess:
    """The zone of times written without one; ``hints`` are column and file names that may tell."""
    for hint in hints:
        if re.search(r"\b(utc|gmt)\b|gmt[ _]?time|utc[ _]?time|[ _(]utc\b", hint, re.IGNORECASE):
            return ZoneGuess("UTC", f"{hint.strip()!r} says so")
    if spec is not None and spec.is_dated:
        return ZoneGuess(instrument.timezone, "dates are those of the instrument's own market")
    if instrument.calendar in {ALWAYS, "FX"}:
        return ZoneGuess("UTC", "no zone is written; such prices are usually told in UTC", is_sure=False)
    clocks = wall_ns % DAY_NS
    if len(clocks):
        first, last = int(clocks.min()), int(clocks.max())
        if first >= 4 * HOUR_NS and last <= 20 * HOUR_NS:
            words = f"rows run from {clock_words(first)} to {clock_words(last)}, the hours of its market"
            return ZoneGuess(instrument.timezone, words, is_sure=False)
    return ZoneGuess("UTC", "rows lie outside the day of its market when read in its own zone", is_sure=False)


def parse_kind(text: str) -> InstrumentKind:
    """A kind by its name. Raises InvalidInput."""
    try:
        return InstrumentKind(text.strip().lower())
    except ValueError as e:
        raise InvalidInput(
            f"{text!r} is no kind of instrument.", hint=f"Kinds are {', '.join(InstrumentKind)}.", code="import.kind"
        ) from e
