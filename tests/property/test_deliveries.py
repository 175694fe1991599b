"""Random firings, answers, restarts and clock jumps: no delivery is missed, and none is doubled without saying so."""

import re
from random import Random

import pytest

from backend.delivery.channel import Rate
from backend.delivery.delivery import DeliveryState
from tests.fakes.delivering import SETTLED, delivering, firing, phone
from tests.fakes.sinks import Answer, http_sink

REPEATED = "This message may have been sent before."
FAILURES = (Answer(500), Answer(503, headers={"Retry-After": "40"}), Answer(429), Answer(breaks=True))


def counted(sink):
    """Which firings each accepted message told, newest five or the only one, and of how many it said that it tells."""
    told = []
    for received in sink.received:
        text = received.json["message"]
        n = re.match(r"(\d+) alerts fired", text)
        told.append((int(n[1]) if n else 1, REPEATED in text))
    return told


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_every_firing_is_told(home, clock, seed):
    draw, n_fired = Random(seed), 0
    with http_sink() as sink:
        for _ in range(4):
            async with delivering(home, clock) as d:
                await d.deliveries.put_channel(phone(sink.address(), roll_up_s=draw.choice([0, 20]), rate=Rate(20, 1)))
                for _ in range(draw.randrange(1, 6)):
                    sink.answers = [draw.choice(FAILURES) if draw.random() < 0.5 else Answer(), Answer()]
                    n_new = draw.choice([1, 1, 2, 30])
                    burst = [firing(n, at_ns=clock.now_ns() + n) for n in range(n_fired, n_fired + n_new)]
                    n_fired += n_new
                    await d.fire_all(burst + burst[:1])
                    if draw.random() < 0.2:
                        clock.jump(clock.now_ns() + round(draw.uniform(-3600, 3600)) * 10**9)
                    if draw.random() < 0.7:
                        await d.at_rest()
                    await d.advance(draw.choice([0, 1, 6, 30]))
        sink.answers = [Answer()]
        async with delivering(home, clock) as d:
            for _ in range(200):
                await d.advance(60)
                await d.at_rest()
                if all(one.state in SETTLED for one in await d.deliveries.list(5_000)):
                    break
            found = await d.deliveries.list(5_000)
        assert {one.firing for one in found} == {f"f{n}" for n in range(n_fired)}
        assert len(found) == n_fired
        assert {one.state for one in found} <= {DeliveryState.SENT, DeliveryState.ROLLED_UP}
        for one in found:
            outcomes = [attempt.outcome for attempt in one.attempts]
            assert outcomes.count("sent") == 1
            assert outcomes[-1] == "sent"
            assert ("unknown" in outcomes) == one.may_repeat
        assert sum(n for n, _ in counted(sink)) >= n_fired
        leaders = {one.told_by or one.id for one in found}
        sent = [one for one in found if one.state is DeliveryState.SENT]
        assert leaders == {one.id for one in sent}
