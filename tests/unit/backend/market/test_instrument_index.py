"""Finding instruments: against a slow twin, by misspelled words, and among ten thousand."""

import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.market.instrument_index import InstrumentIndex, plain

N_MANY = 10_000
CALLS_MAX = 8  # for each instrument: someone is typing

letters = st.text("ABC", min_size=1, max_size=4)
named = st.lists(st.tuples(letters, st.sampled_from(["XNAS", "XABC"]), st.lists(letters, max_size=3)), max_size=20)


def slow_find(instruments, words):
    ranked = []
    for text, name in instruments:
        folded, parts = text.lower(), name.lower().split()
        if len(words) == 1 and words[0] in {folded, folded.split(".")[0]}:
            rank = 0
        elif len(words) == 1 and folded.startswith(words[0]):
            rank = 1
        elif all(any(part.startswith(word) for part in parts) for word in words):
            rank = 2
        elif all(word in folded or word in name.lower() for word in words):
            rank = 3
        else:
            continue
        ranked.append((rank, text))
    return [text for _, text in sorted(ranked)]


@given(named, st.lists(letters, min_size=1, max_size=2))
def test_instruments_are_found_and_ranked_as_by_the_slow_twin(made, typed):
    instruments = sorted({f"{code}.{venue}": " ".join(words) for code, venue, words in made}.items())
    words = [word.lower() for word in typed]
    assert InstrumentIndex(instruments).find(words) == slow_find(instruments, words)


@pytest.mark.parametrize(
    ("typed", "meant"), [("APPL", "AAPL.XNAS"), ("mircosoft", "MSFT.XNAS"), ("AAPL.XNYS", "AAPL.XNAS"), ("siemnes", "SIE.XETR")]
)
def test_what_is_misspelled_is_found(typed, meant):
    index = InstrumentIndex([("AAPL.XNAS", "Apple Inc."), ("MSFT.XNAS", "Microsoft"), ("SIE.XETR", "Siemens AG")])
    assert index.near(typed)[0] == meant


def test_what_is_like_nothing_is_not_found():
    index = InstrumentIndex([("AAPL.XNAS", "Apple Inc.")])
    assert [index.near(text) for text in ("", "a", "zzzz", "'; DROP TABLE instruments; --")] == [[], [], [], []]
    assert InstrumentIndex([]).find(["a"]) == InstrumentIndex([]).near("apple") == []


def test_accents_and_case_do_not_matter():
    assert plain("Índice") == plain("INDICE") == "indice"
    assert InstrumentIndex([("MC.XPAR", "LVMH Moët Hennessy")]).find([plain("MOET")]) == ["MC.XPAR"]


def test_a_search_among_ten_thousand_instruments_does_little_work_for_each():
    rng = random.Random(3)
    syllables = ["mar", "tek", "sol", "ind", "com", "gen", "bio", "fin", "cap", "ver", "ali", "nova", "glo", "uni"]
    codes = {"".join(rng.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=4)) for _ in range(2 * N_MANY)}
    names = [" ".join("".join(rng.choices(syllables, k=3)) for _ in range(3)) for _ in codes]
    index = InstrumentIndex(sorted(zip((f"{code}.XNAS" for code in codes), names, strict=True))[:N_MANY])
    index.near("microsfot")  # makes its table of pairs, once
    for look in (lambda: index.find(["a"]), lambda: index.find(["mar", "sol"]), lambda: index.near("microsfot")):
        assert 0 < count_calls(look) < CALLS_MAX * N_MANY


def count_calls(look):
    """Calls of functions, Python's and C's, that it makes: its work, whatever else this computer does."""
    n_calls = 0

    def hear(_frame, event, _argument):
        nonlocal n_calls
        n_calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(hear)
    try:
        look()
    finally:
        sys.setprofile(before)
    return n_calls
