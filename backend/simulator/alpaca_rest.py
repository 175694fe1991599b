"""Alpaca's REST API for stocks over the simulated market: trades, quotes, bars and snapshots, page by page, behind keys."""

import base64
import binascii
import bisect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec

from backend.domain.bars import DAY_NS, MINUTE_NS, SECOND_NS
from backend.simulator.alpaca_text import NEW_YORK, Words, cut_of
from backend.simulator.answers import Answer, Call, json_answer
from backend.simulator.bar_table import Cut
from backend.simulator.book import Best
from backend.simulator.faults import Faults
from backend.simulator.market import Listing, VenueClock
from backend.simulator.stamps import parse_rfc3339

CALLS_MAX: Final = 200  # a minute
_ROWS: Final = 1000
_ROWS_MAX: Final = 10_000
_PATH: Final = re.compile(r"/v2/stocks/(?:(?P<code>[A-Z][A-Z.]{0,9})/)?(?P<kind>trades|quotes|bars|snapshots?)(?P<latest>/latest)?")
_DAYS: Final = Cut(DAY_NS, zone=NEW_YORK)


class QuoteRow(NamedTuple):
    """Best prices as they stood from ``event_ns`` on."""

    event_ns: int
    best: Best


@dataclass(frozen=True, slots=True)
class Keys:
    """The one pair of keys that opens the account."""

    key: str
    secret: str
    faults: Faults

    def fit(self, key: Any, secret: Any) -> bool:
        """Whether these are the account's; never while keys are planned to be refused."""
        if key == self.key and secret == self.secret and not self.faults.is_key_refused:
            return True
        self.faults.counts["key refused"] += 1
        return False


