"""How operations leave: a few pushes in flight at a time, each within what the server takes, fewer while it takes less."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sync_server.protocol.actions import Action, DropOp, SaveSettled, Send
from sync_server.protocol.events import Op
from sync_server.protocol.limits import Limits
from sync_server.protocol.messages import Err, Push, Res
from sync_server.protocol.outbox import Outbox, Outcome

MAX_PUSHES: Final = 4
PATIENCE_MS: Final = 10_000  # a result that has not come by then is asked for by sending again
PAUSE_MS: Final = 1_000  # after a push that could not be served


@dataclass(frozen=True, slots=True)
class _Pushed:
    ops: tuple[Op, ...]
    since_ms: int


class Sending:
    """The pushes in flight. After one that was limited the next is as small as what was taken, and doubles with each success."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._pushes: dict[int, _Pushed] = {}
        self._late: dict[int, _Pushed] = {}  # sent again meanwhile; what is still said of them is believed
        self._n_ops = Limits().ops
        self._slow_until_ms = 0
        self.n_overdue = 0  # rounds of pushes in a row that nobody answered

    def pump(self, next_rid: Callable[[], int], limits: Limits, now_ms: int) -> list[Action]:
        """Send what may be sent, and again what was not answered in time."""
        actions: list[Action] = []
        overdue = [(rid, pushed) for rid, pushed in self._pushes.items() if pushed.since_ms + PATIENCE_MS <= now_ms]
        self.n_overdue += bool(overdue)
        for rid, pushed in overdue:
            self._late[rid] = self._pushes.pop(rid)
            actions += self._outbox.fall_back(pushed.ops)
        while len(self._pushes) < MAX_PUSHES and self._slow_until_ms <= now_ms:
            ops, refused = self._outbox.window(now_ms, min(self._n_ops, limits.ops), limits.frame)
            if refused:
                actions.append(SaveSettled(refused))
            if not ops:
                break
            rid = next_rid()
            self._pushes[rid] = _Pushed(ops, now_ms)
            actions.append(Send(Push(rid, ops)))
        return actions

    def results(self, res: Res, limits: Limits, now_ms: int) -> tuple[Outcome, list[Action]]:
        """What became of a push: what it came to, and what to save of it."""
        pushed = self._pushes.pop(res.rid, None) or self._late.pop(res.rid, None)
        outcome = self._outbox.results(res.ops, pushed.ops if pushed else (), now_ms)
        if outcome.slow_ms:
            self._slow_until_ms = max(self._slow_until_ms, now_ms + outcome.slow_ms)
            self._n_ops = max(1, outcome.n_decided)
        elif pushed and outcome.n_decided == len(pushed.ops):
            self._n_ops = min(self._n_ops * 2, limits.ops)
        settled: list[Action] = [SaveSettled(outcome.settled)] if outcome.settled else []
        return outcome, [*settled, *(DropOp(op.id) for op in outcome.dropped), *outcome.renumbered]

    def error(self, err: Err, now_ms: int) -> list[Action] | None:
        """A push that the server could not serve: later, and smaller. None where the message was no push."""
        pushed = self._pushes.pop(err.rid, None)
        if pushed is None:
            return None
        self._slow_until_ms = max(self._slow_until_ms, now_ms + max(err.after, PAUSE_MS))
        self._n_ops = max(1, len(pushed.ops) // 2)
        return list(self._outbox.fall_back(pushed.ops))

    def lost(self) -> list[Action]:
        """The connection is gone: what flew waits again."""
        renumbered = [found for pushed in self._pushes.values() for found in self._outbox.fall_back(pushed.ops)]
        self._pushes.clear()
        self._late.clear()
        self.n_overdue = 0
        return list(renumbered)

    def next_ms(self, now_ms: int) -> int | None:
        """When to look again; None for never."""
        times = [pushed.since_ms + PATIENCE_MS for pushed in self._pushes.values()]
        if self._slow_until_ms > now_ms and self._outbox.n_waiting:
            times.append(self._slow_until_ms)
        if (free_ms := self._outbox.next_ms(now_ms)) is not None:
            times.append(free_ms)
        return min(times, default=None)
