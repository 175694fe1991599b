"""Splits and dividends that a file tells: in columns of their own, or through its adjusted closes."""

from decimal import Decimal
from typing import Final

import numpy as np

from backend.domain.actions import CorporateAction, Dividend, Split
from backend.domain.bars import BarSpec, Float64s, Int64s
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput
from backend.market.adjust import infer_actions
from backend.market.importers.checks import Judged
from backend.market.importers.plan import Role

_DAY: Final = BarSpec.parse("1d")
_ROWS_MAX: Final = 250_000
_AMOUNT_DIGITS: Final = 8
_JUMP_SHARE: Final = 0.5


class ActionFinder:
    """Collects the columns of daily rows that tell actions, and reads the actions from them in the end."""

    def __init__(self, instrument: InstrumentId, spec: BarSpec, roles: frozenset[Role]) -> None:
        self.remarks: list[str] = []
        self._instrument = instrument
        self._is_wanted = spec == _DAY
        self._tells = bool(roles & {Role.ADJUSTED, Role.DIVIDEND, Role.SPLIT})
        self._pieces: list[tuple[Int64s, Float64s, dict[Role, Float64s]]] = []
        self._n_rows = 0
        if not self._is_wanted and Role.ADJUSTED in roles:
            self.remarks.append(f"The adjusted closes were not used: splits and dividends are told by days, not by bars of {spec}.")

    def take(self, judged: Judged) -> None:
        """Keep the columns of some rows."""
        if not self._is_wanted:
            return
        self._n_rows += len(judged.bars)
        if self._n_rows > _ROWS_MAX:
            self._is_wanted = False
            self._pieces.clear()
            if self._tells:
                self.remarks.append(f"The adjusted closes were not used: no instrument has more than {_ROWS_MAX:,} days.")
            return
        self._pieces.append((judged.bars.event_ns, judged.bars.close, judged.extras))

    def find(self, layout: str) -> tuple[CorporateAction, ...]:
        """Every action that the rows tell, oldest first."""
        if not self._tells or not self._pieces:
            return ()
        pieces = sorted(self._pieces, key=lambda piece: int(piece[0][0]))
        labels = np.concatenate([piece[0] for piece in pieces])
        closes = np.concatenate([piece[1] for piece in pieces])
        columns = {role: np.concatenate([piece[2][role] for piece in pieces]) for role in pieces[0][2]}
        if Role.DIVIDEND in columns or Role.SPLIT in columns:
            return self._told(labels, columns)
        found = self._inferred(labels, closes, columns[Role.ADJUSTED])
        if layout == "Yahoo" and not any(isinstance(action, Split) for action in found):
            self.remarks.append(
                "No split was found in the adjusted closes. Yahoo's own files correct open, high, low and close for splits already."
            )
        return found

    def _inferred(self, labels: Int64s, closes: Float64s, adjusted: Float64s) -> tuple[CorporateAction, ...]:
        chosen = (closes > 0) & (adjusted > 0)
        try:
            found = infer_actions(self._instrument, labels[chosen], closes[chosen], adjusted[chosen])
        except InvalidInput as e:
            self.remarks.append(f"The adjusted closes tell no splits and dividends: {e.message}")
            return ()
        if found:
            self.remarks.append(f"{len(found)} splits and dividends were computed from the adjusted closes; stored prices are raw.")
        return found

    def _told(self, labels: Int64s, columns: dict[Role, Float64s]) -> tuple[CorporateAction, ...]:
        found: list[CorporateAction] = []
        for role, neutral in ((Role.SPLIT, (0.0, 1.0)), (Role.DIVIDEND, (0.0,))):
            column = columns.get(role)
            if column is None:
                continue
            for row in np.flatnonzero(np.isfinite(column) & ~np.isin(column, neutral) & (column > 0)).tolist():
                value = round(Decimal(repr(float(column[row]))), _AMOUNT_DIGITS).normalize()
                if value > 0:
                    kind = Split if role is Role.SPLIT else Dividend
                    found.append(kind(self._instrument, int(labels[row]), value))
        if found:
            self.remarks.append(f"{len(found)} splits and dividends stand in columns of their own.")
        return tuple(sorted(found, key=lambda action: (action.ex_ns, isinstance(action, Dividend))))

    def check_known(self, known: tuple[CorporateAction, ...]) -> None:
        """Remark where a split that is known left no trace: the file's prices are then corrected for it already."""
        if not self._pieces:
            return
        pieces = sorted(self._pieces, key=lambda piece: int(piece[0][0]))
        labels = np.concatenate([piece[0] for piece in pieces])
        closes = np.concatenate([piece[1] for piece in pieces])
        for action in known:
            row = int(np.searchsorted(labels, action.ex_ns))
            if not isinstance(action, Split) or not 0 < row < len(labels) or not closes[row - 1] > 0 < closes[row]:
                continue
            jump = abs(np.log(closes[row - 1] / closes[row]))
            if jump < _JUMP_SHARE * abs(float(np.log(float(action.ratio)))):
                day = np.datetime64(action.ex_ns, "ns").astype("datetime64[D]")
                self.remarks.append(
                    f"The prices seem corrected for the split of {day} by {action.ratio} already; raw prices would jump."
                )
