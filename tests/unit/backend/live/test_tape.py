"""The tape: the newest trades, whole, for readers on other threads."""

import threading

import numpy as np

from backend.domain.ticks import TradeArrays
from backend.live.tape import READ_MAX, ROOM, Tape


def numbered(first, n):
    number = np.arange(first, first + n, dtype=np.int64)
    return TradeArrays(number, number + 0.5, number * 2.0, (number % 3).astype(np.int8))


def test_the_newest_trades_are_read_oldest_first():
    tape = Tape()
    tape.add(numbered(0, 10))
    tape.add(numbered(10, 5), is_late=True)

    rows = tape.rows(7)

    assert rows.trades.event_ns.tolist() == list(range(8, 15))
    assert rows.is_late.tolist() == [False, False, True, True, True, True, True]
    assert rows.first == 8
    assert (tape.n_trades, tape.version) == (15, 2)


def test_an_empty_tape_has_no_rows():
    assert len(Tape().rows(100)) == 0


def test_a_batch_larger_than_the_ring_leaves_its_newest_trades():
    tape = Tape()
    tape.add(numbered(0, 3 * ROOM))

    rows = tape.rows(10**9)

    assert rows.trades.event_ns.tolist() == list(range(3 * ROOM - READ_MAX, 3 * ROOM))
    assert rows.first == 3 * ROOM - READ_MAX


def test_a_reader_on_another_thread_never_sees_rows_that_were_written_over():
    tape, torn, is_done = Tape(), [], threading.Event()

    def read():
        while not is_done.is_set():
            rows = tape.rows(READ_MAX)
            times = rows.trades.event_ns
            if len(times) and (times[0] != rows.first or np.any(np.diff(times) != 1) or np.any(rows.trades.price != times + 0.5)):
                torn.append(rows)

    reader = threading.Thread(target=read)
    reader.start()
    first = 0
    for size in np.random.default_rng(1).integers(1, 9_000, 600).tolist():
        tape.add(numbered(first, size))
        first += size
    is_done.set()
    reader.join()

    assert not torn
