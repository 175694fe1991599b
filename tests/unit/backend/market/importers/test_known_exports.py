"""Exports of common programs and services are recognised as they come: columns, times, instrument, interval."""

import json

import numpy as np
import pytest

from backend.errors import InvalidInput
from backend.market.importers import Choices
from backend.market.importers.plan import Role
from tests.fakes.importing import take_tables, take_text

METATRADER_5 = (
    "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
    "2020.01.02\t00:00:00\t1.12\t1.13\t1.11\t1.125\t57\t0\t3\n"
    "2020.01.02\t00:15:00\t1.125\t1.14\t1.12\t1.13\t61\t0\t3\n"
    "2020.01.02\t00:30:00\t1.13\t1.14\t1.12\t1.13\t62\t0\t3\n"
)
METATRADER_4 = (
    "2020.01.02,00:00,1.12,1.13,1.11,1.125,57\n2020.01.02,01:00,1.125,1.14,1.12,1.13,61\n2020.01.02,02:00,1.13,1.14,1.12,1.13,9\n"
)
TRADINGVIEW = (
    "time,open,high,low,close,Volume\n"
    "1577975400,296.24,300.6,295.19,300.35,140000000\n"
    "1578061800,297.15,300.58,296.5,297.43,146535512\n"
    "1578321000,293.79,299.96,292.75,299.8,118578576\n"
)
TRADINGVIEW_ISO = (
    "time,open,high,low,close,Volume\n"
    "2020-01-02T09:30:00-05:00,10,12,9,11,100\n"
    "2020-01-02T09:35:00-05:00,11,13,10,12,200\n"
    "2020-01-02T09:40:00-05:00,12,14,11,13,300\n"
)
KLINES_MS = "".join(f"{1577836800000 + i * 60000},1.0,2.0,0.5,1.5,{i}.5,{1577836859999 + i * 60000},10,5,1,1,0\n" for i in range(5))
KLINES_US = "".join(
    f"{1735689600000000 + i * 60000000},1.0,2.0,0.5,1.5,{i}.5,{1735689659999999 + i * 60000000},10,5,1,1,0\n" for i in range(5)
)
YAHOO = (
    "Date,Open,High,Low,Close,Adj Close,Volume\n"
    "2020-01-02,74.06,75.15,73.80,75.09,73.06,135480400\n"
    "2020-01-03,null,null,null,null,null,null\n"
    "2020-01-06,73.45,74.99,73.19,74.95,72.93,118387200\n"
)
STOOQ = (
    "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
    "AAPL.US,60,20200102,153000,74,75,73,74.5,1000,0\n"
    "AAPL.US,60,20200102,163000,74.5,75,74,74.8,1100,0\n"
    "AAPL.US,60,20200102,173000,74.8,75,74,74.9,1200,0\n"
)
INVESTING = (
    '"Date","Price","Open","High","Low","Vol.","Change %"\n'
    '"Jan 06, 2020","1,302.50","1,290.00","1,310.25","1,280.10","1.25M","0.5%"\n'
    '"Jan 03, 2020","1,290.00","1,280.00","1,295.00","1,270.00","980.5K","0.1%"\n'
    '"Jan 02, 2020","1,280.00","1,270.00","1,285.00","1,260.00","1.10M","-0.2%"\n'
)
HISTDATA = "20200102 170000;1.1;1.2;1.0;1.1;0\n20200102 170100;1.1;1.2;1.0;1.15;0\n20200102 170200;1.15;1.2;1.0;1.1;0\n"
DUKASCOPY = (
    "Gmt time,Open,High,Low,Close,Volume\n"
    "01.02.2020 00:00:00.000,1.1,1.2,1.0,1.15,10.5\n"
    "01.02.2020 01:00:00.000,1.15,1.2,1.0,1.1,11.25\n"
    "13.02.2020 02:00:00.000,1.15,1.2,1.0,1.1,11.25\n"
)
GERMAN = (
    "Datum;Eröffnung;Hoch;Tief;Schluss;Stücke\n"
    "30.12.2019;1.234,50;1.240,00;1.230,25;1.238,75;12.345\n"
    "02.01.2020;1.238,75;1.250,00;1.235,00;1.249,10;9.876\n"
    "03.01.2020;1.249,10;1.260,50;1.245,00;1.255,00;8.765\n"
)
COINBASE = "unix,date,symbol,open,high,low,close,Volume USD\n" + "".join(
    f"{1577836800 + i * 3600},2020-01-01 0{i}:00:00,BTC/USD,7000,7100,6900,7050,{i}\n" for i in range(4)
)


