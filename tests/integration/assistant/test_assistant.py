"""Questions in, checked answers out: what a model writes is shown only as far as code stands behind it."""

import asyncio
import re

import pytest

from backend.assistant.answers import ChartSeen, Mode, Phase, Question
from backend.assistant.conversations.conversation import Speaker
from backend.assistant.engines.engine import Message, Role
from backend.assistant.grounding.span import Mark
from backend.assistant.keeping import decode_answer
from backend.assistant.routing import Candidate
from backend.clock import ManualClock
from backend.domain.bars import DAY_NS, BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import InvalidInput, Unavailable
from backend.events import AnswerChanged
from tests.fakes.scripted_writers import LOCAL, ScriptedWriters, assistant_on
from tests.fakes.waiting import until

AAPL, MSFT = InstrumentId("AAPL", "XNAS"), InstrumentId("MSFT", "XNAS")
CLOUD = Candidate("openai", "Cloud", is_remote=True, is_private=False, is_fit=True)


async def ask(assistant, text, **more):
    begun = await assistant.ask(Question(text, more.pop("mode", Mode.FAST), **more))
    return await assistant.answered(begun.id)


def marks(answer, mark):
    return [span.text for span in answer.spans if span.mark == mark]


async def test_tags_become_values_and_numbers_of_facts_pass(sampled):
    writers = ScriptedWriters(("It stands at ", "{F", "9} now, ", "a close of 430.47."))
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, "Tell me of Apple", instrument=AAPL)

    assert answer.phase == Phase.DONE, answer.words
    assert answer.text == "It stands at 430.47 now, a close of 430.47."
    assert marks(answer, Mark.NUMBER) == ["430.47", "430.47"]
    assert answer.facts[answer.spans[1].fact].name == "price.last"
    assert (answer.checks.n_numbers, answer.checks.n_unverified) == (2, 0)
    assert (answer.provenance.model, answer.provenance.place) == ("Scripted", "this process")
    assert answer.provenance.sent[0][0] == "system"
    assert "Tell me of Apple" in answer.provenance.sent[-1][1]
    assert answer.provenance.first_token_ms == 12.0


async def test_what_the_chart_shows_goes_with_the_question(sampled):
    writers = ScriptedWriters(("It moved between {LOW} and {HIGH} in view.",))
    async with assistant_on(sampled, writers) as (backend, assistant):
        series = Series(AAPL, BarSpec.parse("1d"))
        bars = await backend.history.bars(series)
        chart = ChartSeen(series, int(bars.event_ns[100]), int(bars.event_ns[199]), ("RSI 14",))
        known = await assistant.analyst.facts(AAPL, series.spec)
        low, high = f"F{len(known) + 6}", f"F{len(known) + 5}"
        writers.scripts[0] = (f"It moved between {{{low}}} and {{{high}}} in view.",)
        answer = await ask(assistant, "Tell me of the chart", chart=chart)
        assert answer.facts[high].number == bars.high[100:200].max()
        assert answer.facts[low].number == bars.low[100:200].min()
        assert answer.facts[low].bars.from_ns == chart.from_ns
    assert len(marks(answer, Mark.NUMBER)) == 2
    assert "On the chart: RSI 14" in answer.provenance.sent[-1][1]


async def test_an_invented_number_is_asked_away_once(sampled):
    writers = ScriptedWriters(("It will reach 512.80 soon.",), ("It stands at {F9}.",))
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, "Tell me of Apple", instrument=AAPL)

    assert answer.text == "It stands at 430.47."
    assert answer.checks.n_repairs == 1
    assert answer.checks.n_unverified == 0
    repair = writers.asked[1][1].messages
    assert [message.role for message in repair[-2:]] == [Role.ASSISTANT, Role.USER]


async def test_a_number_invented_twice_is_struck_and_never_a_fact(sampled):
    writers = ScriptedWriters(("It will reach 512.80 soon.",), ("Surely 512.80, or 513.",))
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, "Tell me of Apple", instrument=AAPL)

    assert marks(answer, Mark.UNVERIFIED) == ["512.80"]
    assert marks(answer, Mark.NUMBER) == []
    assert answer.checks.n_unverified == 1


