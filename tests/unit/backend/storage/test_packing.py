"""Packing chooses many files of one size, or many parts of one series, and joins only neighbours."""

from backend.storage.manifest import Change, Manifest, overlapping
from backend.storage.packing import JOB_ROWS, PARTS_OF_ONE_KEY, TIER_FILES, choose_job, pack
from backend.storage.segments import SEGMENT_ROWS, Part, Segment, SeriesKey, read_part, write_segment
from tests.fakes.bars import make_bars
from tests.fakes.market import same


def key(name, spec="1d"):
    return SeriesKey(f"{name}.XNAS", spec, "import")


def listed(segments):
    manifest = Manifest()
    manifest.apply(Change(tuple(segments)))
    return manifest


def fake(segment_id, n_rows, *keys, spec="1d"):
    parts = tuple(Part(key(name, spec), row, n_rows, segment_id * 1000, segment_id * 1000 + 9) for row, name in enumerate(keys))
    return Segment(f"bar-{segment_id}.parquet", "bar", n_rows * len(keys), 1, bytes(32), parts, segment_id)


def test_a_few_small_files_are_left_alone():
    assert choose_job(listed(fake(i, 100, f"S{i}") for i in range(TIER_FILES - 1))) == []


def test_many_files_of_about_one_size_are_packed_and_full_or_larger_ones_are_not():
    small = [fake(i, 100, f"S{i}") for i in range(1, TIER_FILES + 1)]
    large = [fake(100 + i, SEGMENT_ROWS, f"L{i}") for i in range(20)]
    middle = fake(200, 30_000, "M")
    assert {s.id for s in choose_job(listed([*small, *large, middle]))} == {s.id for s in small}


def test_files_of_other_intervals_are_not_mixed():
    days = [fake(i, 100, f"S{i}") for i in range(1, 6)]
    hours = [fake(10 + i, 100, f"S{i}", spec="1h") for i in range(5)]
    assert choose_job(listed([*days, *hours])) == []


def test_many_small_parts_of_one_series_are_joined():
    wide = [fake(i, 50_000 + i, "A", "B", "C") for i in range(1, PARTS_OF_ONE_KEY + 1)]
    tall = [Segment(s.name, s.kind, SEGMENT_ROWS, 1, bytes(32), (s.parts[0]._replace(n_rows=20),), s.id) for s in wide]
    assert choose_job(listed(wide)) == [] or sum(s.n_rows for s in choose_job(listed(wide))) <= JOB_ROWS
    chosen = choose_job(listed(tall))
    assert len(chosen) > 1
    assert sum(s.n_rows for s in chosen) <= JOB_ROWS


def test_revisions_are_never_packed():
    revisions = [Segment(f"r{i}", "revision", 5, 1, bytes(32), fake(i, 5, "A").parts, i) for i in range(1, 30)]
    assert choose_job(listed(revisions)) == []


def test_neighbours_become_one_part_and_a_part_that_stays_keeps_them_apart(tmp_path):
    bars, a, b = make_bars(100), key("A"), key("B")
    pieces = [bars[:20], bars[20:40], bars[40:60], bars[60:80], bars[80:]]
    segments = []
    for number, piece in enumerate(pieces, 1):
        written = write_segment(tmp_path, "bar", [(a, piece), (b, make_bars(3, seed=number, start_ns=number * 10**18))])
        segments.append(Segment(written.name, "bar", written.n_rows, written.n_bytes, written.sha256, written.parts, number))
    manifest = listed(segments)
    job = [s for s in segments if s.id != 3]
    change = pack(tmp_path, job, {a: manifest.parts(a), b: manifest.parts(b)})
    assert change.removed == (1, 2, 4, 5)
    (packed,) = change.added
    of_a = [part for part in packed.parts if part.key == a]
    assert [part.n_rows for part in of_a] == [40, 40]
    assert same(read_part(tmp_path, packed, of_a[0]), bars[:40])
    assert [part.n_rows for part in packed.parts if part.key == b] == [6, 6]


def test_only_parts_that_can_hold_the_asked_times_are_opened():
    manifest = listed(fake(i, 10, "A") for i in range(1, 11))
    parts = manifest.parts(key("A"))
    assert [p.segment.id for p in overlapping(parts, 3000, 5000)] == [3, 4]
    assert [p.segment.id for p in overlapping(parts, 3010, 4000)] == []
    assert [p.segment.id for p in overlapping(parts, None, 1001)] == [1]
    assert [p.segment.id for p in overlapping(parts, 10_009, None)] == [10]