@pytest.mark.parametrize(
    ("name", "text", "known_as", "first", "bar"),
    [
        ("EURUSD_M15_2020.csv", METATRADER_5, ("MetaTrader", "EURUSD.FX 15m"), "2020-01-02T00:00", (1.12, 1.13, 1.11, 1.125, 57)),
        ("EURUSD60.csv", METATRADER_4, ("", "EURUSD.FX 1h"), "2020-01-02T00:00", (1.12, 1.13, 1.11, 1.125, 57)),
        (
            "NASDAQ_AAPL, 1D.csv",
            TRADINGVIEW,
            ("TradingView", "AAPL.XNAS 1d"),
            "2020-01-02",
            (296.24, 300.6, 295.19, 300.35, 140000000),
        ),
        ("NYSE_IBM, 5_ab12f.csv", TRADINGVIEW_ISO, ("TradingView", "IBM.XNYS 5m"), "2020-01-02T14:30", (10, 12, 9, 11, 100)),
        ("BTCUSDT-1m-2020-01.csv", KLINES_MS, ("Binance klines", "BTCUSDT.BINANCE 1m"), "2020-01-01T00:00", (1, 2, 0.5, 1.5, 0.5)),
        ("BTCUSDT-1m-2025-01.csv", KLINES_US, ("Binance klines", "BTCUSDT.BINANCE 1m"), "2025-01-01T00:00", (1, 2, 0.5, 1.5, 0.5)),
        ("BMW.DE.csv", YAHOO, ("Yahoo", "BMW.XETR 1d"), "2020-01-02", (74.06, 75.15, 73.80, 75.09, 135480400)),
        ("aapl.us.txt", STOOQ, ("Stooq", "AAPL.LOCAL 1h"), "2020-01-02T15:30", (74, 75, 73, 74.5, 1000)),
        ("Gold Futures.csv", INVESTING, ("", "GOLD.LOCAL 1d"), "2020-01-02", (1270, 1285, 1260, 1280, 1_100_000)),
        ("DAT_ASCII_EURUSD_M1_2020.csv", HISTDATA, ("", "EURUSD.FX 1m"), "2020-01-02T17:00", (1.1, 1.2, 1.0, 1.1, 0)),
        ("EURUSD_Candlestick_1_Hour.csv", DUKASCOPY, ("", "EURUSD.FX 1h"), "2020-02-01T00:00", (1.1, 1.2, 1.0, 1.15, 10.5)),
        ("SAP.DE.csv", GERMAN, ("", "SAP.XETR 1d"), "2019-12-30", (1234.5, 1240, 1230.25, 1238.75, 12345)),
        ("export.csv", COINBASE, ("", "BTCUSD.CRYPTO 1h"), "2020-01-01T00:00", (7000, 7100, 6900, 7050, 0)),
    ],
)
def test_an_export_is_read_as_it_comes(tmp_path, name, text, known_as, first, bar):
    taken = take_text(tmp_path, text, name)
    assert taken.plan.problems == ()
    assert (taken.plan.layout, str(taken.plan.series)) == known_as
    assert taken.bars.event_ns[0].astype("M8[ns]") == np.datetime64(first, "ns")
    assert tuple(float(column[0]) for column in taken.bars.columns()) == pytest.approx(bar, rel=1e-12)
    assert taken.tally.n_refused == 0
    assert taken.tally.n_kept + taken.tally.n_missing == taken.tally.n_rows


def test_real_volume_is_taken_where_metatrader_has_it(tmp_path):
    taken = take_text(tmp_path, METATRADER_5.replace("\t0\t3", "\t900\t3"), "SAP_M15.csv")
    assert taken.plan.column_of(Role.VOLUME).name == "<VOL>"
    assert taken.bars.volume.tolist() == [900] * 3


def test_a_newest_first_file_is_read_in_its_own_direction(tmp_path):
    taken = take_text(tmp_path, INVESTING, "Gold Futures.csv")
    assert taken.plan.is_descending
    assert (np.diff(taken.bars.event_ns) > 0).all()
    assert any(note.value == "newest first" for note in taken.plan.notes)


