"""The log of corporate actions: splits and dividends, each once, in the money ledger."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from backend.domain.actions import CorporateAction, Dividend, Split
from backend.domain.instruments import InstrumentId
from backend.storage.connection import Connection
from backend.storage.ledger import Ledger

_SELECT: Final = "SELECT ex_ns, kind, value FROM corporate_actions WHERE instrument = ? ORDER BY ex_ns, kind"
_ADD: Final = """
    INSERT INTO corporate_actions (instrument, ex_ns, kind, value) VALUES (?, ?, ?, ?)
    ON CONFLICT (instrument, ex_ns, kind) DO UPDATE SET value = excluded.value WHERE value != excluded.value
"""
_REMOVE: Final = "DELETE FROM corporate_actions WHERE instrument = ? AND ex_ns = ? AND kind = ?"


class ActionLog:
    """Splits and dividends of every instrument: one of a kind an instrument and ex date."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def add(self, actions: Iterable[CorporateAction]) -> int:
        """Record actions, each replacing one of its kind on the same ex date; how many changed the log."""
        told = tuple(actions)
        return await self._ledger.write(lambda c: save_actions(c, told)) if told else 0

    async def remove(self, action: CorporateAction) -> bool:
        """Forget an action; whether there was one of its kind on its ex date."""
        return await self._ledger.write(lambda c: c.execute(_REMOVE, _key_of(action)).rowcount > 0)

    async def list(self, instrument: InstrumentId) -> tuple[CorporateAction, ...]:
        """The actions of an instrument, by ex date."""
        rows = await self._ledger.read(lambda c: c.execute(_SELECT, (str(instrument),)).fetchall())
        return tuple(
            Split(instrument, ex_ns, Decimal(value)) if kind == "split" else Dividend(instrument, ex_ns, Decimal(value))
            for ex_ns, kind, value in rows
        )


def save_actions(connection: Connection, actions: Iterable[CorporateAction]) -> int:
    """Record actions inside the running transaction; how many changed the log."""
    rows = [(*_key_of(action), str(_value_of(action))) for action in actions]
    return sum(connection.execute(_ADD, row).rowcount for row in rows)


def _key_of(action: CorporateAction) -> tuple[str, int, str]:
    return str(action.instrument), action.ex_ns, "split" if isinstance(action, Split) else "dividend"


def _value_of(action: CorporateAction) -> Decimal:
    return action.ratio if isinstance(action, Split) else action.amount
