"""What is to be seen in a chart: a model names, code finds, and only what code found is told as fact."""

import asyncio
from dataclasses import replace

from backend.app import open_backend
from backend.assistant.answers import ChartSeen, Mode, Phase, Question
from backend.assistant.conversations.conversation import Speaker
from backend.assistant.engines.pictures import plain_png
from backend.assistant.grounding.span import Mark
from backend.assistant.keeping import decode_answer, decode_question
from backend.assistant.sight.checking import find_in_view
from backend.assistant.sight.naming import NAMED_MAX, naming_grammar
from backend.domain.bars import BarSpec, Series
from backend.domain.instruments import InstrumentId
from backend.errors import Unavailable
from backend.patterns.found import CandleKind, ChartKind
from tests.fakes.gguf_files import write_projector
from tests.fakes.grammar_reader import GrammarReader
from tests.fakes.scripted_writers import LOCAL, ScriptedWriters, assistant_on
from tests.fakes.waiting import until

AAPL = InstrumentId("AAPL", "XNAS")
SERIES = Series(AAPL, BarSpec.parse("1d"))
SEES = replace(LOCAL, sees=True)
PICTURE = plain_png(64, 48)
TITLES = {
    "both": "**Seen by the model and found by code**",
    "alone": "**Seen by the model, not confirmed**",
    "unnamed": "**Found by code, not named by the model**",
    "code": "**Found by code on the bars shown**",
}


async def chart_of(backend, first=300, last=419):
    bars = await backend.history.bars(SERIES, adjusted=True)
    seen = ChartSeen(SERIES, int(bars.event_ns[first]), int(bars.event_ns[last]))
    return seen, {group.named: group for group in find_in_view(bars[: last + 1], first)}


async def look(assistant, chart, **more):
    asked = Question("What do you see?", Mode.FAST, chart=chart, looks=True, picture=PICTURE, **more)
    return await assistant.answered((await assistant.ask(asked)).id)


def line_of(named):
    ways = {"bullish": "rising", "bearish": "falling", "neutral": "neither"}
    return f"{named.kind.value.replace('_', ' ')}: {ways[named.bias]}"


def sections(answer):
    """The lines below each title."""
    found, title = {}, ""
    for line in answer.text.splitlines():
        title = line if line.startswith("**") else title
        if line.startswith("- "):
            found.setdefault(title, []).append(line[2:])
    return found


async def test_what_the_model_names_is_sorted_by_what_code_finds(sampled):
    writers = ScriptedWriters(candidates=(SEES,))
    async with assistant_on(sampled, writers) as (backend, assistant):
        chart, groups = await chart_of(backend)
        found, missed = list(groups)[:2]
        wrong = replace(found, bias="bearish" if found.bias == "bullish" else "bullish")
        writers.scripts.append((f"{line_of(found)}\n{line_of(wrong)}\n", "unicorn: rising\nthe price is 512.80\n"))
        answer = await look(assistant, chart)

        assert answer.phase == Phase.DONE, answer.words
        told = sections(answer)
        assert [line.split(", the newest")[0] for line in told[TITLES["both"]]] == [groups[found].newest.name.lower()]
        assert told[TITLES["alone"]] == [wrong.words]
        assert len(told[TITLES["unnamed"]]) == len(groups) - 1
        assert groups[missed].newest.name.lower() in " ".join(told[TITLES["unnamed"]])
        assert "512.80" not in answer.text
        assert "unicorn" not in answer.text

        # What is told as fact leads to the bars of the find; the unconfirmed leads nowhere.
        linked = [span for span in answer.spans if span.mark is Mark.NUMBER]
        fact = answer.facts[linked[0].fact]
        newest = groups[found].newest
        assert (fact.value, fact.formula, fact.points) == (newest.name.lower(), newest.rule, newest.points)
        assert fact.bars.from_ns == newest.start_ns
        assert [(one.from_ns, one.to_ns) for one in answer.matches] == [(newest.start_ns, newest.end_ns)]
        assert {answer.facts[span.fact].value for span in linked} >= {group.newest.name.lower() for group in groups.values()}

        (_, request), *_ = writers.asked
        assert request.pictures == (PICTURE,)
        assert answer.provenance.sent[-1] == ("picture", f"PNG of {len(PICTURE):,} bytes")
        assert (answer.provenance.model, answer.provenance.place) == ("Scripted", "this process")


async def test_without_a_model_that_sees_code_tells_what_it_finds_and_how_to_add_eyes(sampled):
    cloud = replace(SEES, name="openai", is_remote=True)
    writers = ScriptedWriters(candidates=(LOCAL, cloud))
    async with assistant_on(sampled, writers) as (backend, assistant):
        chart, groups = await chart_of(backend)
        answer = await look(assistant, chart)
    assert writers.asked == [], "a picture of a chart goes to no service"
    assert len(sections(answer)[TITLES["code"]]) == len(groups)
    assert "trii models projector MODEL FILE" in answer.text
    assert answer.provenance.place == "code"