async def test_what_fails_its_check_twice_is_asked_of_the_next_who_may_answer(sampled):
    scripts = (("It will be 512.80.",), ("It will be 513.",), ("It stands at {F9}.",))
    writers = ScriptedWriters(*scripts, candidates=(LOCAL, CLOUD))
    async with assistant_on(sampled, writers) as (backend, assistant):
        await backend.settings.change("assistant", reach="prefer_local")
        answer = await ask(assistant, "Tell me of Apple", instrument=AAPL)

    assert [candidate.name for candidate, _ in writers.asked] == ["local", "local", "openai"]
    assert answer.text == "It stands at 430.47."
    assert (answer.provenance.model, answer.provenance.cost_usd) == ("Cloud", 0.5)


async def test_nothing_is_sent_away_unless_it_is_allowed(sampled):
    writers = ScriptedWriters(candidates=(CLOUD,))
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, "Tell me of Apple", instrument=AAPL)

    assert writers.asked == []
    assert answer.phase == Phase.DONE
    assert "this computer only" in answer.text
    assert marks(answer, Mark.NUMBER)  # what code knows is told all the same


async def test_the_persons_own_numbers_may_be_said_again(sampled):
    writers = ScriptedWriters(("You hold 250 shares.",))
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, "I hold 250 shares, is that much?")
    assert marks(answer, Mark.QUOTED) == ["250"]


async def test_a_persons_own_number_is_no_answer(sampled):
    scripts = (("**The answer is: 10000 dollars.**",), ("10000 dollars",))
    async with assistant_on(sampled, ScriptedWriters(*scripts)) as (_, assistant):
        answer = await ask(assistant, "Tell me a story of how many dollars 10000 dollars become")
    assert marks(answer, Mark.UNVERIFIED) == ["10000 dollars"]


async def test_words_that_facts_contradict_are_asked_away_once_then_struck(sampled):
    wrong = "The trend of Apple is a positive one."
    async with assistant_on(sampled, ScriptedWriters((wrong,), ("The trend is up.",))) as (_, assistant):
        answer = await ask(assistant, "Tell me of Apple", instrument=AAPL)
    assert answer.text == wrong
    assert marks(answer, Mark.UNTRUE) == ["positive"]
    assert (answer.checks.n_claims, answer.checks.n_untrue, answer.checks.n_repairs) == (1, 1, 1)

    async with assistant_on(sampled, ScriptedWriters((wrong,), ("The trend is down.",))) as (_, assistant):
        answer = await ask(assistant, "Tell me more of Apple", instrument=AAPL)
    assert answer.text == "The trend is down."
    (true,) = (span for span in answer.spans if span.mark is Mark.JUDGED)
    assert answer.facts[true.fact].name == "trend.direction"


async def test_a_yes_or_no_that_no_code_computed_is_marked(sampled):
    async with assistant_on(sampled, ScriptedWriters(("The answer is no.",))) as (_, assistant):
        answer = await ask(assistant, "Tell me whether Apple is a friend", instrument=AAPL)
    assert marks(answer, Mark.UNCHECKED) == ["no"]
    assert answer.checks.n_unjudged == 1


async def test_an_answer_is_shown_only_once_its_numbers_are_judged(sampled):
    gate = asyncio.Event()
    writers = ScriptedWriters(("The words come first. The close is 43", gate, "0.47 and no more."))
    async with assistant_on(sampled, writers) as (backend, assistant):
        seen = []
        subscription = backend.bus.subscribe(AnswerChanged, lambda event: seen.append(assistant.answer(event.answer).text))
        begun = await assistant.ask(Question("Tell me of Apple", Mode.FAST, instrument=AAPL))
        await until(lambda: any("first." in text for text in seen), 30)
        assert not any("43" in text for text in seen)
        gate.set()
        answer = await assistant.answered(begun.id)
        subscription.close()
    assert answer.text.endswith("The close is 430.47 and no more.")
    assert all("43" not in text or "430.47" in text for text in seen)