STARTS = [1577836800, 1577836860, 1577836920]
MILLIS = [1000 * start for start in STARTS]
COLUMNS = {"open": [1, 2, 3], "high": [9, 9, 9], "low": [1, 1, 1], "close": [2, 2, 2], "volume": [5, 5, 5]}
VANTAGE = {f"2020-01-01 00:0{i}:00": {"1. open": str(1 + i), "2. high": "9", "3. low": "1", "4. close": "2"} for i in range(3)}
OANDA = [
    {"time": f"2020-01-01T00:0{i}:00.000000000Z", "volume": 5, "mid": {"o": str(1 + i), "h": "9", "l": "1", "c": "2"}}
    for i in range(3)
]
DOCUMENTS = {
    "finnhub": {"s": "ok", "t": STARTS, **{name[0]: column for name, column in COLUMNS.items()}},
    "oanda": {"instrument": "EUR_USD", "candles": OANDA},
    "yahoo": {"chart": {"result": [{"timestamp": STARTS, "indicators": {"quote": [COLUMNS]}}]}},
    "alpha vantage": {"Meta Data": {"1. Information": "Intraday"}, "Time Series (1min)": VANTAGE},
    "pandas split": {"columns": list(COLUMNS), "index": MILLIS, "data": list(zip(*COLUMNS.values(), strict=True))},
    "pandas columns": {name: dict(zip(map(str, MILLIS), column, strict=True)) for name, column in COLUMNS.items()},
    "klines": [[start, str(1 + i), "9", "1", "2", "5", 0, "0", 0, "0", "0", "0"] for i, start in enumerate(MILLIS)],
    "records": [{"date": f"2020-01-01 00:0{i}", "open": 1 + i, "high": 9, "low": 1, "close": 2} for i in range(3)],
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_json_of_common_services_is_read(tmp_path, document):
    taken = take_text(tmp_path, json.dumps(document), "X.json", instrument="X.BINANCE", timezone="UTC")
    assert taken.plan.problems == ()
    assert str(taken.plan.spec) == "1m"
    assert taken.bars.open.tolist() == [1, 2, 3]
    assert taken.bars.event_ns[0].astype("M8[ns]") == np.datetime64("2020-01-01", "ns")


def test_a_document_of_several_instruments_gives_a_table_for_each(tmp_path):
    bars = [{"t": f"2020-01-0{d}", "o": 1, "h": 2, "l": 1, "c": 2} for d in (2, 3)]
    path = tmp_path / "bars.json"
    path.write_text(json.dumps({"bars": {"AAPL": bars, "MSFT": bars}}))
    tables = take_tables(path)
    assert [(taken.plan.inside, str(taken.plan.series)) for taken in tables] == [
        (("bars", "AAPL"), "AAPL.LOCAL 1d"),
        (("bars", "MSFT"), "MSFT.LOCAL 1d"),
    ]
    assert [len(taken.bars) for taken in tables] == [2, 2]


def test_closes_alone_become_bars_of_one_price_without_volume(tmp_path):
    taken = take_text(
        tmp_path, "DATE,DGS10\n2020-01-02,1.88\n2020-01-03,.\n2020-01-06,-0.25\n", "fred.csv", instrument="DGS10.FRED"
    )
    assert taken.bars.is_close_only
    assert taken.bars.close.tolist() == [1.88, -0.25]
    assert np.isnan(taken.bars.volume).all()
    assert taken.tally.n_missing == 1


def test_the_name_of_the_only_column_tells_the_instrument_of_a_file_without_one(tmp_path):
    taken = take_text(tmp_path, "Date,VIX\n2020-01-02,12.5\n2020-01-03,14.0\n", "download.csv")
    assert str(taken.plan.instrument.id) == "VIX.INDEX"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("paper.csv", b"%PDF-1.7 ...", "a PDF document"),
        ("empty.csv", b"", "is empty"),
        ("blank.csv", b"\n\n  \n", "is empty"),
        ("names.csv", b"Date,Open,High,Low,Close\n", "column names and no rows"),
        ("prose.txt", b"It was the best of times, it was the worst of times.\nIt was the age of wisdom.\n", "No columns of dates"),
        ("zeros.csv", bytes(5000), "not a text file"),
        ("cut.json", b'[{"date": "2020-01-02", "close": 1}, {"date": "2020-', "damaged"),
        ("none.json", b'{"message": "limit reached"}', "holds no table"),
    ],
)
def test_a_file_that_holds_no_table_says_what_it_is(tmp_path, name, content, words):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=words) as caught:
        take_tables(path, Choices(instrument="X.XNAS"))
    assert caught.value.hint
    assert caught.value.code.startswith("import.")
