"""The assistant's dock: the conversation with its title, the turns, and the field in which questions are written."""

from functools import partial
from typing import Final

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QToolButton, QWidget

from backend.assistant.answers import Answer, Automatic, Choice, Mode, Phase, Question
from backend.assistant.pointing import points_at_chart
from backend.assistant.sight.asking import asks_to_look
from backend.assistant.telling import told_text
from backend.events import ConversationsChanged
from trii_desktop.assistant.attachment import Attachment
from trii_desktop.assistant.composer import Composer
from trii_desktop.assistant.conversation_deeds import ConversationDeeds
from trii_desktop.assistant.deeds import TurnDeeds
from trii_desktop.assistant.elided import ElidedLabel
from trii_desktop.assistant.entry import Entry
from trii_desktop.assistant.facts_shown import SideCards
from trii_desktop.assistant.history import HistoryPage
from trii_desktop.assistant.model_watch import ModelWatch
from trii_desktop.assistant.obeying import obey
from trii_desktop.assistant.standing import StandingStrip
from trii_desktop.assistant.surface import AssistantSurface, Decode
from trii_desktop.assistant.talk import Talk
from trii_desktop.assistant.timeline import TurnTimeline
from trii_desktop.assistant.turn_links import TurnLinks
from trii_desktop.charts.speech import announce
from trii_desktop.desk import Desk
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import column, frame, row

TITLE: Final = "Assistant"
_SPOKEN_MAX: Final = 600
_EMPTY_TITLE: Final = "Ask about your markets"
_EMPTY_TEXT: Final = (
    "Numbers come from your data, and each leads to where it comes from. What you ask stays on this computer unless you allow more."
)