async def test_a_stopped_answer_keeps_what_was_checked_and_the_next_question_is_answered(sampled):
    writers = ScriptedWriters(("There was a trader. ", "She ", asyncio.Event()), ("Hello.",))
    async with assistant_on(sampled, writers) as (_, assistant):
        begun = await assistant.ask(Question("Tell me a story", Mode.FAST))
        await until(lambda: "There was a trader." in assistant.answer(begun.id).text, 30)
        await assistant.stop(begun.id)
        stopped = await assistant.answered(begun.id)
        assert (stopped.phase, stopped.text.strip()) == (Phase.STOPPED, "There was a trader.")
        assert writers.n_cancelled == 1
        (row,) = await assistant.conversations.rows()
        turns = await assistant.conversations.branch(row.id)
        assert [turn.speaker for turn in turns] == [Speaker.PERSON, Speaker.ASSISTANT]
        assert decode_answer(turns[1].content).phase == Phase.STOPPED
        assert (await ask(assistant, "Hello?", conversation=row.id)).text == "Hello."


async def test_a_failure_is_told_in_its_words_and_kept(sampled):
    writers = ScriptedWriters((Unavailable("The engine ended.", hint="Ask again.", code="x"),))
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, "Tell me a story")
        assert (answer.phase, answer.words, answer.hint) == (Phase.FAILED, "The engine ended.", "Ask again.")
        (row,) = await assistant.conversations.rows()
        assert row.n_turns == 2


async def test_the_same_question_on_the_same_facts_is_answered_from_what_was_kept(sampled):
    clock = ManualClock(20_400 * DAY_NS)
    writers = ScriptedWriters(("It stands at {F9}.",), ("Never said.",))
    async with assistant_on(sampled, writers, clock=clock) as (_, assistant):
        first = await ask(assistant, "Tell me of Apple", instrument=AAPL)
        again = await ask(assistant, "Tell me of Apple", instrument=AAPL)
        assert len(writers.asked) == 1
        assert again.provenance.is_cached
        assert again.spans == first.spans
        clock.advance(2 * DAY_NS)
        assert (await ask(assistant, "Tell me of Apple", instrument=AAPL)).text == "Never said."


async def test_a_conversation_goes_on_and_what_was_unverified_is_not_told_again(sampled):
    writers = ScriptedWriters(("It was 777.",), ("Still 777.",), ("Yes.",))
    async with assistant_on(sampled, writers) as (_, assistant):
        first = await ask(assistant, "Tell me a story")
        await ask(assistant, "Is that so?", conversation=first.conversation)
    sent = [(message.role, message.text) for message in writers.asked[-1][1].messages]
    assert [role for role, _ in sent] == [Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.USER]
    assert "777" not in "".join(text for _, text in sent)
    assert "(unverified)" in sent[2][1]


async def test_a_conversation_about_the_same_facts_is_told_again_as_it_was_sent(sampled):
    stands = "It stands at {F9}, once 777."
    writers = ScriptedWriters((stands,), (stands,), ("Once upon a time.",), ("So it is.",))
    async with assistant_on(sampled, writers, clock=ManualClock(20_400 * DAY_NS)) as (_, assistant):
        first = await ask(assistant, "Tell me of Apple", instrument=AAPL)
        second = await ask(assistant, "Tell me a story of its risks", instrument=AAPL, conversation=first.conversation)
        await ask(assistant, "Tell me of Microsoft", instrument=MSFT, conversation=first.conversation)

    asked, follow, other = (writers.asked[place][1].messages for place in (0, 2, 3))
    assert follow[:2] == asked
    assert follow[2] == Message(Role.ASSISTANT, "It stands at {F9}, once (unverified).")
    told = re.findall(r"^F\d+ ", asked[1].text, re.MULTILINE)
    new = re.findall(r"^F\d+ ", follow[3].text, re.MULTILINE)
    assert (len(told), 0 < len(new) < 10, set(told) & set(new)) == (20, True, set())
    assert second.facts.digest == first.facts.digest
    assert [message.text for message in other[1:4]] == [
        "Tell me of Apple",
        "It stands at 430.47, once (unverified).",
        "Tell me a story of its risks",
    ]
    assert len(re.findall(r"^F\d+ ", other[-1].text, re.MULTILINE)) == 20


