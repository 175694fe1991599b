"""What services cost: each call counted in the words ledger, against a budget for the calendar month."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from backend.assistant.engines.engine import Done
from backend.clock import Clock
from backend.storage.connection import Connection
from backend.storage.ledger import Ledger

# US$ for a million tokens read and written, as the services' lists told them in November 2025; the dearest stands for the rest.
PRICES: Final = {"gpt-5": (1.25, 10.0), "gpt-5-mini": (0.25, 2.0), "claude-sonnet-4-5": (3.0, 15.0), "claude-haiku-4-5": (1.0, 5.0)}
DEAREST: Final = (15.0, 75.0)


@dataclass(frozen=True, slots=True)
class Spent:
    """What one service cost in one month."""

    month: str
    service: str
    n_calls: int
    n_prompt: int
    n_generated: int
    cost_usd: float


def cost_usd(model: str, n_prompt: int, n_generated: int) -> float:
    """What a call costs: by the longest known name that the model's begins with, else by the dearest list."""
    known = sorted((name for name in PRICES if model.startswith(name)), key=len)
    read, written = PRICES[known[-1]] if known else DEAREST
    return (n_prompt * read + n_generated * written) / 1e6


class Spending:
    """Lives on the engine loop; ``spent_usd`` is at hand after ``begin``."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._month = ""
        self._spent_usd = 0.0

    async def begin(self) -> None:
        """Read what this month has cost so far."""
        month = self.month
        self._spent_usd = sum(one.cost_usd for one in await self.months(month))
        self._month = month

    @property
    def month(self) -> str:
        """The calendar month that runs, UTC, as "2026-11"."""
        return str(np.datetime64(self._clock.now_ns(), "ns").astype("datetime64[M]"))

    @property
    def spent_usd(self) -> float:
        """What this month has cost."""
        return self._spent_usd if self._month == self.month else 0.0

    def is_within(self, budget_usd: float) -> bool:
        """Whether another call may be made."""
        return self.spent_usd < budget_usd

    async def note(self, service: str, model: str, done: Done) -> float:
        """Count a call; what it cost."""
        cost = cost_usd(model, done.n_prompt, done.n_generated)
        row = (self.month, service, done.n_prompt, done.n_generated, cost)
        self._spent_usd, self._month = self.spent_usd + cost, self.month
        await self._ledger.write(lambda db: _note(db, row))
        return cost

    async def months(self, month: str = "") -> tuple[Spent, ...]:
        """What each month and service cost, newest first; of one month where it is named."""
        return await self._ledger.read(lambda db: _load(db, month))


def _note(db: Connection, row: tuple[str, str, int, int, float]) -> None:
    db.execute(
        "INSERT INTO assistant_spending (month, service, n_calls, n_prompt, n_generated, cost_usd) VALUES (?, ?, 1, ?, ?, ?) "
        "ON CONFLICT (month, service) DO UPDATE SET n_calls = n_calls + 1, n_prompt = n_prompt + excluded.n_prompt, "
        "n_generated = n_generated + excluded.n_generated, cost_usd = cost_usd + excluded.cost_usd",
        row,
    )


def _load(db: Connection, month: str) -> tuple[Spent, ...]:
    rows = db.execute(
        "SELECT month, service, n_calls, n_prompt, n_generated, cost_usd FROM assistant_spending "
        "WHERE ? = '' OR month = ? ORDER BY month DESC, service",
        (month, month),
    ).fetchall()
    return tuple(Spent(*row) for row in rows)