class _Refused(Exception):
    """A request that the API refuses, in its words."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


class _Rows(NamedTuple):
    """Rows of one instrument that can be had in slices."""

    n: int
    cut: Callable[[int, int], list[str]]


class AlpacaRest:
    """Answers ``/v2/stocks/...``; ``calls_max`` is how often it may be asked in a minute."""

    def __init__(
        self,
        clock: VenueClock,
        listings: Mapping[str, Listing],
        words: Mapping[str, Words],
        quotes: Mapping[str, Sequence[QuoteRow]],
        keys: Keys,
    ) -> None:
        self.calls_max = CALLS_MAX
        self.keys = keys
        self._clock = clock
        self._listings = listings
        self._words = words
        self._quotes = quotes
        self._minute, self._n_calls = 0, 0

    def answer(self, call: Call) -> Answer:
        """The answer, with what is left of the minute's calls in its headers."""
        if not self.keys.fit(call.headers.get("APCA-API-KEY-ID"), call.headers.get("APCA-API-SECRET-KEY")):
            return json_answer({"message": "forbidden."}, 403)
        minute = self._clock.now_ns() // MINUTE_NS
        if minute != self._minute:
            self._minute, self._n_calls = minute, 0
        self._n_calls += 1
        if self._n_calls > self.calls_max:
            return self.too_many(429, (minute + 1) * 60 - self._clock.now_ns() // SECOND_NS)
        found = _PATH.fullmatch(call.path)
        if found is None:
            return json_answer({"message": "endpoint not found."}, 404, self._left())
        try:
            return json_answer(self._find(found, call.query), headers=self._left())
        except _Refused as e:
            return json_answer({"message": str(e)}, e.status, self._left())

    def too_many(self, status: int, retry_after_s: int) -> Answer:
        """The refusal of a request over the limit."""
        return json_answer({"message": "too many requests."}, status, self._left() | {"Retry-After": str(retry_after_s)})

    def _left(self) -> dict[str, str]:
        left = max(self.calls_max - self._n_calls, 0)
        reset = (self._minute + 1) * 60
        return {"X-RateLimit-Limit": str(self.calls_max), "X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": str(reset)}

    # --- parameters -------------------------------------------------------------------------------------------------

    def _find(self, found: re.Match[str], query: Mapping[str, str]) -> Any:
        code, kind = found["code"], found["kind"]
        if query.get("feed", "sip") not in ("sip", "iex", "otc", "boats"):
            raise _Refused(f"invalid feed: {query['feed']}")
        codes = [code] if code else [each for each in query.get("symbols", "").split(",") if each]
        if not codes:
            raise _Refused("symbols is required")
        if kind.startswith("snapshot"):
            if code is None:
                return {each: self._snapshot(each) for each in codes if each in self._listings}
            return {"symbol": code, **self._known(code, self._snapshot)}
        if found["latest"]:
            newest = {each: self._newest(each)[kind] for each in codes if each in self._listings}
            name = kind.removesuffix("s")
            return {"symbol": code, name: self._known(code, newest.__getitem__)} if code else {kind: newest}
        return self._pages(kind, codes, query, is_one=code is not None)

    def _known(self, code: str, find: Callable[[str], Any]) -> Any:
        if code not in self._listings:
            raise _Refused(f"no data found for {code}", 404)
        return find(code)

    def _range(self, query: Mapping[str, str]) -> tuple[int, int]:
        now_ns = self._clock.now_ns()
        start, end = (self._moment(query, name) for name in ("start", "end"))
        start_ns = _DAYS.start_of(now_ns) if start is None else start
        end_ns = now_ns if end is None else end
        if end_ns < start_ns:
            raise _Refused("end should not be before start")
        return start_ns, min(end_ns, now_ns)

    def _moment(self, query: Mapping[str, str], name: str) -> int | None:
        try:
            return parse_rfc3339(query[name]) if query.get(name) else None
        except ValueError as e:
            raise _Refused(
                f"Invalid format for parameter {name}: error parsing '{query[name]}' as RFC3339 or 2006-01-02 time"
            ) from e

    # --- pages ------------------------------------------------------------------------------------------------------

    def _pages(self, kind: str, codes: list[str], query: Mapping[str, str], *, is_one: bool) -> dict[str, Any]:
        """Rows of several instruments, one after the other, up to the limit; the token says where the next page begins."""
        text = query.get("limit", str(_ROWS))
        if not text.isdigit() or not 1 <= int(text) <= _ROWS_MAX:
            raise _Refused("invalid limit: must be between 1 and 10000")
        start_ns, end_ns = self._range(query)
        which, offset, end_ns = _parse_token(query["page_token"]) if query.get("page_token") else (0, 0, end_ns)
        is_newest_first, left, pages, token = query.get("sort") == "desc", int(text), {}, None
        for row, code in enumerate(codes[which:], which):
            rows = self._rows(kind, code, start_ns, end_ns, query)
            begin = offset if row == which else 0
            end = min(begin + left, rows.n)
            if begin < end:
                picked = rows.cut(rows.n - end, rows.n - begin)[::-1] if is_newest_first else rows.cut(begin, end)
                pages[code] = [_raw(each) for each in picked]
            left -= max(end - begin, 0)
            if end < rows.n or (left == 0 and row + 1 < len(codes)):
                token = _make_token(row, end, end_ns) if end < rows.n else _make_token(row + 1, 0, end_ns)
                break
        if is_one:
            return {kind: pages.get(codes[0]), "symbol": codes[0], "next_page_token": token}
        return {kind: pages, "next_page_token": token}

    def _rows(self, kind: str, code: str, start_ns: int, end_ns: int, query: Mapping[str, str]) -> _Rows:
        listing, words = self._listings.get(code), self._words.get(code)
        if kind == "bars":
            cut = cut_of(query.get("timeframe", ""))
            if cut is None:
                raise _Refused(f"invalid timeframe: {query.get('timeframe', '')}")
            found = listing.bars(cut, start_ns, end_ns + 1) if listing is not None else []
            bars = [bar for bar in found if bar.n_trades]
            return _Rows(len(bars), lambda low, high: [words.bar(bar) for bar in bars[low:high]] if words is not None else [])
        if listing is None or words is None:
            return _Rows(0, lambda _low, _high: [])
        if kind == "trades":
            tape, first = listing.tape, listing.tape.id_at(start_ns)
            n = tape.id_at(end_ns + 1) - first
            return _Rows(n, lambda low, high: words.trades(tape.between(first + low, first + high)))
        quotes = self._quotes[code]
        low_row = bisect.bisect_left(quotes, start_ns, key=attrgetter("event_ns"))
        high_row = bisect.bisect_right(quotes, end_ns, key=attrgetter("event_ns"))
        kept = [quotes[row] for row in range(low_row, high_row)]
        return _Rows(len(kept), lambda low, high: [words.quote(each.best, each.event_ns) for each in kept[low:high]])

    # --- now --------------------------------------------------------------------------------------------------------

    def _newest(self, code: str) -> dict[str, Any]:
        listing, words, now_ns = self._listings[code], self._words[code], self._clock.now_ns()
        trades = words.trades(listing.tape.between(listing.tape.next_id - 1, listing.tape.next_id))
        quotes = self._quotes[code]
        quote = quotes[-1] if quotes else QuoteRow(now_ns, listing.book.best)
        minute = listing.minutes.span(now_ns - 1, now_ns)
        return {
            "trades": _raw(trades[0]) if trades else None,
            "quotes": _raw(words.quote(quote.best, quote.event_ns)),
            "bars": _raw(words.bar(minute)),
        }

    def _snapshot(self, code: str) -> dict[str, Any]:
        listing, words, now_ns = self._listings[code], self._words[code], self._clock.now_ns()
        newest, today_ns = self._newest(code), _DAYS.start_of(self._clock.now_ns())
        days = listing.bars(_DAYS, _DAYS.start_of(today_ns - 1), now_ns + 1)
        return {
            "latestTrade": newest["trades"],
            "latestQuote": newest["quotes"],
            "minuteBar": newest["bars"],
            "dailyBar": _raw(words.bar(days[-1])) if days else None,
            "prevDailyBar": _raw(words.bar(days[-2])) if len(days) > 1 else None,
        }


def _raw(fields: str) -> msgspec.Raw:
    return msgspec.Raw(f"{{{fields}}}".encode())


def _make_token(which: int, offset: int, end_ns: int) -> str:
    return base64.urlsafe_b64encode(f"{which}|{offset}|{end_ns}".encode()).decode()


def _parse_token(token: str) -> tuple[int, int, int]:
    try:
        which, offset, end_ns = base64.urlsafe_b64decode(token).decode().split("|")
        return int(which), int(offset), int(end_ns)
    except (ValueError, binascii.Error) as e:
        raise _Refused("invalid page_token") from e