async def test_facts_that_fell_out_of_a_short_context_are_told_anew(sampled):
    writers = ScriptedWriters(*(("Words of no weight. " * 40,) for _ in range(6)), n_ctx=1_500)
    async with assistant_on(sampled, writers, clock=ManualClock(20_400 * DAY_NS)) as (_, assistant):
        conversation = ""
        for words in ("so", "why", "more", "again", "then", "well"):
            answer = await ask(assistant, f"Tell me of Apple, {words}", instrument=AAPL, conversation=conversation)
            conversation = answer.conversation
    assert len(writers.asked) == 6
    for _, request in writers.asked:
        text = "".join(message.text for message in request.messages)
        assert text.count("Last price: 430.47") == 1, text
    assert "- Asked: Tell me of Apple, so Answered: Words of no weight.\n" in text


async def test_an_answer_again_is_another_branch(sampled):
    writers = ScriptedWriters(("One way.",), ("Another way.",))
    async with assistant_on(sampled, writers) as (backend, assistant):
        await backend.settings.change("assistant", keeps_answers_min=0)
        first = await ask(assistant, "Tell me a story")
        begun = await assistant.again(first.id)
        await assistant.answered(begun.id)
        siblings = await assistant.conversations.siblings(first.id)
        assert [turn.text for turn in siblings] == ["One way.", "Another way."]
        (row,) = await assistant.conversations.rows()
        assert row.leaf == begun.id


async def test_another_first_question_is_a_branch_at_the_start(sampled):
    writers = ScriptedWriters(("One.",), ("Two.",))
    async with assistant_on(sampled, writers) as (_, assistant):
        first = await ask(assistant, "Tell me a story")
        begun = await assistant.ask(Question("Tell me another story", Mode.FAST, first.conversation, parent=""))
        await assistant.answered(begun.id)
        branch = await assistant.conversations.branch(first.conversation)
        assert [turn.text for turn in branch] == ["Tell me another story", "Two."]
        assert len(await assistant.conversations.siblings(branch[0].id)) == 2


async def test_a_question_over_bars_needs_no_model(sampled):
    writers = ScriptedWriters(candidates=())
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, "how many days did AAPL close above its 50-day average in 2012")
    assert "155" in marks(answer, Mark.NUMBER)
    assert marks(answer, Mark.UNVERIFIED) == []
    assert answer.provenance.place == "code"
    assert answer.matches


async def test_a_question_that_names_nothing_is_about_what_was_spoken_of_last_or_what_is_in_view(sampled):
    text, writers = "what was its highest close in 2012", ScriptedWriters(candidates=())
    async with assistant_on(sampled, writers) as (_, assistant):
        named = await ask(assistant, "what was the highest close of AAPL in 2012")
        after = await ask(assistant, text, conversation=named.conversation, in_view=MSFT)
        again = await ask(assistant, "and how often did it rise in 2010", conversation=named.conversation, in_view=MSFT)
        seen = await ask(assistant, text, in_view=AAPL)
        nobody = await ask(assistant, text)
        both = await ask(assistant, "highest close of AAPL and MSFT in 2012")
        of_both = await ask(assistant, text, conversation=both.conversation)
        worry = await ask(assistant, "should I worry about its MACD", in_view=AAPL)

    assert marks(named, Mark.NUMBER)
    assert marks(after, Mark.NUMBER) == marks(seen, Mark.NUMBER) == marks(named, Mark.NUMBER)
    assert after.question.instrument == seen.question.instrument == again.question.instrument == AAPL
    assert (nobody.phase, nobody.words) == (of_both.phase, of_both.words) == (Phase.FAILED, "Which instrument is meant?")
    assert {worry.facts[span.fact].name.partition(".")[0] for span in worry.spans if span.fact} == {"macd"}