class AssistantPanel(QWidget):
    """The dock's content. It looks once a frame, and only while it is visible.

    analyse_wanted, attach_wanted : of the chart that is shown
    look_wanted : words that ask what is to be seen in the chart; it comes back by ``look``
    models_wanted : the dialog of models
    sketches_wanted, keep_wanted : a StockAnalysis; matches_wanted : bars that an answer found
    fact_shown : a Fact, fact_left, fact_chart_wanted : a Fact
    changed : a flag may be another one
    """

    analyse_wanted = Signal()
    attach_wanted = Signal()
    look_wanted = Signal(str)
    models_wanted = Signal()
    sketches_wanted = Signal(object)
    keep_wanted = Signal(object)
    matches_wanted = Signal(object)
    fact_shown = Signal(object)
    fact_left = Signal()
    fact_chart_wanted = Signal(object)
    changed = Signal()

    def __init__(self, desk: Desk, assistant: AssistantSurface, decode: Decode) -> None:
        super().__init__()
        self._desk = desk
        self._assistant = assistant
        self._edited: Entry | None = None
        self._cards: set[str] = set()  # answers whose card was brought into view
        self._wanted_turn = ""
        self._shown_id: str | None = None
        self.setMinimumWidth(240)
        self.setProperty("role", "panel")
        self.talk = Talk(desk, assistant, decode)
        self.deeds = TurnDeeds(desk, self.talk, self)
        self.cards = SideCards(self, desk.look)
        self.links = TurnLinks(self.talk, self.deeds, self.cards, self)
        self.whole = ConversationDeeds(desk, self.talk, assistant.conversations, self)
        self.timeline = TurnTimeline(desk.look, self.talk.answer_of)
        self.composer = Composer(desk.look)
        self.history = HistoryPage(desk, assistant.conversations)
        self.strip = StandingStrip()
        self.list_button, self.new_button, self.more_button = (
            _tool(words) for words in ("Earlier conversations", "New conversation", "More about this conversation")
        )
        self.list_button.setCheckable(True)
        self.title = ElidedLabel("strong")
        deeds = (("Analyse the chart", self.analyse_wanted.emit),)
        self._empty = EmptyState(_EMPTY_TITLE, _EMPTY_TEXT, desk.look, "assistant", deeds)
        self._turns = QStackedWidget()
        self._turns.addWidget(self._empty)
        self._turns.addWidget(self.timeline)
        head = row(self.list_button, self.title, self.new_button, self.more_button, margins=(6, 4, 6, 4), gap=4)
        head.setStretch(1, 1)
        self._pages = QStackedWidget()
        self._pages.addWidget(frame("panel", column(self._turns, self.strip, self.composer, gap=0)))
        self._pages.addWidget(self.history)
        self.setLayout(column(frame("panelHead", head), self._pages, gap=0))
        self.watch = ModelWatch(desk, assistant, self.composer, self.strip)
        self._connect(desk)
        self._listener = desk.frames.listen(self._look, is_visible=self.isVisible)
        self._subscription = desk.bridge.subscribe(ConversationsChanged, self._conversations_changed)
        self._wear()
        self._show_talk()

    # --- what it is asked ---------------------------------------------------------------------------------------------

    @property
    def is_answering(self) -> bool:
        """Whether an answer of this conversation is being made."""
        return self.talk.running is not None

    def focus_composer(self) -> None:
        """Write a question."""
        self._turn_to(is_history=False)
        self.composer.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def begin_new(self) -> None:
        """Begin another conversation; nothing of it is kept before its first question."""
        self.composer.give_up_edit()
        self.talk.begin()
        self.focus_composer()

    def open_conversation(self, conversation: str, turn: str) -> None:
        """Show an earlier conversation at one of its turns, to go on in the mode of its last answer."""
        self._wanted_turn = turn
        self.composer.give_up_edit()
        self.focus_composer()
        self._desk.start("Opening the conversation", self._open(conversation))

    def ask(self, text: str, mode: Choice | None = None) -> None:
        """Ask ``text``, with what is attached; what is to be seen in an attached chart is asked with its picture."""
        attached = self.composer.attachment
        if asks_to_look(text) and attached is not None and attached.chart is not None:
            self.look_wanted.emit(text.strip())
        elif text.strip() and not self.is_answering:
            self._ask(self._question(text.strip(), mode or self.composer.chosen_mode))

    def look(self, attachment: Attachment, picture: bytes, text: str) -> None:
        """Ask what is to be seen in a chart, of which ``picture`` is a PNG."""
        if not self.is_answering:
            self.attach(attachment)
            chosen = self.composer.chosen_mode
            mode = chosen if isinstance(chosen, Mode) and chosen is not Mode.SEARCH else Mode.FAST
            self._ask(Question(text, mode, instrument=attachment.instrument, chart=attachment.chart, looks=True, picture=picture))

    def stop(self) -> None:
        """End the answer that is being made."""
        if self.is_answering:
            self._desk.start("Stopping", self.talk.stop())

    def regenerate(self) -> None:
        """Answer the last question once more."""
        if self.talk.last_answer is not None:
            self.deeds.again(self.talk.last_answer)

    def attach(self, attachment: Attachment | None) -> None:
        """Let this go with the next questions."""
        self.composer.attach_this(attachment)

    def show_history(self) -> None:
        """Show earlier conversations."""
        self._turn_to(is_history=True)

    def export(self, form: str = "markdown") -> None:
        """Save the conversation as a file."""
        self.whole.save(form)

    def show_help(self) -> None:
        """Say what can be typed."""
        field = self.composer.field
        self.cards.show_help(QRect(field.mapToGlobal(QPoint(0, 0)), field.size()))

    def close_panel(self) -> None:
        """Look and hear no more."""
        self._listener.close()
        self.composer.end()
        self.cards.close()
        self.talk.close()
        self.watch.close()
        self._subscription.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what came while hidden."""
        super().showEvent(event)
        self._desk.frames.request()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape stops, from anywhere in the dock."""
        if event.key() == Qt.Key.Key_Escape and self.is_answering:
            self.stop()
        else:
            super().keyPressEvent(event)

    # --- inside -------------------------------------------------------------------------------------------------------

    def _connect(self, desk: Desk) -> None:
        self.talk.changed.connect(self._show_talk)
        self.talk.grew.connect(self._grew)
        self.talk.over.connect(self._answered)
        self.talk.titled.connect(self._say_title)
        self.talk.switched.connect(self.composer.choose_mode)
        self.timeline.view_made.connect(self.links.hear)
        self.links.sketches_wanted.connect(self.sketches_wanted)
        self.links.keep_wanted.connect(self.keep_wanted)
        self.links.matches_wanted.connect(self.matches_wanted)
        self.timeline.key_pressed.connect(self._timeline_key)
        self.deeds.edit_wanted.connect(self._edit)
        self.deeds.save_wanted.connect(self.export)
        self.deeds.said.connect(partial(announce, self.timeline))
        self.composer.sent.connect(self.ask)
        self.composer.typed.connect(self._typed)
        self.composer.ordered.connect(partial(obey, self))
        self.composer.stop_wanted.connect(self.stop)
        self.composer.edit_wanted.connect(self._edit_last)
        self.composer.edit_given_up.connect(self._edit_given_up)
        self.composer.attach_wanted.connect(self.attach_wanted)
        self.strip.models_wanted.connect(self.models_wanted)
        self.history.chosen.connect(self.open_conversation)
        self.history.left.connect(self.focus_composer)
        self.history.rename_wanted.connect(self.whole.rename)
        self.history.pin_wanted.connect(self.whole.pin)
        self.history.remove_wanted.connect(self.whole.remove)
        self.list_button.clicked.connect(self._list_pressed)
        self.new_button.clicked.connect(self.begin_new)
        self.more_button.clicked.connect(self._open_more)
        self.cards.fact_shown.connect(self.fact_shown)
        self.cards.fact_left.connect(self.fact_left)
        self.cards.chart_wanted.connect(self.fact_chart_wanted)
        desk.look.changed.connect(self._wear)

    def _grew(self, entry: Entry) -> None:
        self.timeline.refresh(entry.id)
        answer = self.talk.answer_of(entry)
        if answer is not None and answer.analysis is not None and entry.id not in self._cards and self.timeline.is_at_end:
            self._cards.add(entry.id)
            self.timeline.go_to(entry.id)  # a card comes whole: it is read from its beginning

    def _look(self) -> bool:
        is_other = self.talk.look()
        if is_other:
            self.watch.show_running(self.talk.running)
        return is_other

    def _ask(self, question: Question) -> None:
        edited, self._edited = self._edited, None
        self.composer.sent_away()
        self.timeline.go_to_end()
        self._desk.start("Asking", self.talk.ask(question, edited))

    def _typed(self, text: str) -> None:
        """What is typed will be asked: the model may read what it needs for it."""
        question = self.composer.question(text, self.composer.chosen_mode)
        self._desk.start("Reading ahead", self.talk.anticipate(question, self._edited))

    def _question(self, text: str, mode: Choice) -> Question:
        is_of_chart = mode is Mode.ANALYSIS or (mode is Automatic.AUTO and points_at_chart(text))
        if self.composer.attachment is None and is_of_chart:
            self.attach_wanted.emit()  # an analysis is of what is on the chart, unless it is told otherwise
        return self.composer.question(text, mode)

    def _show_talk(self) -> None:
        is_other, self._shown_id = self._shown_id not in (None, self.talk.id, ""), self.talk.id
        self.timeline.show_entries(self.talk.entries, is_other=is_other or not self.talk.entries)
        self._turns.setCurrentIndex(1 if self.talk.entries else 0)
        if self._wanted_turn and any(entry.id == self._wanted_turn for entry in self.talk.entries):
            self.timeline.go_to(self._wanted_turn)
            self._wanted_turn = ""
        self.watch.show_running(self.talk.running)
        self.changed.emit()

    async def _open(self, conversation: str) -> None:
        await self.talk.open(conversation)
        if self.talk.id != conversation or self.talk.row is None or self.talk.row.mode:
            return  # another one is shown, or it says by itself what it was switched to
        last = self.talk.last_answer
        answer = self.talk.answer_of(last) if last is not None else None
        if answer is not None:
            self.composer.choose_mode(answer.question.choice)

    def _say_title(self) -> None:
        self.title.say(self.talk.title)
        self.more_button.setEnabled(bool(self.talk.id))

    def _answered(self, answer: Answer) -> None:
        said = {Phase.STOPPED: "Stopped.", Phase.FAILED: f"Not answered: {answer.words}"}.get(answer.phase, "Answered.")
        announce(self.timeline, f"{said} {told_text(answer.spans)[:_SPOKEN_MAX]}".strip())
        self.changed.emit()

    def _timeline_key(self, key: int, event: QKeyEvent) -> None:
        entry = self.timeline.current
        view = self.timeline.view_of(entry.id) if entry is not None else None
        if entry is None or self.deeds.key(entry, event):
            event.accept()
        elif key in (Qt.Key.Key_Menu, Qt.Key.Key_Return, Qt.Key.Key_Enter) and view is not None:
            event.accept()
            self.deeds.open_menu(view, view.mapToGlobal(QPoint(24, 24)))

    def _edit_last(self) -> None:
        if self.talk.last_question is not None:
            self._edit(self.talk.last_question)

    def _edit(self, entry: Entry) -> None:
        if not self.is_answering:
            self._edited = entry
            self.composer.begin_edit(entry.text)

    def _edit_given_up(self) -> None:
        self._edited = None

    # --- conversations ------------------------------------------------------------------------------------------------

    def _turn_to(self, *, is_history: bool) -> None:
        self.list_button.setChecked(is_history)
        self._pages.setCurrentIndex(1 if is_history else 0)
        if is_history:
            self.history.refresh()
            self.history.take_keyboard()

    def _list_pressed(self) -> None:
        if self.list_button.isChecked():
            self._turn_to(is_history=True)
        else:
            self.focus_composer()

    def _open_more(self) -> None:
        self.whole.open_menu(self.more_button.mapToGlobal(QPoint(0, self.more_button.height())))

    def _conversations_changed(self, _event: ConversationsChanged) -> None:
        if self._pages.currentIndex() == 1:
            self.history.refresh()

    def _wear(self) -> None:
        look = self._desk.look
        for made, name in ((self.list_button, "list"), (self.new_button, "plus"), (self.more_button, "more")):
            made.setIcon(look.icon(name))
        self.composer.wear()
        self.timeline.wear()
        self._say_title()


def _tool(name: str) -> QToolButton:
    made = QToolButton()
    made.setAccessibleName(name)
    made.setToolTip(name)
    made.setProperty("role", "cellButton")
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made
