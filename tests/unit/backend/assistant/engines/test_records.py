"""What engines remember between starts: how long models took, and that one ended this program."""

from backend.assistant.engines.records import CrashMark, LoadTimes

DAY_NS = 86_400 * 10**9


def test_an_estimate_is_the_last_time_in_the_same_place_else_by_size(tmp_path):
    times = LoadTimes(tmp_path / "new")
    by_size = times.estimate_s("abc", "thread", 4_000_000_000)
    assert by_size > times.estimate_s("abc", "thread", 1000)
    times.keep("abc", "thread", 7.25)

    assert LoadTimes(tmp_path / "new").estimate_s("abc", "thread", 1000) == 7.25
    assert LoadTimes(tmp_path / "new").estimate_s("abc", "process", 4_000_000_000) == by_size


def test_a_damaged_record_is_none_and_is_written_anew(tmp_path):
    (tmp_path / "load-times.json").write_bytes(b'{"abc": "x"')
    times = LoadTimes(tmp_path)
    times.keep("abc", "thread", 1.5)

    assert LoadTimes(tmp_path).estimate_s("abc", "thread", 0) == 1.5


def test_the_oldest_times_are_forgotten(tmp_path):
    times = LoadTimes(tmp_path)
    for i in range(205):
        times.keep(f"{i}", "thread", 99.0)

    assert LoadTimes(tmp_path).estimate_s("0", "thread", 0) == 0.5
    assert LoadTimes(tmp_path).estimate_s("204", "thread", 0) == 99.0


def test_work_that_ended_well_leaves_no_mark(tmp_path):
    mark = CrashMark(tmp_path / "new")
    mark.set()
    mark.clear()
    mark.clear()

    assert mark.find(5 * DAY_NS) == (False, False)


def test_a_mark_that_was_left_is_news_once_and_holds_for_thirty_days(tmp_path):
    CrashMark(tmp_path).set()

    assert CrashMark(tmp_path).find(5 * DAY_NS) == (True, True)
    assert CrashMark(tmp_path).find(34 * DAY_NS) == (True, False)
    assert CrashMark(tmp_path).find(35 * DAY_NS) == (False, False)


def test_a_damaged_mark_is_none(tmp_path):
    (tmp_path / "crashed-at").write_bytes(b"yesterday")

    assert CrashMark(tmp_path).find(DAY_NS) == (False, False)
