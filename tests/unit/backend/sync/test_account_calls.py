"""What a desktop says to a server about its account."""

import asyncio

import pytest

from backend.errors import Unavailable
from backend.sync import account_calls as calls

PAIR = {"access": "a.b.c", "refresh": "next", "session": "s", "user": "u"}


class LosesAnswers:
    """A server that got each question, and whose first answers never arrive."""

    url = "https://team.example"

    def __init__(self, n_lost: int) -> None:
        self.asked: list[object] = []
        self._n_lost = n_lost

    async def call(self, _method: str, _path: str, body: object) -> dict[str, str]:
        self.asked.append(body)
        if len(self.asked) <= self._n_lost:
            await asyncio.Event().wait()
        return PAIR


async def test_a_renewal_whose_answer_was_lost_is_asked_for_again_with_the_same_token_within_the_grace(monkeypatch):
    assert sum(calls.RENEW_S) < 10  # the server's grace
    monkeypatch.setattr(calls, "RENEW_S", (0.05, 5.0))
    api = LosesAnswers(1)
    granted = await calls.renew(api, "spent")
    assert granted.refresh == "next"
    assert api.asked == [{"refresh": "spent"}] * 2


async def test_a_server_that_answers_no_renewal_is_unreachable(monkeypatch):
    monkeypatch.setattr(calls, "RENEW_S", (0.02, 0.02))
    with pytest.raises(Unavailable, match="does not answer"):
        await calls.renew(LosesAnswers(9), "spent")
