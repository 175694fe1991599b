"""Segments are written whole, told apart by their content, and never trusted blindly."""

import numpy as np
import polars as pl
import pytest

from backend.domain.ticks import TradeArrays
from backend.errors import CorruptData, Unavailable
from backend.storage.segments import (
    ROW_GROUP_ROWS,
    SeriesKey,
    check_segment,
    describe_file,
    read_all,
    read_part,
    write_segment,
)
from tests.fakes.bars import make_bars
from tests.fakes.market import same

APPLE = SeriesKey("AAPL.XNAS", "1m", "import")
HOSTILE = SeriesKey("../../ETC/PASSWD.XNAS", "1m", "imp'ort\u2028é")


def trades(n):
    times = np.arange(n, dtype=np.int64) // 3
    return TradeArrays(times, np.linspace(1, 2, n), np.full(n, 5.0), (np.arange(n) % 3).astype(np.int8))


def test_every_part_is_read_back_bit_for_bit_across_row_groups(tmp_path):
    pieces = {SeriesKey(f"S{i}.XNAS", "1m", "import"): make_bars(n, seed=i) for i, n in enumerate((1, ROW_GROUP_ROWS + 7, 300))}
    segment = write_segment(tmp_path, "bar", list(pieces.items())[::-1])
    assert segment.n_rows == ROW_GROUP_ROWS + 308
    for part in segment.parts:
        assert same(read_part(tmp_path, segment, part), pieces[part.key])
    assert [key for key, _ in read_all(tmp_path, segment)] == sorted(pieces)


def test_trades_keep_equal_times_and_aggressors(tmp_path):
    key = SeriesKey("AAPL.XNAS", "trade", "feed")
    segment = write_segment(tmp_path, "trade", [(key, trades(1000))])
    found = read_part(tmp_path, segment, segment.parts[0])
    assert found.aggressor.tolist() == trades(1000).aggressor.tolist()
    assert found.event_ns.tolist() == trades(1000).event_ns.tolist()


def test_names_from_outside_stay_inside_the_file(tmp_path):
    segment = write_segment(tmp_path / ".", "bar", [(HOSTILE, make_bars(3))])
    assert [path.name for path in tmp_path.iterdir()] == [segment.name]
    assert set(segment.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert pl.read_parquet(tmp_path / segment.name)["source"].to_list() == [HOSTILE.source] * 3


def test_a_file_tells_by_itself_what_it_holds(tmp_path):
    written = write_segment(tmp_path, "bar", [(APPLE, make_bars(40_000)), (HOSTILE, make_bars(5))])
    assert describe_file(tmp_path / written.name) == written


def test_other_programs_read_the_same_numbers(tmp_path):
    bars = make_bars(70_000)
    segment = write_segment(tmp_path, "bar", [(APPLE, bars)])
    table = pl.read_parquet(tmp_path / segment.name)
    assert table["event_ns"].to_numpy().tolist() == bars.event_ns.tolist()
    assert table["close"].to_numpy().tobytes() == bars.close.tobytes()


@pytest.mark.parametrize("place", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_flipped_byte_is_noticed(tmp_path, place):
    segment = write_segment(tmp_path, "bar", [(APPLE, make_bars(5000))])
    path = tmp_path / segment.name
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 0x40
    path.write_bytes(content)
    with pytest.raises(CorruptData, match=segment.name):
        check_segment(tmp_path, segment)
    with pytest.raises(CorruptData, match=segment.name):
        read_part(tmp_path, segment, segment.parts[0])


@pytest.mark.parametrize("n_bytes", [0, 3, 100, 5000])
def test_a_cut_file_is_noticed(tmp_path, n_bytes):
    segment = write_segment(tmp_path, "bar", [(APPLE, make_bars(5000))])
    path = tmp_path / segment.name
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(CorruptData):
        read_part(tmp_path, segment, segment.parts[0])
    with pytest.raises(CorruptData):
        describe_file(path)


def test_a_whole_file_with_other_rows_is_noticed(tmp_path):
    segment = write_segment(tmp_path, "bar", [(APPLE, make_bars(50))])
    other = write_segment(tmp_path, "bar", [(APPLE, make_bars(50, start_ns=5))])
    (tmp_path / other.name).rename(tmp_path / segment.name)
    with pytest.raises(CorruptData, match="other times"):
        read_part(tmp_path, segment, segment.parts[0])


def test_a_folder_that_is_gone_is_said_and_leaves_nothing(tmp_path):
    with pytest.raises(Unavailable, match="write a segment"):
        write_segment(tmp_path / "gone", "bar", [(APPLE, make_bars(5))])
    assert not (tmp_path / "gone").exists()
