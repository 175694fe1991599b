"""The values that conditions look at, of whichever instrument, told bar by bar."""

from typing import Final

from backend.assistant.questions.frames import Frame, rows_beside
from backend.assistant.questions.plan import N_ROWS_MAX, Condition, Number, Operand, Plan
from backend.assistant.questions.reckoning import compute_value, seen_by
from backend.assistant.questions.telling import FactBook, operand_words
from backend.assistant.questions.told import capital
from backend.domain.bars import Int64s

_COLUMNS_MAX: Final = 4


class Column:
    """A value of an instrument at the bars of ``beside``; no instrument for that of ``beside`` itself."""

    def __init__(self, condition: Condition, side: Operand, beside: Frame) -> None:
        own = beside.of(condition.instrument)
        self._instrument = condition.instrument
        self._side = side
        self._frame = seen_by(condition, own)
        self._rows = rows_beside(beside, own)
        self._values = compute_value(side, self._frame)
        self._as_traded = "" if self._frame is own else " as traded"

    def words(self, book: FactBook) -> str:
        """What it is, and whose where an instrument is named."""
        whose = f" of {book.code(self._frame)}" if self._instrument else ""
        return f"{operand_words(self._side, book, self._frame)}{whose}{self._as_traded}"

    def at(self, row: int, book: FactBook) -> str:
        """The value at a bar, as a fact."""
        own = int(self._rows[row])
        return book.value("value", "Value", float(self._values[own]), self._side, (self._frame, own))


def columns_of(plan: Plan, frame: Frame) -> list[Column]:
    """The values that the conditions of a plan look at, each once."""
    columns: dict[object, Column] = {}
    for one in plan.where:
        for side in (one.left, one.right):
            if not isinstance(side, Number):
                own = frame.of(one.instrument)
                key = one.instrument, side, seen_by(one, own) is own
                columns.setdefault(key, Column(one, side, frame))
    return list(columns.values())


def listed(plan: Plan, frame: Frame, book: FactBook, rows: Int64s) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The newest of ``rows`` as a table with its heads."""
    columns = columns_of(plan, frame)[:_COLUMNS_MAX]
    heads = ("Date", *(capital(one.words(book)) for one in columns))
    return heads, [(book.day("Bar", frame, row), *(one.at(row, book) for one in columns)) for row in rows[-N_ROWS_MAX:].tolist()]
