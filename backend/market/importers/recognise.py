"""From a sample of cells to a dialect and columns with roles, each decision with its evidence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from backend.errors import InvalidInput
from backend.market.importers.columns import ColumnKinds, assign_roles, make_columns
from backend.market.importers.numbers import PLAIN, NotANumber, NumberForm, guess_form, looks_like_number, parse_number
from backend.market.importers.plan import Choices, Column, Dialect, FileFormat, PlanNote, Role
from backend.market.importers.sample import TableSample
from backend.market.importers.time_shapes import TimeShape, find_shape, is_dated, looks_like_clock

_KIND_ROWS: Final = 300
_NUMBER_ROWS: Final = 600
_ROLE_ORDER: Final = (Role.TIME, Role.CLOCK, Role.OPEN, Role.HIGH, Role.LOW, Role.CLOSE, Role.VOLUME, Role.ADJUSTED)
_MARK_NAMES: Final = {"": "none", " ": "blank", "\u00a0": "fixed blank", "\u202f": "narrow blank", "'": "apostrophe"}


@dataclass(slots=True)
class Recognised:
    """A table's dialect and columns, the decisions made, and the questions left for the user."""

    dialect: Dialect
    columns: tuple[Column, ...]
    layout: str
    notes: list[PlanNote] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def place(self, role: Role) -> int | None:
        """0-based place of the column of a role."""
        return next((column.index for column in self.columns if column.role is role), None)


def recognise(sample: TableSample, choices: Choices, dialect: Dialect) -> Recognised:
    """Recognise a table. Raises InvalidInput where it holds no rows at all or a choice names no column."""
    rows = [row for row in sample.rows if any(cell.strip() for cell in row)]
    if not rows:
        raise InvalidInput("The table has column names and no rows.", hint="Choose a file that holds bars.", code="import.no_rows")
    dialect = replace(dialect, delimiter=sample.delimiter, header_row=sample.header_row, first_row=sample.first_row)
    found = Recognised(dialect, (), layout_of(sample.names, rows), list(sample.notes))
    form = _find_numbers(found, sample, rows, choices)
    kinds = _kinds_of(rows, sample.n_columns)
    roles = assign_roles(sample.names, rows[:_KIND_ROWS], kinds, form)
    found.columns = make_columns(sample.names, roles)
    _apply_chosen_columns(found, choices)
    _note_columns(found, choices)
    _find_times(found, sample, choices)
    if found.layout:
        found.notes.append(PlanNote("layout", found.layout, "its columns are those of this export"))
    return found


def _find_numbers(found: Recognised, sample: TableSample, rows: Sequence[Sequence[str]], choices: Choices) -> NumberForm:
    is_typed = sample.format in {FileFormat.PARQUET, FileFormat.ARROW}
    cells = [] if is_typed else [cell for row in rows[:_NUMBER_ROWS] for cell in row if not is_dated(cell)]
    guess = guess_form(cells, expects_comma=sample.delimiter != ",")
    form, reason = guess.form, guess.reason
    if choices.decimal is not None or choices.thousands is not None:
        decimal = choices.decimal or form.decimal
        thousands = form.thousands if choices.thousands is None else choices.thousands
        if len(thousands) > 1 or thousands.isalnum() or thousands == decimal:
            raise InvalidInput(
                f"Numbers cannot have {thousands!r} between thousands and {decimal!r} before decimals.",
                hint="Use two different marks, or none between thousands.",
                code="import.marks",
            )
        form, reason = NumberForm(decimal, thousands), "chosen"
    found.dialect = replace(found.dialect, decimal=form.decimal, thousands=form.thousands)
    if form != PLAIN or reason == "chosen":
        found.notes.append(PlanNote("decimal mark", {".": "point", ",": "comma"}[form.decimal], reason, guess.is_sure))
        if form.thousands:
            mark = _MARK_NAMES.get(form.thousands, form.thousands)
            found.notes.append(PlanNote("thousands mark", mark, reason, guess.is_sure))
    return form


def _kinds_of(rows: Sequence[Sequence[str]], n_columns: int) -> ColumnKinds:
    looked = rows[:_KIND_ROWS]
    time, number, clock = [], [], []
    for i in range(n_columns):
        filled = [row[i] for row in looked if i < len(row) and row[i].strip()]
        time.append(_share([is_dated(cell) for cell in filled]))
        number.append(_share([_is_number(cell) for cell in filled]))
        clock.append(_share([looks_like_clock(cell) for cell in filled]))
    return ColumnKinds(tuple(time), tuple(number), tuple(clock))


def _is_number(cell: str) -> bool:
    """Whether a cell is a number, or a word that stands for one that is missing or infinite."""
    if looks_like_number(cell):
        return True
    try:
        return parse_number(cell) is None
    except NotANumber as e:
        return "finite" in str(e)


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0


