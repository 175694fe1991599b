"""Who stands in for a model that is too slow: a smaller one that is no less fit, and none where the person wants none."""

from dataclasses import replace

import pytest

from backend.assistant.all_writers import AllWriters
from backend.assistant.answers import Answer, Mode, Phase, Provenance, Question, Reach
from backend.assistant.engines.engine import Done, EngineState, EngineStats, Finish, Loaded, Message, Request, Role, Text
from backend.assistant.models.model import Examined, ModelCard, Standing
from backend.assistant.pace import REST_NS, Pace
from backend.assistant.routing import decide
from backend.assistant.stand_ins import StandIns, smaller
from backend.clock import ManualClock

FIT = Examined(Mode.FAST, True, "", 100.0, 30.0, 1.0, 1)
BIG = ModelCard("b" * 16, "Big 7B", "/b", "b" * 64, 7_000, has_template=True, standing=Standing.READY, examined=(FIT,))
MID = replace(BIG, id="m" * 16, name="Mid 3B", sha256="m" * 64, n_bytes=3_000)
SMALL = replace(BIG, id="s" * 16, name="Small 1B", sha256="s" * 64, n_bytes=1_000)
UNFIT = replace(MID, id="u" * 16, name="Weak 4B", n_bytes=4_000, examined=())


def test_the_biggest_of_the_smaller_ones_that_are_as_fit_is_taken():
    assert smaller((SMALL, BIG, UNFIT, MID), BIG, Mode.FAST) == MID
    assert smaller((UNFIT,), BIG, Mode.FAST) is None
    assert smaller((UNFIT,), replace(BIG, examined=()), Mode.FAST) == UNFIT
    assert smaller((UNFIT, SMALL), replace(BIG, examined=()), Mode.FAST) == SMALL
    assert smaller((BIG, replace(BIG, n_bytes=9_000)), BIG, Mode.FAST) is None


USELESS = [{"standing": Standing.REFUSED}, {"standing": Standing.UNTRIED}, {"is_embedding": True}, {"has_template": False}]


@pytest.mark.parametrize("change", USELESS)
def test_what_cannot_answer_stands_in_for_nobody(change):
    assert smaller((replace(SMALL, **change),), BIG, Mode.FAST) is None


class Room:
    """Keeps which card it was asked for, and answers with it."""

    def __init__(self):
        self.ready_for, self.written_by = [], []

    async def ready(self, mode, card=None):
        self.ready_for.append(card)
        held = card or BIG
        loaded = Loaded(held.name, held.path, held.sha256, 4_096, 1, 0, 2, 1, has_template=True, place="this process", load_s=0.0)
        return EngineStats(EngineState.READY, loaded)

    def stats(self):
        return EngineStats(EngineState.READY)

    async def generate(self, request, card=None):
        self.written_by.append((card or BIG).name)
        yield Text("Well.")
        yield Done(Finish.STOP, 1, 0, 1, 1.0, 2.0, 3.0)


class House:
    """The real writers, over a room and cards of a test, with a clock that it moves."""

    def __init__(self, cards=(BIG, MID, SMALL)):
        self.is_wanted, self.clock, self.room = True, ManualClock(0), Room()
        self.pace = Pace(self.clock)

        async def all_cards():
            return cards

        async def card_for(_mode):
            return BIG

        self.writers = AllWriters(self.room, card_for, {}, StandIns(all_cards, self.pace, lambda: self.is_wanted))

    def slow(self, model, wait_ms=1_900.0, n=3):
        done = Done(Finish.STOP, 10, 5, 100, wait_ms, wait_ms, 38.4)
        made = Provenance(Mode.FAST, model, first_token_ms=wait_ms, total_ms=2 * wait_ms, done=done)
        for _ in range(n):
            self.pace.note(Answer("a", "c", Question("?", Mode.FAST), Phase.DONE, provenance=made))

    async def route(self, mode=Mode.FAST):
        return decide(mode, "Hello", Reach.LOCAL_ONLY, await self.writers.candidates(mode), takes_unfit=True)


async def test_a_slow_model_gives_way_to_the_smaller_one_and_the_answer_says_so():
    house = House()
    assert [one.model for one in (await house.route()).candidates] == ["Big 7B"]
    house.slow("Big 7B")
    route = await house.route()
    assert [one.model for one in route.candidates] == ["Mid 3B", "Big 7B"]
    assert route.reason == "Big 7B was too slow here: 1.9 s to the first word; answered by Mid 3B."
    assert [one.model for one in (await house.route(Mode.DEEP)).candidates] == ["Big 7B"]

    assert await house.writers.ready(route.first, Mode.FAST) == MID.sha256
    request = Request("r", (Message(Role.USER, "Hello"),), mode="fast")
    assert [piece async for piece in house.writers.generate(route.first, request)]
    assert house.room.written_by == ["Mid 3B"]


async def test_the_bigger_one_answers_again_after_its_rest():
    house = House()
    house.slow("Big 7B")
    house.clock.advance(REST_NS)
    route = await house.route()
    assert [one.model for one in route.candidates] == ["Big 7B"]
    assert "too slow" not in route.reason


async def test_a_smaller_one_that_is_too_slow_as_well_is_passed_over():
    house = House()
    house.slow("Big 7B")
    house.slow("Mid 3B", 800.0)
    assert (await house.route()).first.model == "Small 1B"
    house.slow("Small 1B", 700.0)
    assert [one.model for one in (await house.route()).candidates] == ["Big 7B"]


async def test_nobody_stands_in_where_the_person_wants_none_or_nothing_smaller_is_there():
    house = House()
    house.slow("Big 7B")
    house.is_wanted = False
    assert [one.model for one in (await house.route()).candidates] == ["Big 7B"]
    alone = House((BIG,))
    alone.slow("Big 7B")
    assert (await alone.route()).candidates[0].slow_ms == 0


async def test_an_answer_of_the_bigger_one_after_all_does_not_claim_to_be_the_smaller_ones():
    house = House()
    house.slow("Big 7B")
    route = await house.route()
    said = route.reason_for(route.candidates[1])
    assert said == "Mid 3B was asked first, and what came of it would not do; answered by Big 7B."
    assert route.reason_for(route.candidates[0]) == route.reason
