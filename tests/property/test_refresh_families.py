"""Refresh tokens under any order of renewals, lost answers, retries, thefts, wrong clocks and restarts, against a plain model.

Whatever happens a family has one live token or has ended, an honest retry is never logged out, and a copy used late ends it.
"""

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sync_server.accounts.families import GRACE_MS, Uses
from sync_server.errors import Refused
from sync_server.protocol.codes import Code
from tests.fakes.accounts_house import House, accounts_house


@dataclass
class Token:
    """What the model knows of one token: its successor, and when it gave that."""

    successor: str = ""
    used_wall_ms: int = 0
    used_steady_ms: int | None = None


class Family(RuleBasedStateMachine):
    """One session of an honest device, and a thief who copies whatever token there ever was."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.context = accounts_house(f"sqlite:///{self.folder.name}/server.db", Path(self.folder.name))
        self.house: House = self.runner.run(self.context.__aenter__())
        self.tokens: dict[str, Token] = {}
        self.is_ended = self.was_stolen = False
        self.has_lost_answer_ms: int | None = None  # steady time of an honest request whose answer was lost

    def teardown(self) -> None:
        self.runner.run(self.context.__aexit__(None, None, None))
        self.runner.close()
        self.folder.cleanup()

    @initialize()
    def sign_in(self):
        self.runner.run(self.house.owner())
        tokens = self.runner.run(self.house.signed_in("olga@example.org", "laptop-1"))
        self.session, self.held = tokens.session, tokens.refresh
        self.tokens[self.held] = Token()

    def present(self, token):
        """Show a token to the server; what it gives must be what the model says. The successor, or empty."""
        clock, known = self.house.clock, self.tokens[token]
        if self.is_ended:
            expected = "ended"
        elif not known.successor:
            expected = "rotate"
        else:
            age_ms = (
                abs(clock.now_ms() - known.used_wall_ms)
                if known.used_steady_ms is None
                else clock.steady_ms() - known.used_steady_ms
            )
            is_newest = not self.tokens[known.successor].successor
            expected = ("again" if is_newest else "stale") if age_ms <= GRACE_MS else "reuse"
        given = self.runner.run(self.asked(token))
        if given is None:
            # What was used long ago is judged by the wall clock, which may have jumped to just that time: still nothing is given.
            is_forgotten = expected == "reuse" and abs(clock.now_ms() - known.used_wall_ms) <= GRACE_MS
            assert expected == "stale" or is_forgotten
            return ""
        if not given:
            assert expected in ("ended", "reuse")
            self.is_ended = True
            return ""
        if expected == "again":
            assert given == known.successor
        else:
            assert expected == "rotate"
            assert given not in self.tokens
            self.tokens[token] = Token(given, clock.now_ms(), clock.steady_ms())
            self.tokens[given] = Token()
        return given

    async def asked(self, token):
        """The server's answer; empty where it says that the session has ended, None where the successor is in use already."""
        try:
            return (await self.house.accounts.sessions.refresh(token)).refresh
        except Refused as refused:
            return {Code.ENDED: "", Code.EXPIRED: None}[refused.code]

    @precondition(lambda self: self.has_lost_answer_ms is None)
    @rule(is_lost=st.booleans())
    def renew(self, is_lost):
        given = self.present(self.held)
        if is_lost and given:
            self.has_lost_answer_ms = self.house.clock.steady_ms()
        elif given:
            self.held = given

    @precondition(lambda self: self.has_lost_answer_ms is not None)
    @rule()
    def retry(self):
        """A device whose answer was lost asks again in time."""
        given = self.present(self.held)
        assert given or self.was_stolen, "An honest retry was logged out."
        if given:
            self.held, self.has_lost_answer_ms = given, None

    @rule(data=st.data())
    def steal(self, data):
        """Somebody shows a copy of any token there ever was."""
        token = list(self.tokens)[data.draw(st.integers(0, len(self.tokens) - 1))]  # by age: tokens themselves are random
        known = self.tokens[token]
        self.was_stolen = self.was_stolen or token != self.held or not known.successor
        self.present(token)

    @rule(by_ms=st.integers(0, 15_000))
    def let_time_pass(self, by_ms):
        if self.has_lost_answer_ms is not None:
            left_ms = GRACE_MS - (self.house.clock.steady_ms() - self.has_lost_answer_ms)
            by_ms = min(by_ms, left_ms)
        self.house.clock.advance(by_ms)

    @precondition(lambda self: all(token.used_steady_ms is not None for token in self.tokens.values() if token.successor))
    @rule(by_ms=st.integers(-3 * 24 * 3_600_000, 3 * 24 * 3_600_000))
    def set_the_clock_wrong(self, by_ms):
        """The wall clock jumps while the process remembers by steady time."""
        start_ms = 1_790_000_000_000 + self.house.clock.steady_ms()
        self.house.clock.jump(start_ms + by_ms)

    @rule()
    def restart(self):
        """A new process with a right clock: steady times are gone, the wall clock's have to do."""
        right_ms = 1_790_000_000_000 + self.house.clock.steady_ms()
        self.house.clock.jump(right_ms)
        self.house.accounts.sessions._uses = Uses(self.house.clock)
        for token in self.tokens.values():
            token.used_steady_ms = None
        if self.has_lost_answer_ms is not None:
            known = self.tokens[self.held]
            if abs(right_ms - known.used_wall_ms) > GRACE_MS:  # taken under a wrong clock, then a restart: seen as late
                self.was_stolen = True

    @invariant()
    def a_family_has_one_live_token_or_has_ended(self):
        async def counted():
            async with self.house.database.read() as tx:
                live = await tx.rows("SELECT hash FROM refreshes WHERE session = $1 AND used_ms IS NULL", self.session)
                ended = await tx.row("SELECT ended_ms FROM sessions WHERE id = $1", self.session)
                return len(live), bool(ended[0])

        if self.tokens:
            n_live, is_ended = self.runner.run(counted())
            assert n_live == 1
            assert is_ended is self.is_ended
            assert self.was_stolen or not is_ended


Family.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestRefreshFamilies = Family.TestCase
