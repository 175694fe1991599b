"""Leads what is pressed in a turn to whom it concerns: its menu, its branches, the facts of its numbers, its card."""

from functools import partial

from PySide6.QtCore import QObject, QPoint, QRect, Signal

from trii_desktop.assistant.card import AnalysisCard
from trii_desktop.assistant.deeds import TurnDeeds
from trii_desktop.assistant.facts_shown import SideCards
from trii_desktop.assistant.talk import Talk
from trii_desktop.assistant.turn_view import AnswerView, TurnView


class TurnLinks(QObject):
    """Hears every widget of a turn once, when it is made.

    sketches_wanted, keep_wanted : a StockAnalysis; matches_wanted : bars that an answer found
    hit_wanted : a Hit that is to be opened, and where its title stands on screen
    """

    sketches_wanted = Signal(object)
    keep_wanted = Signal(object)
    matches_wanted = Signal(object)
    hit_wanted = Signal(object, QRect)

    def __init__(self, talk: Talk, deeds: TurnDeeds, cards: SideCards, parent: QObject) -> None:
        super().__init__(parent)
        self._talk = talk
        self._deeds = deeds
        self._cards = cards

    def hear(self, view: TurnView) -> None:
        """Lead on what this widget asks for, whichever turn it shows."""
        view.menu_wanted.connect(partial(self._open_menu, view))
        view.branch_wanted.connect(partial(self._step_branch, view))
        view.fact_wanted.connect(partial(self._show_fact, view))
        view.link_wanted.connect(self._cards.show_link)
        if isinstance(view, AnswerView):
            view.hit_wanted.connect(partial(self._open_hit, view))
            view.modes_wanted.connect(partial(self._open_modes, view))
            view.retry_wanted.connect(partial(self._retry, view))
            view.matches_wanted.connect(self.matches_wanted)
            view.card_made.connect(self._hear_card)

    def _hear_card(self, card: AnalysisCard) -> None:
        card.show_wanted.connect(self.sketches_wanted)
        card.keep_wanted.connect(self.keep_wanted)

    def _open_menu(self, view: TurnView, place: QPoint) -> None:
        self._deeds.open_menu(view, place)

    def _open_modes(self, view: TurnView, place: QPoint) -> None:
        self._deeds.open_modes(view, place)

    def _step_branch(self, view: TurnView, by: int) -> None:
        self._deeds.step(view.entry, by)

    def _retry(self, view: TurnView) -> None:
        self._deeds.again(view.entry)

    def _open_hit(self, view: TurnView, place: int, where: QRect) -> None:
        answer = self._talk.answer_of(view.entry)
        if answer is not None and place < len(answer.hits):
            self.hit_wanted.emit(answer.hits[place], where)

    def _show_fact(self, view: TurnView, fact_id: str, place: QRect) -> None:
        answer = self._talk.answer_of(view.entry)
        if answer is not None:
            self._cards.show_fact(fact_id, answer.facts, place)
