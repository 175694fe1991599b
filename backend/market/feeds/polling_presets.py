"""Public sources whose answers have kept their form for years, as ready options of a polling feed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

PRESETS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        # https://docs.cdp.coinbase.com/exchange/reference/exchangerestapi_getproductticker, symbols as BTC-USD
        "coinbase": {
            "url": "https://api.exchange.coinbase.com/products/{symbol}/ticker",
            "price": "price",
            "bid": "bid",
            "ask": "ask",
            "time": "time",
            "time_unit": "iso",
        },
        # https://www.bitstamp.net/api/, symbols as btcusd
        "bitstamp": {
            "url": "https://www.bitstamp.net/api/v2/ticker/{symbol}/",
            "price": "last",
            "bid": "bid",
            "ask": "ask",
            "time": "timestamp",
            "time_unit": "s",
        },
        # https://finnhub.io/docs/api/quote, with a key; symbols as AAPL
        "finnhub": {
            "url": "https://finnhub.io/api/v1/quote?symbol={symbol}",
            "headers": "X-Finnhub-Token: {secret:key}",
            "price": "c",
            "time": "t",
            "time_unit": "s",
            "interval_s": "10",
        },
    }
)
