"""Names of venues, currencies, coins and indices as exports write them."""

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EXCHANGES: Final = {
    "NASDAQ": "XNAS",
    "NYSE": "XNYS",
    "AMEX": "XASE",
    "ARCA": "ARCX",
    "LSE": "XLON",
    "XETR": "XETR",
    "FWB": "XFRA",
    "EURONEXT": "XPAR",
    "MIL": "XMIL",
    "BME": "XMAD",
    "SIX": "XSWX",
    "TSX": "XTSE",
    "HKEX": "XHKG",
    "TSE": "XTKS",
    "ASX": "XASX",
    "NSE": "XNSE",
    "BSE": "XBOM",
    "SSE": "XSHG",
    "SZSE": "XSHE",
    "KRX": "XKRX",
    "BINANCE": "BINANCE",
    "COINBASE": "COINBASE",
    "KRAKEN": "KRAKEN",
    "BITSTAMP": "BITSTAMP",
    "BYBIT": "BYBIT",
    "OKX": "OKX",
    "FX": "FX",
    "OANDA": "FX",
    "FOREXCOM": "FX",
    "FXCM": "FX",
    "PEPPERSTONE": "FX",
    "FX_IDC": "FX",
    "TVC": "INDEX",
    "SP": "INDEX",
    "DJ": "INDEX",
    "CBOE": "INDEX",
    "INDEX": "INDEX",
    "FRED": "FRED",
    "NYMEX": "XNYM",
    "COMEX": "XCEC",
    "CME": "XCME",
    "CBOT": "XCBT",
    "EUREX": "XEUR",
}
"""Venues by the names that chart programs put before a code."""

SUFFIXES: Final = {
    "US": "",
    "DE": "XETR",
    "F": "XFRA",
    "L": "XLON",
    "UK": "XLON",
    "PA": "XPAR",
    "FR": "XPAR",
    "AS": "XAMS",
    "BR": "XBRU",
    "LS": "XLIS",
    "MI": "XMIL",
    "MC": "XMAD",
    "SW": "XSWX",
    "VI": "XWBO",
    "HE": "XHEL",
    "ST": "XSTO",
    "CO": "XCSE",
    "OL": "XOSL",
    "WA": "XWAR",
    "PL": "XWAR",
    "IR": "XDUB",
    "IS": "XIST",
    "TA": "XTAE",
    "JO": "XJSE",
    "TO": "XTSE",
    "SA": "BVMF",
    "MX": "XMEX",
    "HK": "XHKG",
    "T": "XTKS",
    "JP": "XTKS",
    "KS": "XKRX",
    "SS": "XSHG",
    "SZ": "XSHE",
    "TW": "XTAI",
    "SI": "XSES",
    "AX": "XASX",
    "NZ": "XNZE",
    "NS": "XNSE",
    "BO": "XBOM",
}
"""Venues by the suffixes that quote services put behind a code."""


GENERIC: Final = _words(
    "dat ascii bid ask data download downloads export exported prices price history historical hist ohlc ohlcv bars bar "
    "quotes quote chart table tabelle sheet sheet1 tabelle1 feuil1 hoja1 blad1 book book1 mappe1 results "
    "result output out test sample file untitled new stock stocks market marketdata timeseries series "
    "values candles klines"
)
"""File names that name no instrument."""

FIAT: Final = _words(
    "USD EUR GBP JPY CHF AUD CAD NZD SEK NOK DKK PLN CZK HUF TRY ZAR MXN BRL CNH CNY HKD SGD INR KRW RUB "
    "ILS THB RON XAU XAG XPT XPD"
)
"""Currencies and metals quoted like them."""

COINS: Final = _words(
    "BTC ETH BNB SOL XRP ADA DOGE DOT LTC BCH AVAX LINK MATIC POL TRX SHIB UNI ATOM XLM ETC XMR NEAR FIL "
    "APT ARB OP SUI PEPE TON XBT"
)
"""Coins that are known without a telling quote currency."""

CRYPTO_QUOTES: Final = ("USDT", "USDC", "BUSD", "FDUSD", "TUSD", "DAI", "USD", "EUR", "BTC", "ETH", "BNB")

INDICES: Final = {
    "GSPC": ("SPX", "S&P 500"),
    "SPX": ("SPX", "S&P 500"),
    "SP500": ("SPX", "S&P 500"),
    "IXIC": ("COMP", "NASDAQ Composite"),
    "COMP": ("COMP", "NASDAQ Composite"),
    "DJI": ("DJI", "Dow Jones Industrial Average"),
    "NDX": ("NDX", "NASDAQ 100"),
    "RUT": ("RUT", "Russell 2000"),
    "VIX": ("VIX", "Cboe Volatility Index"),
    "GDAXI": ("DAX", "DAX"),
    "FTSE": ("FTSE", "FTSE 100"),
    "N225": ("N225", "Nikkei 225"),
    "HSI": ("HSI", "Hang Seng"),
    "STOXX50E": ("SX5E", "EURO STOXX 50"),
}
CURRENCIES: Final = {
    **dict.fromkeys(("XETR", "XFRA", "XPAR", "XAMS", "XBRU", "XLIS", "XMIL", "XMAD", "XHEL", "XDUB", "XWBO", "XEUR"), "EUR"),
    "XLON": "GBP",
    "XSWX": "CHF",
    "XSTO": "SEK",
    "XCSE": "DKK",
    "XOSL": "NOK",
    "XWAR": "PLN",
    "XIST": "TRY",
    "XTAE": "ILS",
    "XTSE": "CAD",
    "BVMF": "BRL",
    "XMEX": "MXN",
    "XHKG": "HKD",
    "XTKS": "JPY",
    "XKRX": "KRW",
    "XSHG": "CNY",
    "XSHE": "CNY",
    "XTAI": "TWD",
    "XSES": "SGD",
    "XASX": "AUD",
    "XNZE": "NZD",
    "XNSE": "INR",
    "XBOM": "INR",
    "XJSE": "ZAR",
    "XSAU": "SAR",
}