async def test_a_question_may_say_only_what_is_other_than_in_the_one_before(sampled):
    async with assistant_on(sampled, ScriptedWriters(candidates=())) as (_, assistant):
        first = await ask(assistant, "what was the highest close of AAPL in 2012")
        talk = first.conversation
        for text, whole in (
            ("and in 2011?", "what was the highest close of AAPL in 2011"),
            ("what about MSFT", "what was the highest close of MSFT in 2011"),
            ("And SPX in March 2009?", "what was the highest close of SPX in March 2009"),
        ):
            told = await ask(assistant, text, conversation=talk, is_auto=True)
            alone = await ask(assistant, whole)
            assert marks(told, Mark.NUMBER) == marks(alone, Mark.NUMBER) != []
            assert (told.question.mode, told.text) == (Mode.FAST, alone.text)
        await ask(assistant, "how many days did AAPL rise in 2012", conversation=talk)
        for text, whole in (
            ("and how many did it fall?", "how many days did AAPL fall in 2012"),
            ("and on Fridays?", "how many Fridays did AAPL fall in 2012"),
            ("and how many in 2011?", "how many Fridays did AAPL fall in 2011"),
            ("and its max drawdown ever?", "max drawdown of AAPL"),
            ("and in 2009?", "max drawdown of AAPL in 2009"),
            ("and xyzzy plugh?", ""),  # what is not understood loses no thread, nor does what asks nothing of bars
            ("Why would that be?", ""),
            ("and in October?", "max drawdown of AAPL in October 2009"),
            ("and the highest close?", "highest close of AAPL in October 2009"),
            ("and the lowest?", "lowest close of AAPL in October 2009"),
            ("now what is the close of MSFT", "what is the close of MSFT"),
            ("correlation of AAPL and MSFT in 2010", "correlation of AAPL and MSFT in 2010"),
            ("and in 2011?", "correlation of AAPL and MSFT in 2011"),
        ):
            told = await ask(assistant, text, conversation=talk, is_auto=True)
            assert not whole or (told.text == (await ask(assistant, whole)).text != ""), (text, told.text)
        for text in ("and its dividends?", "what about lunch", "and MSFT rises"):
            other = await ask(assistant, text, conversation=talk)
            assert not other.matches
            assert not (other.phase is Phase.DONE and other.provenance.reason.startswith("Computed from stored bars"))


async def test_a_position_size_may_name_its_instrument(sampled):
    async with assistant_on(sampled, ScriptedWriters(candidates=())) as (_, assistant):
        named = await ask(assistant, "how many shares for 1% risk of 50,000 AAPL with entry 430 and stop 420")
        bare = await ask(assistant, "how many shares for 1% risk of 50,000 with entry 430 and stop 420")
    assert named.text == bare.text
    assert named.text.startswith("50 shares long")


async def test_a_follow_up_is_about_what_it_says_and_keeps_no_time_of_a_single_bar(sampled):
    async with assistant_on(sampled, ScriptedWriters(candidates=())) as (_, assistant):
        for turns, whole in (
            (("highest price of AAPL in 2012", "and the lowest?"), "lowest price of AAPL in 2012"),
            (("is AAPL above its 50 day average", "and how many days did it rise?"), "how many days did AAPL rise"),
            (("how many days did AAPL rise in 2012", "and how many days in 2011?"), "how many days did AAPL rise in 2011"),
            (
                ("how many days did AAPL rise in 2012", "and the highest close?", *(("and the lowest?", "and the highest?") * 7)),
                "highest close of AAPL in 2012",
            ),
            (("average return of AAPL in Septembers", "and how many were positive?"), "how many Septembers did AAPL rise"),
        ):
            talk = ""
            for text in turns:
                told = await ask(assistant, text, conversation=talk)
                talk = told.conversation
            alone = await ask(assistant, whole)
            assert marks(told, Mark.NUMBER) == marks(alone, Mark.NUMBER) != [], (turns, told.text)
        first = await ask(assistant, "how many days did AAPL rise in 2012")
        attached = await ask(assistant, "and the highest close?", conversation=first.conversation, instrument=MSFT)
        assert attached.text == (await ask(assistant, "highest close of MSFT in 2012")).text
        varied = await ask(assistant, "and in 2011?", conversation=first.conversation, instrument=AAPL)
        assert varied.text == (await ask(assistant, "highest close of AAPL in 2011")).text
        for text in ("and how many weeks in 2011?", "what is its P/E ratio?", "and in 2011?"):
            other = await ask(assistant, text, conversation=first.conversation)
            assert not other.matches, (text, other.text)


