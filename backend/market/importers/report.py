"""What an import did: counts, every row that was not taken as it stood, and progress on the way."""

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.domain.actions import CorporateAction
from backend.domain.bars import Series

MAX_ROWS_IN_MEMORY: Final = 1_000


class RowKind(enum.StrEnum):
    """What happened to a row that was not simply accepted."""

    MISSING = "missing"
    REPAIRED = "repaired"
    REFUSED = "refused"
    REPLACED = "replaced"
    OFF_CALENDAR = "off_calendar"


@dataclass(frozen=True, slots=True)
class RowNote:
    """One row and why it is listed.

    line : 1-based line in a text file, row of a sheet, or row of a table
    text : the row as it stands in the file, cut after 200 characters
    """

    line: int
    kind: RowKind
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is; ``total_bytes`` is 0 where the size is unknown."""

    import_id: str
    name: str
    done_bytes: int
    total_bytes: int
    n_rows: int

    @property
    def share(self) -> float | None:
        """From 0 to 1; None where the size is unknown."""
        return min(1.0, self.done_bytes / self.total_bytes) if self.total_bytes else None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The outcome of one import; every row of the table is counted exactly once in the first five counts.

    n_accepted : rows whose values are now stored, repaired ones included
    n_same : rows that were stored before, or stand twice in the file, with equal values
    n_missing : rows without values, such as holidays
    n_refused : rows that break a rule
    n_overruled : rows whose time comes again later in the same file with other values; the later row won
    n_repaired : accepted rows whose high or low was widened by a rounding error of the file
    n_replaced : accepted rows that replaced other stored values; the old ones are kept as a revision
    n_off_calendar : accepted rows at a time the instrument's calendar calls closed
    n_other_symbol : rows of other instruments in the same file, not part of this import
    rows : the first notes; ``rows_path`` holds all of them, one JSON object a line, gzip
    """

    import_id: str
    name: str
    path: Path
    series: Series
    source: str
    n_rows: int
    n_accepted: int
    n_same: int
    n_missing: int
    n_refused: int
    n_overruled: int
    n_repaired: int
    n_replaced: int
    n_off_calendar: int
    n_other_symbol: int
    first_ns: int | None
    last_ns: int | None
    rows: tuple[RowNote, ...]
    n_notes: int
    rows_path: Path | None
    actions: tuple[CorporateAction, ...]
    remarks: tuple[str, ...]
    revision_id: int | None
    fingerprint: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """One line of the import log, kept for good; times are UTC ns.

    plan : how the table was read, JSON
    """

    import_id: str
    started_ns: int
    finished_ns: int
    name: str
    path: str
    member: str
    series: str
    source: str
    n_accepted: int
    n_same: int
    n_missing: int
    n_refused: int
    n_repaired: int
    n_replaced: int
    n_actions: int
    fingerprint: str
    revision_id: int | None
    rows_path: str | None
    plan: str = ""