def _apply_chosen_columns(found: Recognised, choices: Choices) -> None:
    if not choices.columns:
        return
    roles = {column.index: column.role for column in found.columns}
    for name, wanted in choices.columns.items():
        try:
            role = Role(name)
        except ValueError as e:
            known = ", ".join(role for role in Role if role)
            raise InvalidInput(f"{name!r} is not a role of a column.", hint=f"Roles are {known}.", code="import.role") from e
        for index, present in roles.items():
            if present is role:
                roles[index] = Role.NONE
        if wanted:
            roles[_find_column(found.columns, wanted).index] = role
    found.columns = tuple(replace(column, role=roles[column.index]) for column in found.columns)


def _find_column(columns: tuple[Column, ...], wanted: str) -> Column:
    for column in columns:
        if column.name == wanted or f"#{column.index + 1}" == wanted:
            return column
    for column in columns:
        if column.name.casefold() == wanted.strip().casefold():
            return column
    names = ", ".join(column.name for column in columns)
    raise InvalidInput(f"The table has no column {wanted!r}.", hint=f"It has {names}.", code="import.column")


def _note_columns(found: Recognised, choices: Choices) -> None:
    chosen = choices.columns or {}
    for role in _ROLE_ORDER:
        place = found.place(role)
        if place is None:
            continue
        name = found.columns[place].name
        reason = "chosen" if role in chosen else "its name" if not name.startswith("#") else "what stands in it"
        found.notes.append(PlanNote(f"{role} column", name, reason))
    if found.place(Role.TIME) is None:
        found.problems.append("Which column tells the time? None was recognised.")
    if found.place(Role.CLOSE) is None:
        found.problems.append("Which column is the close? None was recognised.")
    prices = [role for role in (Role.OPEN, Role.HIGH, Role.LOW) if found.place(role) is not None]
    if found.place(Role.CLOSE) is not None and len(prices) < 3:
        words = "only closes" if not prices else f"only closes: {', '.join(prices)} alone make no bar"
        found.notes.append(PlanNote("prices", words, "open, high and low are not all there; each bar is its close"))


def _find_times(found: Recognised, sample: TableSample, choices: Choices) -> None:
    place = found.place(Role.TIME)
    if place is None:
        return
    clock = found.place(Role.CLOCK)
    rows = [row for row in sample.all_rows if len(row) > max(place, clock or 0)]
    shape = find_shape(
        [row[place] for row in rows],
        None if clock is None else [row[clock] for row in rows],
        is_european=found.dialect.decimal == ",",
    )
    shape = _with_choices(shape, choices)
    found.dialect = replace(
        found.dialect,
        time_form=shape.form,
        date_order=shape.order,
        is_iso=shape.is_iso,
        has_zone=shape.has_zone,
        has_fraction=shape.has_fraction,
    )
    found.notes.append(PlanNote("dates", shape.words, shape.reason, shape.is_sure))
    if shape.question:
        found.problems.append(shape.question)


def _with_choices(shape: TimeShape, choices: Choices) -> TimeShape:
    if choices.time_form is not None and choices.time_form is not shape.form:
        shape = replace(shape, form=choices.time_form, is_iso=False, words=str(choices.time_form), reason="chosen", is_sure=True)
    if choices.date_order is not None:
        words = {"ymd": "year, month, day", "dmy": "day, month, year", "mdy": "month, day, year"}[choices.date_order]
        shape = replace(shape, order=choices.date_order, words=words, reason="chosen", is_sure=True, question="")
    return shape


def layout_of(names: Sequence[str] | None, rows: Sequence[Sequence[str]]) -> str:
    """Whose export this is, by its columns; "" where nobody's is recognised."""
    if names is None:
        first = rows[0] if rows else []
        is_klines = len(first) == 12 and first[0].strip().isdigit() and first[6].strip().isdigit() and len(first[0].strip()) >= 13
        return "Binance klines" if is_klines else ""
    lower = [name.strip().strip('"').lower() for name in names]
    return next((layout for layout, fits in _LAYOUTS if fits(lower)), "")


_LAYOUTS: Final[tuple[tuple[str, Callable[[list[str]], bool]], ...]] = (
    ("Stooq", lambda names: "<ticker>" in names and "<per>" in names),
    ("MetaTrader", lambda names: "<date>" in names and ("<tickvol>" in names or "<time>" in names)),
    ("Binance klines", lambda names: names[:2] in (["open_time", "open"], ["open time", "open"])),
    ("Yahoo", lambda names: names[:1] == ["date"] and "adj close" in names and "close" in names),
    ("TradingView", lambda names: names[:5] == ["time", "open", "high", "low", "close"]),
)
