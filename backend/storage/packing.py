"""Packing: which small segments to write again as few large ones, so that scans open few files and charts few parts."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from backend.errors import CorruptData
from backend.storage.manifest import Change, Manifest, Placed
from backend.storage.merge import DamagedPart, SegmentWriter
from backend.storage.segments import SEGMENT_ROWS, Rows, Segment, SeriesKey, concat_rows, in_order, read_all

TIER_FILES: Final = 8
JOB_ROWS: Final = 8 * SEGMENT_ROWS
JOB_FILES: Final = 512
SMALL_PART_ROWS: Final = SEGMENT_ROWS // 8
PARTS_OF_ONE_KEY: Final = 8


def choose_job(manifest: Manifest) -> list[Segment]:
    """Segments worth writing again together, none when the store is packed.

    Two reasons: many files of about one size that are not full, of bars cut alike; or many small parts of one
    series. Each row is written again about log4 of the store's size times in its life.
    """
    by_spec: dict[tuple[str, str], list[Segment]] = {}
    for segment in manifest.segments.values():
        if segment.kind != "revision":
            by_spec.setdefault((segment.kind, segment.parts[0].key.spec), []).append(segment)
    for segments in by_spec.values():
        chosen = _one_tier(segments) or _one_key(segments)
        if chosen:
            return chosen
    return []


def pack(folder: Path, segments: list[Segment], parts: Mapping[SeriesKey, tuple[Placed, ...]]) -> Change:
    """Write the rows of ``segments`` as few full ones, each series together. Raises DamagedPart, Unavailable.

    ``parts`` holds all parts of the keys in ``segments``, also those that stay where they are.
    """
    rows: dict[tuple[int, int], Rows] = {}
    for segment in segments:
        try:
            pieces = read_all(folder, segment)
        except CorruptData as e:
            raise DamagedPart(Placed(segment, segment.parts[0]), e) from e
        for part, (_, piece) in zip(segment.parts, pieces, strict=True):
            rows[segment.id, part.first_row] = piece
    written: list[Segment] = []
    writers: dict[str, SegmentWriter] = {}
    try:
        for key in sorted({part.key for segment in segments for part in segment.parts}):
            writer = writers.setdefault(key.spec, SegmentWriter(folder, segments[0].kind))
            for joined in _joined(parts[key], rows):
                writer.add(key, joined)
                writer.end_part()
        for writer in writers.values():
            written.extend(writer.finish())
    except BaseException:
        for writer in writers.values():
            writer.discard()
        raise
    return Change(tuple(written), tuple(segment.id for segment in segments))


def _one_tier(segments: Iterable[Segment]) -> list[Segment]:
    tiers: dict[int, list[Segment]] = {}
    for segment in segments:
        if segment.n_rows < SEGMENT_ROWS // 2:
            tiers.setdefault(int(math.log(segment.n_rows, 4)), []).append(segment)
    for tier in sorted(tiers):
        if len(tiers[tier]) >= TIER_FILES:
            return _bounded(tiers[tier])
    return []


def _one_key(segments: Iterable[Segment]) -> list[Segment]:
    holders: dict[SeriesKey, dict[int, Segment]] = {}
    for segment in segments:
        for part in segment.parts:
            if part.n_rows < SMALL_PART_ROWS:
                holders.setdefault(part.key, {})[segment.id] = segment
    found: Mapping[int, Segment] = max(holders.values(), key=len, default={})
    return _bounded(found.values()) if len(found) >= PARTS_OF_ONE_KEY else []


def _bounded(segments: Iterable[Segment]) -> list[Segment]:
    """The smallest first, up to what one job may hold in memory."""
    chosen: list[Segment] = []
    n_rows = 0
    for segment in sorted(segments, key=lambda s: s.n_rows)[:JOB_FILES]:
        if chosen and n_rows + segment.n_rows > JOB_ROWS:
            break
        chosen.append(segment)
        n_rows += segment.n_rows
    return chosen if len(chosen) > 1 else []


def _joined(parts: Sequence[Placed], rows: Mapping[tuple[int, int], Rows]) -> Iterator[Rows]:
    """Rows of one key in order of time; neighbours become one part, unless a part that stays lies between them."""
    together: list[Rows] = []
    for placed in parts:
        piece = rows.get((placed.segment.id, placed.part.first_row))
        if piece is not None:
            together.append(piece)
        elif together:
            yield in_order(concat_rows(together))
            together = []
    if together:
        yield in_order(concat_rows(together))
