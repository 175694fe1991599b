"""What an import is about to do and how each decision was made: plans, dialects, columns and the user's corrections."""

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal, TypeAlias

import msgspec

from backend.domain.bars import Bar, BarSpec, Series
from backend.domain.instruments import Instrument
from backend.errors import TriiError

SOURCE_IMPORT: Final = "import"
SOURCE_SAMPLE: Final = "sample"

DateOrder: TypeAlias = Literal["ymd", "dmy", "mdy"]
Stamp: TypeAlias = Literal["open", "close"]


class FileFormat(enum.StrEnum):
    """How a table is written."""

    TEXT = "text"
    PARQUET = "parquet"
    ARROW = "arrow"
    JSON = "json"
    XLSX = "xlsx"


class Role(enum.StrEnum):
    """What a column means; columns of no role are not read."""

    TIME = "time"
    CLOCK = "clock"
    OPEN = "open"
    HIGH = "high"
    LOW = "low"
    CLOSE = "close"
    VOLUME = "volume"
    ADJUSTED = "adjusted"
    DIVIDEND = "dividend"
    SPLIT = "split"
    SYMBOL = "symbol"
    INTERVAL = "interval"
    NONE = ""


class TimeForm(enum.StrEnum):
    """How times are written: as text, or as a count since 1970 UTC in a unit."""

    TEXT = "text"
    EPOCH_S = "s"
    EPOCH_MS = "ms"
    EPOCH_US = "us"
    EPOCH_NS = "ns"
    EXCEL = "excel"


class Choices(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the user decides instead of the detection; None leaves a decision to it.

    instrument : an id (``AAPL.XNAS``) or a code known to the catalog
    interval : a BarSpec's text (``1d``)
    timezone : IANA name or an offset (``+02:00``) of times written without one
    header_row : 1-based line of the column names, 0 for none
    date_order : order of day, month and year where they are numbers
    decimal, thousands : the marks in numbers; thousands may be "" for none
    columns : role → column name, or "#3" for the third column; "" for not in the file
    symbol : which instrument of a file that holds several, as written in the file
    stamp : whether a time is that of the bar's opening or of its close
    kind, currency, calendar, name : of an instrument that is not in the catalog yet
    source : the name under which the rows are stored
    """

    crosses_bridge: ClassVar[str] = "its columns are made with it and never changed"
    instrument: str | None = None
    interval: str | None = None
    timezone: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    date_order: DateOrder | None = None
    time_form: TimeForm | None = None
    decimal: Literal[".", ","] | None = None
    thousands: str | None = None
    columns: dict[str, str] | None = None
    symbol: str | None = None
    stamp: Stamp | None = None
    kind: str | None = None
    currency: str | None = None
    calendar: str | None = None
    name: str | None = None
    source: str = SOURCE_IMPORT


@dataclass(frozen=True, slots=True)
class Dialect:
    r"""How text stands in a file.

    encoding : Python's name of it; blocks are turned into UTF-8 before parsing
    newline : what ends a line, "\n" (also after "\r") or "\r"
    delimiter : one character; " " stands for any run of blanks
    header_row : 1-based line of the column names, 0 where there is none
    first_row : 1-based line of the first row of values
    decimal, thousands : marks in numbers; thousands "" for none
    time_form, date_order : how times are written
    has_fraction : whether seconds carry decimals
    """

    encoding: str = "utf-8"
    newline: str = "\n"
    delimiter: str = ","
    header_row: int = 1
    first_row: int = 2
    decimal: str = "."
    thousands: str = ""
    time_form: TimeForm = TimeForm.TEXT
    date_order: DateOrder = "ymd"
    has_fraction: bool = False
    is_iso: bool = False
    has_zone: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table: its 0-based place, its name ("#1" where the file has none) and what it means."""

    index: int
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class PlanNote:
    """One decision: its value in words, how it was found, and whether the evidence leaves no other reading."""

    decision: str
    value: str
    reason: str
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Everything ``Importer.run`` needs to read one table, made by ``Importer.preview``.

    path : the file on disk
    inside : names that lead to the table inside the file: zip members, then a sheet; empty for a plain file
    n_inside : how many of ``inside``, counted from its end, lead to a sheet or to a key of a document
    timezone : of times without a zone, and of the dates of daily bars
    stamp : whether times are those of the opening or the close
    is_descending : the file runs from the newest row to the oldest
    takes_labels : instants of daily bars are midnights UTC and stand for dates as they are
    symbol : rows of another symbol are left out; "" for all rows
    size_bytes : of the table as stored, compressed where it is
    sample : the first rows as text, in the order of ``columns``
    sample_bars : what the first rows mean
    problems : what the user must decide before the plan can run; empty when it can
    """

    path: Path
    inside: tuple[str, ...]
    n_inside: int
    format: FileFormat
    layout: str
    dialect: Dialect
    columns: tuple[Column, ...]
    instrument: Instrument
    is_new_instrument: bool
    spec: BarSpec
    timezone: str
    stamp: Stamp
    is_descending: bool
    takes_labels: bool
    symbol: str
    source: str
    size_bytes: int
    sample: tuple[tuple[str, ...], ...]
    sample_bars: tuple[Bar, ...]
    notes: tuple[PlanNote, ...]
    problems: tuple[str, ...]
    choices: Choices

    @property
    def series(self) -> Series:
        """Where the rows will go."""
        return Series(self.instrument.id, self.spec)

    @property
    def member(self) -> str:
        """The table inside the file, for people; "" for a plain file."""
        return " / ".join(self.inside)

    @property
    def name(self) -> str:
        """What to call the table on screen."""
        return f"{self.path.name} / {self.member}" if self.inside else self.path.name

    @property
    def is_ready(self) -> bool:
        """Whether the plan can run without further decisions."""
        return not self.problems

    def column_of(self, role: Role) -> Column | None:
        """The column that has ``role``, if any."""
        return next((column for column in self.columns if column.role is role), None)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a path holds: a plan for each table, and the files that hold none, with the reason."""

    plans: tuple[ImportPlan, ...]
    skipped: tuple[tuple[str, TriiError], ...]


@dataclass(frozen=True, slots=True)
class Window:
    """Whole lines of a plain text file: bytes from ``start`` to ``end`` (exclusive), the first being line ``first_line``."""

    start: int
    end: int
    first_line: int