async def test_heads_of_a_table_say_their_figures_and_no_tags(sampled):
    async with assistant_on(sampled, ScriptedWriters(candidates=())) as (_, assistant):
        answer = await ask(assistant, "list days when AAPL closed above its upper Bollinger band in 2012")
    head = next(line for line in answer.text.splitlines() if line.startswith("|"))
    assert "{" not in answer.text
    assert ("20" in head, "2" in head.replace("20", "")) == (True, True), head


async def test_an_analysis_is_whole_without_a_model_and_says_so(sampled):
    writers = ScriptedWriters(candidates=(Candidate("local", "Unfit"),))
    async with assistant_on(sampled, writers) as (_, assistant):
        answer = await ask(assistant, "Analyse Apple", mode=Mode.ANALYSIS)
    assert answer.phase == Phase.DONE, answer.words
    assert [section.key for section in answer.analysis.sections] == ["technical", "fundamental", "sentiment", "trade_idea", "risk"]
    assert answer.analysis.is_plain_wording
    assert "examination" in answer.provenance.reason
    assert len(marks(answer, Mark.NUMBER)) > 20
    assert writers.asked == []


async def test_an_analysis_keeps_its_plain_wording_when_the_model_breaks_every_rule(sampled):
    for words in ("not json", '{"claims": [], "narrative": "It will rise to 999."}', ""):
        writers = ScriptedWriters((words,))
        async with assistant_on(sampled, writers) as (backend, assistant):
            await backend.settings.change("assistant", keeps_answers_min=0)
            answer = await ask(assistant, "Analyse it", mode=Mode.ANALYSIS, instrument=AAPL)
        assert answer.analysis.is_plain_wording
        assert "999" not in answer.text
        assert answer.phase == Phase.DONE


async def test_an_analysis_of_nothing_asks_for_an_instrument(sampled):
    async with assistant_on(sampled, ScriptedWriters()) as (_, assistant):
        answer = await ask(assistant, "Analyse", mode=Mode.ANALYSIS)
    assert answer.phase == Phase.FAILED
    assert "instrument" in answer.words


@pytest.mark.parametrize("text", ["", "   ", "x" * 20_001])
async def test_no_question_and_an_endless_one_are_refused_and_nothing_is_kept(sampled, text):
    async with assistant_on(sampled, ScriptedWriters()) as (_, assistant):
        with pytest.raises(InvalidInput):
            await assistant.ask(Question(text, Mode.FAST))
        assert await assistant.conversations.rows() == ()


async def test_closing_amid_an_answer_loses_no_question(sampled):
    writers = ScriptedWriters(("There was a trader. ", "She ", asyncio.Event()))
    async with assistant_on(sampled, writers) as (_, assistant):
        begun = await assistant.ask(Question("Tell me a story", Mode.FAST))
        await until(lambda: assistant.answer(begun.id).text, 30)
    async with assistant_on(sampled, ScriptedWriters()) as (_, assistant):
        (row,) = await assistant.conversations.rows()
        turns = await assistant.conversations.branch(row.id)
        assert turns[0].text == "Tell me a story"
