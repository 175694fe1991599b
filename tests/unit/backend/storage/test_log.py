"""The log gives back what was appended, up to the last whole record, whatever happened to its end."""

import errno
import os

import numpy as np
import pytest

from backend.domain.ticks import TradeArrays
from backend.errors import CorruptData, Unavailable
from backend.storage import log as log_module
from backend.storage.log import RECORD_ROWS, LogFile, list_logs, log_path, replay, truncate
from backend.storage.segments import SeriesKey
from tests.fakes.bars import make_bars
from tests.fakes.market import same

BARS = SeriesKey("AAPL.XNAS", "1m", "feed")
TRADES = SeriesKey("AAPL.XNAS", "trade", "feed")
TICKS = TradeArrays(np.array([1, 1, 2], np.int64), np.array([1.0, 2.0, 3.0]), np.ones(3), np.array([0, 1, 2], np.int8))


def write(folder, *batches, generation=1):
    log = LogFile(folder, generation)
    log.create()
    ends = [log.n_bytes]
    for batch in batches:
        log.append(batch)
        ends.append(log.n_bytes)
    log.close()
    return log.path, ends


def test_bars_and_trades_come_back_in_order_with_their_keys(tmp_path):
    first, second = make_bars(10), make_bars(RECORD_ROWS + 5, seed=2)
    path, _ = write(tmp_path, [(BARS, first), (TRADES, TICKS)], [(BARS, second)])
    found = replay(path, 1)
    assert [key for key, _ in found.rows] == [BARS, TRADES, BARS, BARS]
    assert same(found.rows[0][1], first)
    assert found.rows[1][1].aggressor.tolist() == [0, 1, 2]
    assert same(found.rows[2][1], second[:RECORD_ROWS])
    assert (found.torn_bytes, found.n_damaged, found.is_odd) == (0, 0, False)


def test_small_pieces_of_one_key_become_one_record_in_their_order(tmp_path):
    bars = make_bars(60)
    pieces = [entry for row in range(0, 60, 3) for entry in ((BARS, bars[row : row + 3]), (TRADES, TICKS))]
    path, _ = write(tmp_path, pieces)
    found = replay(path, 1)
    assert [key for key, _ in found.rows] == [BARS, TRADES]
    assert same(found.rows[0][1], bars)
    assert found.rows[1][1].aggressor.tolist() == [0, 1, 2] * 20


def test_cut_at_any_byte_the_whole_records_before_it_remain(tmp_path):
    batches = [[(BARS, make_bars(2, seed=i))] for i in range(4)]
    path, ends = write(tmp_path, *batches)
    content = path.read_bytes()
    for n_bytes in range(len(content)):
        path.write_bytes(content[:n_bytes])
        found = replay(path, 1)
        assert len(found.rows) == max(sum(end <= n_bytes for end in ends) - 1, 0)
        assert found.whole_bytes + found.torn_bytes == n_bytes
        assert not found.is_odd
        truncate(path, found.whole_bytes)
        assert replay(path, 1).torn_bytes == 0


def test_a_record_damaged_in_the_middle_costs_only_itself(tmp_path):
    path, ends = write(tmp_path, *[[(BARS, make_bars(2, seed=i))] for i in range(4)])
    content = bytearray(path.read_bytes())
    content[ends[2] - 3] ^= 1
    path.write_bytes(content)
    found = replay(path, 1)
    assert [same(rows, make_bars(2, seed=i)) for (_, rows), i in zip(found.rows, (0, 2, 3), strict=True)] == [True] * 3
    assert (found.n_damaged, found.torn_bytes, found.is_odd) == (1, 0, True)


def test_a_whole_last_record_with_a_wrong_checksum_is_odd(tmp_path):
    path, ends = write(tmp_path, *[[(BARS, make_bars(2, seed=i))] for i in range(2)])
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    found = replay(path, 1)
    assert len(found.rows) == 1
    assert found.whole_bytes == ends[1]
    assert found.is_odd


@pytest.mark.parametrize("seed", range(20))
def test_noise_after_the_head_is_never_taken_for_rows(tmp_path, seed):
    path, ends = write(tmp_path)
    noise = np.random.default_rng(seed).bytes(3000)
    path.write_bytes(path.read_bytes() + noise)
    found = replay(path, 1)
    assert found.rows == []
    assert found.whole_bytes == ends[0]


def test_a_file_that_is_not_a_log_is_refused(tmp_path):
    path = log_path(tmp_path, 3)
    path.write_bytes(b"something else entirely, long enough")
    with pytest.raises(CorruptData, match="does not begin like a log"):
        replay(path, 3)
    write(tmp_path, generation=4)[0].rename(log_path(tmp_path, 5))
    with pytest.raises(CorruptData, match="generation 5"):
        replay(log_path(tmp_path, 5), 5)


def test_generations_are_listed_oldest_first_and_strangers_passed_over(tmp_path):
    for generation in (12, 3, 100):
        write(tmp_path, generation=generation)
    (tmp_path / "log-backup.trl").write_bytes(b"")
    assert [generation for generation, _ in list_logs(tmp_path)] == [3, 12, 100]


def test_a_refused_write_leaves_the_file_as_it_was_and_can_be_given_again(tmp_path, monkeypatch):
    log = LogFile(tmp_path, 1)
    log.create()
    log.append([(BARS, make_bars(2))])
    n_bytes = log.n_bytes
    real_write = os.write

    def refuse_half_way(descriptor, content):
        real_write(descriptor, bytes(content)[:7])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(log_module.os, "write", refuse_half_way)
        with pytest.raises(Unavailable, match="full") as refused:
            log.append([(TRADES, TICKS)])
    assert refused.value.code == "disk.full"
    assert log.path.stat().st_size == n_bytes
    log.append([(TRADES, TICKS)])
    log.close()
    assert [key for key, _ in replay(log.path, 1).rows] == [BARS, TRADES]