async def test_a_model_that_breaks_off_or_names_nothing_leaves_what_code_found(sampled):
    writers = ScriptedWriters((Unavailable("The engine ended."),), ("none",), candidates=(SEES,))
    async with assistant_on(sampled, writers) as (backend, assistant):
        chart, groups = await chart_of(backend)
        broken = await look(assistant, chart)
        silent = await look(assistant, chart)
    assert broken.phase == silent.phase == Phase.DONE
    assert "No model looked at the picture: The engine ended." in broken.text
    assert len(sections(broken)[TITLES["code"]]) == len(groups)
    assert "The model names no pattern." in silent.text
    assert len(sections(silent)[TITLES["unnamed"]]) == len(groups)


async def test_a_picture_is_in_memory_for_who_asks_again_and_never_in_the_conversation(sampled):
    writers = ScriptedWriters(("none",), ("none",), candidates=(SEES,))
    async with assistant_on(sampled, writers) as (backend, assistant):
        chart, _ = await chart_of(backend)
        answer = await look(assistant, chart)
        turns = await assistant.conversations.branch(answer.conversation)
        asked = next(turn for turn in turns if turn.speaker == Speaker.PERSON)
        assert decode_question(asked.content).looks
        assert decode_question(asked.content).picture == b""
        assert decode_answer(turns[-1].content).question.picture == b""
        again = await assistant.again(asked.id)
        assert (await assistant.answered(again.id)).phase == Phase.DONE
        assert [request.pictures for _, request in writers.asked] == [(PICTURE,), (PICTURE,)]
    later = ScriptedWriters(candidates=(SEES,))
    async with assistant_on(sampled, later) as (_, assistant):
        again = await assistant.answered((await assistant.again(asked.id)).id)
    assert "Ask once more from the chart." in again.text
    assert later.asked == []


async def test_stopping_ends_the_look_and_keeps_what_code_found(sampled):
    writers = ScriptedWriters((gate := asyncio.Event(),), candidates=(SEES,))
    async with assistant_on(sampled, writers) as (backend, assistant):
        chart, groups = await chart_of(backend)
        begun = await assistant.ask(Question("What do you see?", Mode.FAST, chart=chart, looks=True, picture=PICTURE))
        await until(lambda: writers.asked, what="the model is asked")
        await assistant.stop(begun.id)
        answer = await assistant.answered(begun.id)
    gate.set()
    assert answer.phase == Phase.STOPPED
    assert len(sections(answer)[TITLES["code"]]) == len(groups)


async def test_a_view_without_bars_has_no_patterns(sampled):
    async with assistant_on(sampled, ScriptedWriters(candidates=(LOCAL,))) as (_, assistant):
        answer = await look(assistant, ChartSeen(SERIES, 10, 10))
    assert "Code finds no pattern on the bars shown." in answer.text


def test_the_real_library_reads_the_grammar_and_lets_nothing_else_through(starter_model):
    reader = GrammarReader(starter_model)
    try:
        for text in ("none", "double top: falling", "\n".join(["doji: neither"] * NAMED_MAX)):
            assert reader.follows(naming_grammar(), text)
        too_many = "\n".join(["doji: neither"] * (NAMED_MAX + 1))
        for text in ("", "double top", "double top: up", "unicorn: rising", "none\nnone", "187.45", too_many):
            assert not reader.follows(naming_grammar(), text)
    finally:
        reader.close()


async def test_the_real_starter_model_with_eyes_names_only_what_is_in_the_list(sampled, tmp_path):
    async with open_backend(sampled, watch=False) as backend:
        assistant = await backend.assistant.open()
        await assistant.begin()
        (card,) = await assistant.models.cards()
        await assistant.models.projectors.add(card.id, write_projector(tmp_path / "eyes.gguf"))
        chart, groups = await chart_of(backend)
        answer = await look(assistant, chart)
    assert answer.phase == Phase.DONE, answer.words
    assert answer.provenance.model == card.name, answer.text
    named = sections(answer)
    n_told = sum(len(named.get(TITLES[key], [])) for key in ("both", "unnamed"))
    assert n_told == len(groups)
    assert len(named.get(TITLES["alone"], [])) <= NAMED_MAX
    known = {kind.value.replace("_", " ") for kind in (*ChartKind, *CandleKind)}
    assert {line.partition(", ")[0] for line in named.get(TITLES["alone"], [])} <= known
