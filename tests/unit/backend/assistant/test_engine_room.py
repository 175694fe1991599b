"""The room loads what a mode needs, serves a person first, says how it stands, and frees what is idle or in the way."""

import asyncio

import pytest

from backend.assistant.answers import Mode
from backend.assistant.engines.engine import EngineState, Finish, Message, Priority, Role
from backend.assistant.engines.hardware import GIB, Gpu, Hardware
from backend.assistant.engines.threads import choose_n_threads, count_cores
from backend.assistant.models.model import Standing
from backend.errors import InvalidInput, Unavailable
from backend.events import EngineChanged
from tests.fakes.engine_house import asking, open_house, said
from tests.fakes.waiting import until

MINUTE_NS = 60 * 10**9


async def test_a_question_loads_the_model_of_its_mode_and_is_answered(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        text, done = await said(house.room.generate(asking("say hello")))

        assert (text, done.finish, done.place) == ("hello", Finish.STOP, "this process")
        assert house.states == ["loading", "ready", "busy", "ready"]
        assert house.room.stats().loaded.name == "small"
        assert house.probed == []


async def test_a_mode_without_a_model_is_said_and_loads_nothing(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        assert await house.room.ready(Mode.DEEP) is None
        with pytest.raises(Unavailable, match="No model is chosen"):
            await said(house.room.generate(asking("say hello")))
        with pytest.raises(Unavailable, match="No model is loaded"):
            await house.room.count((Message(Role.USER, "a"),))
        assert house.engines == []
        assert house.room.stats().state is EngineState.EMPTY


async def test_a_model_that_is_loaded_is_not_loaded_again_and_another_takes_its_place(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        house.add(Mode.DEEP, "large")
        assert (await house.room.ready(Mode.FAST)).loaded.name == "small"
        await said(house.room.generate(asking("say a")))
        assert (await house.room.ready(Mode.DEEP)).loaded.name == "large"
        await said(house.room.generate(asking("say b", mode=Mode.FAST)))

        assert [line for line in house.engine.done if line.startswith("load")] == ["load small", "load large", "load small"]
        assert len(house.engines) == 1


async def test_loading_tells_an_estimate_and_its_progress(tmp_path, clock):
    async with open_house(tmp_path, clock, holds_loading=True) as house:
        house.add(Mode.FAST, "small")
        loading = asyncio.ensure_future(house.room.ready(Mode.FAST))
        await until(lambda: house.room.stats().figures.get("progress", 0.0) >= 0.3)
        assert house.room.stats().state is EngineState.LOADING
        assert house.room.stats().words == "Loading Small, about 1 s"
        house.engine.let_go()
        await loading

        told = [event.progress for event in house.events if isinstance(event, EngineChanged) and event.state == "loading"]
        assert told == sorted(told)
        assert len(told) < 20
        assert (tmp_path / "prefixes" / "load-times.json").exists()


async def test_a_question_that_is_given_up_leaves_the_loading_to_go_on_for_the_next(tmp_path, clock):
    async with open_house(tmp_path, clock, holds_loading=True) as house:
        house.add(Mode.FAST, "small")
        asked = asyncio.ensure_future(said(house.room.generate(asking("say a"))))
        await until(lambda: house.engines)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        house.engine.let_go()

        assert (await said(house.room.generate(asking("say b"))))[0] == "b"
        assert house.engine.done == ["load small", "one: say b"]


async def test_unloading_ends_a_loading(tmp_path, clock):
    async with open_house(tmp_path, clock, holds_loading=True) as house:
        house.add(Mode.FAST, "small")
        asked = asyncio.ensure_future(said(house.room.generate(asking("say a"))))
        await until(lambda: house.engines)
        await house.room.unload()

        with pytest.raises(Unavailable, match=r"unloaded while it answered|loading was ended"):
            await asked
        assert house.room.stats().state is EngineState.EMPTY


async def test_unloading_ends_a_trial(tmp_path, clock):
    async with open_house(tmp_path, clock, holds_trial=True) as house:
        house.add(Mode.FAST, "new", standing=Standing.UNTRIED)
        asked = asyncio.ensure_future(house.room.ready(Mode.FAST))
        await until(lambda: house.probed)
        assert house.room.stats().words == "Trying New in a process of its own"
        await house.room.unload()

        with pytest.raises(Unavailable, match=r"ended|unloaded"):
            await asked
        assert house.room.stats().state is EngineState.EMPTY
        assert house.engines == []


async def test_who_asks_while_an_idle_model_leaves_has_it_loaded_again(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        await house.room.ready(Mode.FAST)
        clock.advance(30 * MINUTE_NS)
        leaving = asyncio.ensure_future(house.room.tend())
        answer = asyncio.ensure_future(said(house.room.generate(asking("say here"))))
        await asyncio.gather(leaving, answer)

        assert answer.result()[0] == "here"


async def test_an_answer_under_way_says_that_the_model_was_unloaded(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        pieces = house.room.generate(asking("hold"))
        await anext(pieces)
        await house.room.unload()

        with pytest.raises(Unavailable, match="unloaded while it answered"):
            await anext(pieces)
        assert house.room.stats().state is EngineState.EMPTY
        assert (await said(house.room.generate(asking("say again"))))[0] == "again"


async def test_an_unknown_model_is_tried_apart_once_before_it_is_loaded(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "new", standing=Standing.UNTRIED)
        await house.room.ready(Mode.FAST)
        await house.room.unload()
        await house.room.ready(Mode.FAST)
        assert house.probed == ["new"]


async def test_a_model_that_fails_its_trial_is_never_loaded(tmp_path, clock):
    error = InvalidInput("It ended its process.", code="models.trial")
    async with open_house(tmp_path, clock, probe_error=error) as house:
        house.add(Mode.FAST, "bad", standing=Standing.UNTRIED)
        with pytest.raises(InvalidInput, match="ended its process"):
            await house.room.ready(Mode.FAST)
        house.add(Mode.FAST, "worse", standing=Standing.REFUSED, words="It hung.")
        with pytest.raises(InvalidInput, match="It hung"):
            await said(house.room.generate(asking("say a")))
        assert house.engines == []
        assert house.room.stats().state is EngineState.BROKEN
        assert house.room.stats().words == "It hung."


async def test_a_model_that_does_not_fit_is_refused_before_any_engine_is_asked(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.memory = house.memory.__class__(4, 16 * 2**30, 2**20)
        house.add(Mode.FAST, "small")
        with pytest.raises(Unavailable, match="needs about"):
            await house.room.ready(Mode.FAST)
        assert house.engines == []


async def test_a_model_that_does_not_load_leaves_the_room_ready_for_another(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "refused")
        with pytest.raises(InvalidInput, match="no model"):
            await house.room.ready(Mode.FAST)
        house.add(Mode.FAST, "small")
        assert (await said(house.room.generate(asking("say fine"))))[0] == "fine"


async def test_requests_are_served_one_at_a_time_a_person_first(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        first = house.room.generate(asking("hold", "first"))
        await anext(first)
        rest = [
            asyncio.ensure_future(said(house.room.generate(asking(f"say {name}", name, priority))))
            for name, priority in (("b", Priority.BATCH), ("a", Priority.ALERT), ("p", Priority.PERSON))
        ]
        await until(lambda: house.room.stats().n_waiting == 3)
        house.engine.let_go()
        await said(first)
        await asyncio.gather(*rest)

        assert house.engine.done[1:] == ["first: hold", "p: say p", "a: say a", "b: say b"]
        assert house.engine.n_running_max == 1
        assert house.room.stats().n_waiting == 0


async def test_a_batch_gives_way_to_a_person_and_is_given_whole_afterwards(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        batch = asyncio.ensure_future(said(house.room.generate(asking("hold", "batch", Priority.BATCH))))
        await until(lambda: house.engines and "batch: hold" in house.engine.done)
        assert (await said(house.room.generate(asking("say now", "person"))))[0] == "now"
        await until(lambda: house.engine.done.count("batch: hold") == 2)
        house.engine.let_go()

        text, done = await batch
        assert (text, done.finish) == ("held", Finish.STOP)  # once, though it was begun twice
        assert house.engine.done == ["load small", "batch: hold", "person: say now", "batch: hold"]


async def test_a_batch_that_is_cancelled_does_not_come_back(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        batch = asyncio.ensure_future(said(house.room.generate(asking("hold", "batch", Priority.BATCH))))
        await until(lambda: house.engines and "batch: hold" in house.engine.done)
        await house.room.cancel("batch")

        assert (await batch)[1].finish is Finish.CANCELLED
        assert house.engine.done.count("batch: hold") == 1


async def test_a_cancel_ends_what_waits_what_loads_and_what_is_written(tmp_path, clock):
    async with open_house(tmp_path, clock, holds_loading=True) as house:
        house.add(Mode.FAST, "small")
        loading = asyncio.ensure_future(said(house.room.generate(asking("say a", "loading"))))
        await until(lambda: house.engines)
        waiting = asyncio.ensure_future(said(house.room.generate(asking("say b", "waiting"))))
        await until(lambda: house.room.stats().n_waiting == 1)
        await house.room.cancel("waiting")
        await house.room.cancel("loading")
        assert (await waiting)[1].finish is Finish.CANCELLED
        house.engine.let_go()
        assert (await loading)[1].finish is Finish.CANCELLED
        assert house.engine.done == ["load small"]


async def test_a_cancel_while_it_writes_ends_with_what_was_written(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        pieces = house.room.generate(asking("hold"))
        first = await anext(pieces)
        await house.room.cancel("one")
        last = await anext(pieces)
        assert (first.text, last.finish) == ("held", Finish.CANCELLED)
        await pieces.aclose()


async def test_closing_the_iterator_lets_the_next_one_have_its_turn(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        pieces = house.room.generate(asking("hold", "first"))
        await anext(pieces)
        await pieces.aclose()
        assert (await said(house.room.generate(asking("say next", "second"))))[0] == "next"


async def test_too_many_questions_are_refused_in_words(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        first = house.room.generate(asking("hold", "first"))
        await anext(first)
        waiting = [asyncio.ensure_future(said(house.room.generate(asking("say x", str(i))))) for i in range(16)]
        await until(lambda: house.room.stats().n_waiting == 16)
        with pytest.raises(Unavailable, match="16 requests already wait"):
            await anext(house.room.generate(asking("say y", "late")))
        house.engine.let_go()
        await said(first)
        await asyncio.gather(*waiting)


async def test_an_idle_model_is_unloaded_after_the_minutes_of_the_settings(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        await said(house.room.generate(asking("say a")))
        clock.advance(19 * MINUTE_NS)
        await house.room.tend()
        assert house.room.stats().state is EngineState.READY
        clock.advance(MINUTE_NS)
        await house.room.tend()

        assert house.room.stats().state is EngineState.EMPTY
        assert "20 minutes" in house.room.stats().words
        assert (await said(house.room.generate(asking("say b"))))[0] == "b"


async def test_a_model_stays_where_the_settings_keep_it_and_while_it_writes(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        pieces = house.room.generate(asking("hold"))
        await anext(pieces)
        clock.advance(60 * MINUTE_NS)
        await house.room.tend()
        assert house.room.stats().loaded is not None
        await pieces.aclose()
        house.settings = house.settings.__class__(unload_after_min=0)
        clock.advance(600 * MINUTE_NS)
        await house.room.tend()
        assert house.room.stats().loaded is not None


async def test_a_large_model_leaves_before_the_market_opens_once(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.memory = house.memory.__class__(4, 1000, 12 * 2**30)  # beside which any model is large
        house.add(Mode.FAST, "small")
        house.settings = house.settings.__class__(unload_after_min=0)
        house.opens_ns = clock.now_ns() + 15 * MINUTE_NS
        await house.room.ready(Mode.FAST)
        await house.room.tend()
        assert house.room.stats().loaded is not None
        clock.advance(6 * MINUTE_NS)
        await house.room.tend()
        assert house.room.stats().words == "Unloaded before the market opens"

        await house.room.ready(Mode.FAST)  # asked for again, it stays
        await house.room.tend()
        assert house.room.stats().loaded is not None


@pytest.mark.parametrize(("is_large", "frees"), [(False, True), (True, False)])
async def test_small_models_and_other_wishes_stay_through_an_opening(tmp_path, clock, is_large, frees):
    async with open_house(tmp_path, clock) as house:
        if is_large:
            house.memory = house.memory.__class__(4, 1000, 12 * 2**30)
        house.settings = house.settings.__class__(frees_market_hours=frees)
        house.add(Mode.FAST, "small")
        house.opens_ns = clock.now_ns() + MINUTE_NS
        await house.room.ready(Mode.FAST)
        await house.room.tend()
        assert house.room.stats().loaded is not None


async def test_prefixes_are_warmed_when_their_model_is_there_and_again_after_each_load(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        prefix = (Message(Role.SYSTEM, "You obey."),)
        await house.room.warm(prefix, Mode.FAST)
        await house.room.warm(prefix, Mode.DEEP)
        assert house.engines == []
        await house.room.ready(Mode.FAST)
        await house.room.tend()
        await house.room.tend()
        assert house.engine.done == ["load small", "warm fast"]

        await house.room.unload()
        await house.room.ready(Mode.FAST)
        await house.room.tend()
        assert house.engine.done[2:] == ["unload", "load small", "warm fast"]


async def test_settings_choose_the_place_and_a_change_moves_the_model_when_it_is_idle(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        await house.room.ready(Mode.FAST)
        house.settings = house.settings.__class__(isolation="process")
        assert (await said(house.room.generate(asking("say apart"))))[1].place == "own process"
        assert [engine.place for engine in house.engines] == ["this process", "own process"]
        assert house.engines[0].done[-1] == "close"


async def test_a_model_leaves_this_process_when_live_orders_become_possible(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        await house.room.ready(Mode.FAST)
        house.is_live = True
        await house.room.tend()
        assert house.room.stats().loaded.place == "own process"


async def test_a_program_that_ended_while_a_model_worked_in_it_keeps_models_apart_and_says_so_once(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        pieces = house.room.generate(asking("hold"))
        await anext(pieces)
        mark = tmp_path / "prefixes" / "at-work"
        assert mark.exists()
        kept = mark.read_bytes()
        await pieces.aclose()
        assert not mark.exists()
    mark.write_bytes(kept)  # as a crash would have left it
    for n_notices in (1, 0):
        async with open_house(tmp_path, clock) as house:
            house.add(Mode.FAST, "small")
            await house.room.ready(Mode.FAST)
            assert house.engine.place == "own process"
            assert [notice.code for notice in house.notices] == ["engine.isolated"] * n_notices
    clock.advance(31 * 24 * 60 * MINUTE_NS)
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        await house.room.ready(Mode.FAST)
        assert house.engine.place == "this process"


async def test_a_model_leaves_a_processor_more_while_something_else_computes(tmp_path, clock):
    n_all, n_shared = choose_n_threads(count_cores()), choose_n_threads(count_cores(), is_shared=True)
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        pieces = house.room.generate(asking("hold"))
        await anext(pieces)
        await house.room.tend()
        for house.is_shared in (True, True, False, False):
            await house.room.tend()  # also in the middle of an answer
        await pieces.aclose()
        assert house.engine.done == ["load small", "one: hold", f"threads {n_shared}", f"threads {n_all}"]


@pytest.mark.parametrize("has_card", [True, False])
async def test_a_model_that_ends_its_process_on_the_graphics_card_is_loaded_without(tmp_path, clock, has_card):
    async with open_house(tmp_path, clock, fails_on_gpu=True) as house:
        house.add(Mode.FAST, "small")
        gpus = (Gpu("RTX 4090", 24 * GIB, 20 * GIB),) if has_card else ()
        house.memory = Hardware(4, 16 * GIB, 12 * GIB, gpus)
        stats = await house.room.ready(Mode.FAST)
        assert stats.loaded.n_gpu_layers == 0
        assert house.engine.done == ["load small"] * (2 if has_card else 1)


async def test_a_broken_engine_is_told_and_the_next_question_loads_it_anew(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        with pytest.raises(Unavailable, match="broke"):
            await said(house.room.generate(asking("break")))
        assert house.states[-1] == "broken"
        assert (await said(house.room.generate(asking("say mended"))))[0] == "mended"
        assert house.engine.done.count("load small") == 2


async def test_counting_and_vectors_take_their_turn(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        await house.room.ready(Mode.FAST)
        assert await house.room.count((Message(Role.USER, "a"), Message(Role.USER, "b"))) == 2
        assert await house.room.embed(["a"]) == [[1.0]]


async def test_closing_ends_what_runs_and_what_waits_with_an_error(tmp_path, clock):
    async with open_house(tmp_path, clock) as house:
        house.add(Mode.FAST, "small")
        running = house.room.generate(asking("hold", "running"))
        await anext(running)
        waiting = asyncio.ensure_future(said(house.room.generate(asking("say x", "waiting"))))
        await until(lambda: house.room.stats().n_waiting == 1)
        await house.room.close()

        with pytest.raises(Unavailable, match="closes"):
            await waiting
        with pytest.raises(Unavailable, match="closes"):
            await anext(running)
        with pytest.raises(Unavailable, match="closed"):
            await house.room.ready(Mode.FAST)
