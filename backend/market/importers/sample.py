"""The head of a table as text, cut into cells: what recognition looks at, whatever the format."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from backend.errors import InvalidInput
from backend.market.importers.columns import known_name
from backend.market.importers.limits import COLUMNS_MAX, SAMPLE_ROWS
from backend.market.importers.numbers import looks_like_number
from backend.market.importers.plan import Choices, FileFormat, PlanNote
from backend.market.importers.text_rows import split_line
from backend.market.importers.time_shapes import looks_like_time

DELIMITERS: Final = ("\t", ";", "|", ",", " ")
DELIMITER_NAMES: Final = {"\t": "tab", ";": "semicolon", "|": "bar", ",": "comma", " ": "blank"}
_TRIED_LINES: Final = 200
_GOOD_SCORE: Final = 0.35
_MIN_SHARE: Final = 0.5


@dataclass(slots=True)
class TableSample:
    """The first rows of a table, and its last ones where they are cheap to get.

    names : of the columns, None where the table has none
    header_row, first_row : 1-based lines of a text table, else 0 and 1
    """

    format: FileFormat
    names: tuple[str, ...] | None
    rows: list[list[str]]
    tail: list[list[str]] = field(default_factory=list)
    delimiter: str = ","
    header_row: int = 0
    first_row: int = 1
    notes: list[PlanNote] = field(default_factory=list)

    @property
    def n_columns(self) -> int:
        """Cells in a full row."""
        widths = Counter(len(row) for row in self.rows)
        return widths.most_common(1)[0][0] if widths else len(self.names or ())

    @property
    def all_rows(self) -> list[list[str]]:
        """Head and tail together."""
        return self.rows + self.tail


def cut_text(head: str, tail: str, choices: Choices, *, is_whole: bool) -> TableSample:
    """Find delimiter, column names and rows of a text table. Raises InvalidInput where there is no table.

    is_whole : whether ``head`` is all of the file, so that its last line is complete
    """
    lines = head.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not is_whole and len(lines) > 1:
        lines.pop()
    lines = lines[: SAMPLE_ROWS + _TRIED_LINES]
    if not any(line.strip() for line in lines):
        raise InvalidInput("The file is empty.", hint="Choose a file that holds bars.", code="import.empty")
    delimiter, note = _choose_delimiter(lines, choices)
    width = _usual_width(lines, delimiter)
    if width > COLUMNS_MAX:
        raise InvalidInput(
            f"The table has {width} columns.", hint=f"At most {COLUMNS_MAX} are read.", code="import.too_many_columns"
        )
    cut = [split_line(line, delimiter) for line in lines]
    header_row, first_row = _find_header(cut, width, choices)
    names = tuple(cell.strip() for cell in cut[header_row - 1]) if header_row else None
    rows = [row for row, line in zip(cut[first_row - 1 :], lines[first_row - 1 :], strict=True) if line.strip()]
    tail_lines = tail.replace("\r\n", "\n").replace("\r", "\n").split("\n")[1:]
    tail_rows = [row for line in tail_lines if len(row := split_line(line, delimiter)) == width]
    sample = TableSample(FileFormat.TEXT, names, rows[:SAMPLE_ROWS], tail_rows, delimiter, header_row, first_row, [note])
    sample.notes.append(_header_note(header_row, choices))
    return sample


def cut_rows(rows: list[list[str]], format_: FileFormat, choices: Choices) -> TableSample:
    """Find column names and rows of a sheet, given its first rows from row 1. Raises InvalidInput where there is no table."""
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if not filled:
        raise InvalidInput("The sheet is empty.", hint="Choose a sheet that holds bars.", code="import.empty")
    width = len(filled[0])
    header_row, first_row = _find_header(rows, width, choices)
    names = tuple(cell.strip() for cell in rows[header_row - 1]) if header_row else None
    body = [row for row in rows[first_row - 1 :] if any(cell.strip() for cell in row)]
    if not body:
        raise _no_rows()
    return TableSample(
        format_, names, body[:SAMPLE_ROWS], header_row=header_row, first_row=first_row, notes=[_header_note(header_row, choices)]
    )


def _header_note(header_row: int, choices: Choices) -> PlanNote:
    words = f"line {header_row}" if header_row else "none"
    reason = "its cells are names" if header_row else "the first line already holds values"
    return PlanNote("column names", words, reason if choices.header_row is None else "chosen")


def _choose_delimiter(lines: Sequence[str], choices: Choices) -> tuple[str, PlanNote]:
    if choices.delimiter is not None:
        delimiter = {"tab": "\t", "\\t": "\t", "space": " "}.get(choices.delimiter, choices.delimiter)
        if len(delimiter) != 1 or delimiter in '"\r\n' or not delimiter.isascii():
            raise InvalidInput(
                f"{choices.delimiter!r} cannot separate columns.",
                hint="Use one character, such as , ; | or tab.",
                code="import.delimiter",
            )
        return delimiter, PlanNote("delimiter", DELIMITER_NAMES.get(delimiter, delimiter), "chosen")
    first = next(line for line in lines if line.strip()).strip().lower()
    if first.startswith("sep=") and len(first) == 5:
        return first[4], PlanNote("delimiter", DELIMITER_NAMES.get(first[4], first[4]), "the first line says so")
    tried = [line for line in lines if line.strip()][:_TRIED_LINES]
    scores = {delimiter: _score(tried, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda d: scores[d])
    if scores[best] < _GOOD_SCORE:
        if any(_are_names(split_line(line, delimiter), 0) for delimiter in DELIMITERS for line in tried):
            raise InvalidInput(
                "The table has column names and no rows.", hint="Choose a file that holds bars.", code="import.no_rows"
            )
        raise InvalidInput(
            "No columns of dates and numbers were found in this text.",
            hint="A table needs at least a time and a price in each line, separated by commas, semicolons, tabs, bars or blanks.",
            code="import.no_columns",
        )
    others = sorted((score for delimiter, score in scores.items() if delimiter != best), reverse=True)
    reason = f"it cuts {_share_of_width(tried, best):.0%} of the lines into {_usual_width(tried, best)} columns"
    return best, PlanNote("delimiter", DELIMITER_NAMES[best], reason, is_sure=scores[best] > others[0] + 0.1)


def _no_rows() -> InvalidInput:
    return InvalidInput("The table has column names and no rows.", hint="Choose a table that holds bars.", code="import.no_rows")


def _usual_width(lines: Sequence[str], delimiter: str) -> int:
    widths = Counter(len(split_line(line, delimiter)) for line in lines if line.strip())
    return max(widths, key=lambda width: (widths[width] if width > 1 else 0, width))


def _share_of_width(lines: Sequence[str], delimiter: str) -> float:
    width = _usual_width(lines, delimiter)
    return sum(len(split_line(line, delimiter)) == width for line in lines) / len(lines)


def _score(lines: Sequence[str], delimiter: str) -> float:
    """How well a delimiter explains the lines: alike widths, and cells that are numbers or times."""
    cut = [split_line(line, delimiter) for line in lines]
    widths = Counter(len(row) for row in cut)
    width = max(widths, key=lambda w: (widths[w] if w > 1 else 0, w))
    if width < 2:
        return 0.0
    rows = [row for row in cut if len(row) == width]
    body = rows[1:] or rows
    cells = [cell for row in body for cell in row]
    good = sum(not cell.strip() or looks_like_number(cell) or looks_like_time(cell) for cell in cells) / len(cells)
    filled = sum(bool(cell.strip()) for cell in cells) / len(cells)
    return len(rows) / len(lines) * good * min(1.0, 2 * filled)


def _find_header(rows: Sequence[Sequence[str]], width: int, choices: Choices) -> tuple[int, int]:
    """1-based lines of the names (0 for none) and of the first row."""
    if choices.header_row is not None:
        if not 0 <= choices.header_row <= len(rows):
            raise InvalidInput(
                f"Line {choices.header_row} is not among the first {len(rows)} lines.",
                hint="Use 0 for no names.",
                code="import.header",
            )
        if choices.header_row:
            return choices.header_row, choices.header_row + 1
        return 0, next((i for i, cells in enumerate(rows, 1) if len(cells) == width and _are_values(cells)), 1)
    for i, cells in enumerate(rows, start=1):
        if _are_names(cells, width):
            return i, i + 1
        if len(cells) == width and _are_values(cells):
            return 0, i
    return 0, 1


def _are_values(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    good = sum(looks_like_number(cell) or looks_like_time(cell) for cell in filled)
    return bool(filled) and good >= _MIN_SHARE * len(filled)


def _are_names(cells: Sequence[str], width: int) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    if len(filled) < 2 or any(looks_like_number(cell) for cell in filled):
        return False
    if sum(known_name(cell) for cell in filled) >= 2:
        return True
    return len(cells) == width and not any(looks_like_time(cell) for cell in filled)
