"""Faults that happen by themselves, in an order drawn from a seed."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from backend.simulator.bad_frames import Harm
from backend.simulator.faults import Faults
from backend.simulator.market import Market

_CALM_S: Final = 1.0  # between two mishaps, at least


@dataclass(frozen=True, slots=True)
class Target:
    """A server that mishaps may happen to: its name, its plans, and how it refuses a number of calls with a status."""

    name: str
    faults: Faults
    refuse: Callable[[int, int], None]


class Mishaps:
    """Lets about ``per_minute`` faults happen; ``tell`` hears each in words. The same seed gives the same ones in order."""

    def __init__(
        self, targets: Sequence[Target], market: Market, seed: int, per_minute: float, tell: Callable[[str], None]
    ) -> None:
        self._targets = targets
        self._market = market
        self._rng = random.Random(f"mishaps {seed}")  # noqa: S311 - a simulated venue, no secret
        self._per_minute = per_minute
        self._tell = tell

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            await asyncio.sleep(_CALM_S + self._rng.expovariate(self._per_minute / 60))
            await self.happen()

    async def happen(self) -> str:
        """One mishap now; what it is, in words."""
        target, n = self._rng.choice(self._targets), self._rng.randint(1, 5)
        kind = self._rng.choice((*Harm, "drop", "repeat", "swap", "cut", "close", "stall", "burst", "refuse", "ban", "deaf"))
        words = f"{target.name}: {await self._carry_out(kind, target, n)}"
        self._tell(words)
        return words

    async def _carry_out(self, kind: Harm | str, target: Target, n: int) -> str:
        faults = target.faults
        if isinstance(kind, Harm):
            faults.harm_next(kind, n)
            return f"the next {n} messages are {kind.value}"
        if kind in ("cut", "close"):
            ended = await faults.disconnect(None if kind == "cut" else 1012, "" if kind == "cut" else "service restart")
            return f"{ended} connections {'cut off' if kind == 'cut' else 'closed'}"
        if kind == "burst":
            self._market.burst(max(self._market.rate, 1.0) * 20, n)
            return f"twenty times the trades for {n} s"
        return self._plan(kind, target, n)

    def _plan(self, kind: str, target: Target, n: int) -> str:
        faults = target.faults
        plans: dict[str, tuple[Callable[[], None], str]] = {
            "drop": (lambda: faults.drop_next(10 * n), f"the next {10 * n} messages are lost"),
            "repeat": (lambda: faults.repeat_next(n), f"the next {n} messages come twice"),
            "swap": (lambda: faults.swap_next(n), f"the next {n} messages come late"),
            "stall": (lambda: faults.stall(5.0 * n), f"no data for {5 * n} s"),
            "refuse": (lambda: target.refuse(n, 429), f"the next {n} requests are over the limit"),
            "ban": (lambda: target.refuse(n, 418), f"the next {n} requests are banned"),
            "deaf": (lambda: faults.refuse_handshakes(503, n), f"the next {n} handshakes are turned away"),
        }
        act, words = plans[kind]
        act()
        return words
