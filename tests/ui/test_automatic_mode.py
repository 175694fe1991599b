"""The mode that is left open: chosen in the dock, said on the answer, and one press away from another mode."""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from backend.assistant.answers import Automatic, Mode, Provenance
from backend.assistant.grounding.span import Span
from tests.fakes.api_scripts import client_of
from tests.fakes.assistant_window import AAPL, story_of
from tests.fakes.qt_loop import run_on_qt
from tests.fakes.window import open_window, shown


async def _answered(hand):
    """A question that the gateway gave to Deep Thinking, and its answer's id."""
    answer_id = await hand.ask("Why do stops get hit?")
    await hand.say(answer_id, Span("Because many stand at one price."))
    made = Provenance(Mode.DEEP, "Qwen3 4B", "this process", "Answered here.", first_token_ms=400.0, total_ms=2_100.0)
    chosen = Provenance(**{name: getattr(made, name) for name in made.__slots__} | {"chosen": "it asks for reasons or a plan"})
    await hand.finish(answer_id, provenance=chosen)
    return answer_id


def test_a_new_conversation_leaves_the_mode_open_and_the_answer_says_what_was_chosen(qapp, home):
    async def tell(hand):
        assert hand.composer.chosen_mode is Automatic.AUTO
        answer_id = await _answered(hand)
        assert hand.script.questions[0].choice is Automatic.AUTO
        assert hand.view(answer_id)._note.text() == "Deep Thinking"
        line = hand.view(answer_id).provenance
        assert line.chosen.text() == "Automatic chose Deep Thinking: it asks for reasons or a plan"
        assert line.chosen.accessibleName() == line.chosen.text()
        assert line.chosen.isVisible()
        assert line.chosen in hand.view(answer_id).stops

    story_of(tell, home)


def test_what_was_chosen_is_pressed_to_ask_again_in_another_mode(qapp, home):
    async def tell(hand):
        answer_id = await _answered(hand)
        hand.view(answer_id).provenance.chosen.click()
        menu = next(one for one in hand.view(answer_id).findChildren(QMenu) if one.isVisible())
        offered = {action.text(): action for action in menu.actions()}
        assert list(offered) == ["Automatic", "Fast", "Deep Thinking", "Stock Analysis", "Normal Search"]
        offered["Fast"].trigger()
        menu.close()
        await shown(lambda: len(hand.script.questions) == 2 and hand.panel.talk.running is not None)
        assert hand.script.questions[1].choice is Mode.FAST
        await hand.finish(hand.panel.talk.running.id)

    story_of(tell, home)


def test_a_mode_that_a_person_chose_is_not_said_to_be_chosen_and_auto_is_a_command(qapp, home):
    async def tell(hand):
        hand.composer.choose_mode(Mode.FAST)
        answer_id = await hand.answered("Hello", Span("Good day."))
        assert not hand.view(answer_id).provenance.chosen.isVisible()
        hand.type("/auto")
        hand.press(Qt.Key.Key_Escape)  # the list of commands
        QTest.keyClick(hand.composer.field, Qt.Key.Key_Return)
        assert hand.composer.chosen_mode is Automatic.AUTO

    story_of(tell, home)


def test_a_conversation_that_left_the_mode_open_goes_on_so(qapp, home):
    async def tell(hand):
        await _answered(hand)
        known = hand.panel.talk.id
        hand.panel.begin_new()
        hand.composer.choose_mode(Mode.SEARCH)
        hand.panel.open_conversation(known, "")
        await shown(lambda: hand.entries and hand.composer.chosen_mode is Automatic.AUTO)

    story_of(tell, home)


def test_words_that_point_at_the_chart_take_it_along_where_the_mode_is_left_open(qapp, home):
    async def tell(hand):
        first = await hand.ask("Good morning")
        await hand.finish(first)
        await hand.finish(await hand.ask("What do you make of this chart?"))
        asked = hand.script.questions
        assert [one.instrument for one in asked] == [None, AAPL]
        assert asked[1].chart is not None

    story_of(tell, home)


def test_a_mode_that_a_script_switched_is_that_of_the_dock_until_the_person_chooses_another(qapp, home):
    async def tell(desktop):
        panel, backend, call = desktop.panels.assistant, desktop.desk.backend, desktop.desk.bridge.call
        conversations = (await call(backend.assistant.open())).conversations
        panel.ask("2 + 2", Mode.FAST)
        await shown(lambda: panel.talk.running is None and len(panel.talk.entries) == 2, "the answer")
        await call(backend.settings.change("api", enabled=True))
        await shown(lambda: backend.api.address, "the API")

        async def switch(mode, conversation=panel.talk.id):
            async with client_of(backend) as client:
                answer = await client.post("/api/ai/mode", json={"conversation": conversation, "mode": mode})
                assert answer.status_code == 200, answer.text

        assert panel.composer.chosen_mode is Automatic.AUTO
        await call(switch("deep"))
        await shown(lambda: panel.composer.chosen_mode is Mode.DEEP, "the mode that was switched to")

        panel.composer.choose_mode(Mode.SEARCH)
        await call(conversations.rename(panel.talk.id, "Sums"))
        await shown(lambda: panel.title.text() == "Sums")
        assert panel.composer.chosen_mode is Mode.SEARCH, "nobody switched it since"

        other = await call(conversations.begin_conversation("Another"))
        await call(switch("analysis", other.id))
        await call(conversations.rename(panel.talk.id, "Sums again"))
        await shown(lambda: panel.title.text() == "Sums again")
        assert panel.composer.chosen_mode is Mode.SEARCH, "another conversation was switched"
        await call(switch("auto"))
        await shown(lambda: panel.composer.chosen_mode is Automatic.AUTO)

    async def story():
        async with open_window(home) as desktop:
            desktop.window.docks["assistant"].show()
            await shown(lambda: desktop.panels.assistant is not None, "the assistant's dock")
            await tell(desktop)

    run_on_qt(story(), timeout_s=90)
