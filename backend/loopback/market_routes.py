"""Quotes and history over HTTP."""

import asyncio
import math
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.alerts.founding import format_moment
from backend.domain.bars import BarArrays, BarSpec, Series
from backend.errors import InvalidInput, TriiError
from backend.loopback.failures import explain
from backend.loopback.parts import ApiParts
from backend.loopback.quotes import Quotes
from backend.loopback.reading import (
    check_known,
    make_cursor,
    parse_cursor,
    parse_flag,
    parse_limit,
    parse_symbols,
    parse_time,
    read_fields,
)

BATCH_MAX: Final = 200
PAGE_BARS: Final = 500
PAGE_BARS_MAX: Final = 5000
_AT_ONCE: Final = 8
_COLUMNS: Final = ("open", "high", "low", "close", "volume")


def answer(value: object, status: int = 200) -> Response:
    """``value`` as JSON; NaN is null."""
    return Response(msgspec.json.encode(value), status, media_type="application/json", headers={"Cache-Control": "no-store"})


@dataclass(frozen=True, slots=True)
class MarketRoutes:
    """What scripts ask of the market."""

    parts: ApiParts
    quotes: Quotes

    def routes(self) -> list[Route]:
        """Each under both of its paths."""
        return [
            Route("/api/v1/market/quote/{symbol}", self.quote, methods=["GET"]),
            Route("/api/v1/quotes/{symbol}", self.quote, methods=["GET"]),
            Route("/api/v1/market/batch-quotes", self.batch, methods=["POST"]),
            Route("/api/v1/market/history/{symbol}", self.history, methods=["GET"]),
            Route("/api/v1/history/{symbol}", self.history, methods=["GET"]),
        ]

    async def quote(self, request: Request) -> Response:
        """The newest figures of one instrument."""
        instrument = await self.parts.catalog.resolve(request.path_params["symbol"])
        return answer(await self.quotes.get(instrument.id))

    async def batch(self, request: Request) -> Response:
        """The newest figures of many; each that cannot be had says why and spoils no other."""
        given = await read_fields(request)
        check_known(given, "symbols")
        symbols = parse_symbols(given, BATCH_MAX)
        room = asyncio.Semaphore(_AT_ONCE)

        async def one(symbol: str) -> dict[str, Any]:
            async with room:
                try:
                    instrument = await self.parts.catalog.resolve(symbol)
                    return {"quote": await self.quotes.get(instrument.id)}
                except TriiError as error:
                    return explain(error)

        found = await asyncio.gather(*(one(symbol) for symbol in symbols))
        named = tuple(zip(symbols, found, strict=True))
        quotes = [each["quote"] for _, each in named if "quote" in each]
        errors = [{"symbol": symbol, **each} for symbol, each in named if "error" in each]
        return answer({"quotes": quotes, "errors": errors})

    async def history(self, request: Request) -> Response:
        """A page of bars, oldest first, as columns."""
        given = request.query_params
        check_known(given, "interval", "from", "to", "adjusted", "limit", "cursor")
        instrument = await self.parts.catalog.resolve(request.path_params["symbol"])
        series = Series(instrument.id, BarSpec.parse(given.get("interval", "1d")))
        is_adjusted, limit = parse_flag(given, "adjusted"), parse_limit(given, PAGE_BARS, PAGE_BARS_MAX)
        from_ns, to_ns, place = parse_time(given, "from"), parse_time(given, "to"), parse_cursor(given, int)
        if from_ns is not None and to_ns is not None and from_ns > to_ns:
            raise InvalidInput("from lies after to.", hint="Swap them.", code="api.time")
        start_ns = from_ns if place is None else max(place[0], from_ns if from_ns is not None else place[0])
        bars = await self._bars(series, (start_ns, to_ns), is_adjusted=is_adjusted, n_wanted=limit + 1)
        body = {"symbol": str(series.instrument), "interval": str(series.spec), "adjusted": is_adjusted}
        cursor = make_cursor(int(bars.event_ns[limit])) if len(bars) > limit else None
        return await asyncio.to_thread(_page, body, bars[:limit], cursor)

    async def _bars(self, series: Series, span: tuple[int | None, int | None], *, is_adjusted: bool, n_wanted: int) -> BarArrays:
        """At least the first ``n_wanted`` bars of ``span`` where there are so many, without reading all of a long history."""
        start_ns, to_ns = span
        step_ns, history = series.spec.duration_ns, self.parts.history
        if start_ns is not None and step_ns is not None:
            width_ns, end_ns = 4 * n_wanted * step_ns, self.parts.clock.now_ns() if to_ns is None else to_ns
            while start_ns + width_ns < end_ns:
                bars = await history.bars(series, from_ns=start_ns, to_ns=start_ns + width_ns, adjusted=is_adjusted)
                if len(bars) >= n_wanted:
                    return bars
                width_ns *= 8
        return await history.bars(series, from_ns=start_ns, to_ns=to_ns, adjusted=is_adjusted)


def _page(body: dict[str, Any], bars: BarArrays, cursor: str | None) -> Response:
    columns: dict[str, list[Any]] = {"timestamp": [format_moment(at_ns) for at_ns in bars.event_ns.tolist()]}
    for name in _COLUMNS:
        columns[name] = [value if math.isfinite(value) else None for value in getattr(bars, name).tolist()]
    return answer({**body, "bars": columns, "next_cursor": cursor})
