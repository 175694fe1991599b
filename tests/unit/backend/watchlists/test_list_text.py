"""Watchlists as text: our own form round-trips, others' are read, what is unknown is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.app import open_backend
from backend.domain.instruments import Instrument, InstrumentId
from backend.errors import InvalidInput
from backend.watchlists.list_text import format_list, read_list
from backend.watchlists.watchlist import Section, Watchlist

AAPL, MSFT, BTC = InstrumentId("AAPL", "XNAS"), InstrumentId("MSFT", "XNAS"), InstrumentId("BTCUSDT", "BINANCE")


class _Catalog:
    """Knows two instruments by code and id, as the real one resolves them (see the test with a real home)."""

    async def resolve(self, text):
        for known in (AAPL, MSFT):
            if text.upper() in (known.code, str(known)):
                return Instrument(known, known.code)
        raise InvalidInput(f"{text} is unknown.", hint="")


entries = st.lists(
    st.sampled_from([AAPL, MSFT, BTC]) | st.sampled_from(["Tech", "Old iron", "Krypto €, more; all"]).map(Section),
    unique=True,
    max_size=6,
)


@given(entries)
def test_what_is_written_is_read_again(rows):
    import asyncio

    watchlist = Watchlist("id", "Mine", tuple(rows))
    if rows:
        assert asyncio.run(read_list(format_list(watchlist), _Catalog())).entries == watchlist.entries


@pytest.mark.parametrize(
    ("text", "rows", "unknown"),
    [
        ("###Tech,NASDAQ:AAPL,NASDAQ:MSFT,###Coins,BINANCE:BTCUSDT", (Section("Tech"), AAPL, MSFT, Section("Coins"), BTC), ()),
        ("aapl\nmsft\naapl\n", (AAPL, MSFT), ()),
        ('\ufeffSymbol,Name\n"AAPL","Apple, Inc"\nMSFT,Microsoft\n', (AAPL, MSFT), ()),
        ("AAPL; NOSUCH; MSFT", (AAPL, MSFT), ("NOSUCH",)),
        ("AAPL.XNAS\tBTCUSDT.BINANCE", (AAPL, BTC), ()),
        ("###\nAAPL", (AAPL,), ()),
    ],
)
async def test_lists_of_other_programs_are_read(text, rows, unknown):
    read = await read_list(text, _Catalog())
    assert (read.entries, read.unknown) == (rows, unknown)


@pytest.mark.parametrize("text", ["", " \n ,, \n", "x" * 1_000_001, "### bad\u0007name"])
async def test_what_is_no_list_is_refused_with_a_way_out(text):
    with pytest.raises(InvalidInput) as caught:
        await read_list(text, _Catalog())
    assert caught.value.hint


async def test_codes_are_found_in_the_catalog_of_a_home(home):
    async with open_backend(home) as backend:
        await backend.catalog.put(Instrument(AAPL, "Apple"), Instrument(MSFT, "Microsoft"))
        read = await read_list("AAPL, Microsft, MSFT", backend.catalog)
        assert read.entries == (AAPL, MSFT)
        assert read.unknown == ("Microsft",)
