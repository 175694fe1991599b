"""Cards beside numbers and links: where a number comes from, and where a link leads before it is opened."""

from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QRect, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QWidget

from backend.assistant.facts.fact import FactSet
from trii_desktop.assistant.card_blocks import fact_blocks, spoken_fact
from trii_desktop.assistant.commands import COMMANDS
from trii_desktop.assistant.markdown.blocks import PAIRS, Block, BlockKind, Run, host_of
from trii_desktop.assistant.popover import Popover
from trii_desktop.look import Look

KEYS: Final = (
    ("Enter", "Send"),
    ("Shift+Enter", "Break the line"),
    ("Up", "Edit the last question, while the field is empty"),
    ("Esc", "Stop the answer, or give up editing"),
    ("Ctrl+L", "Write a question, from anywhere"),
    ("C, R, E", "Copy, answer again or edit the chosen turn"),
    ("Left, Right", "Version before or after the chosen turn's"),
)


class SideCards(QObject):
    """fact_shown : a Fact whose bars are to be marked; fact_left : no longer."""

    fact_shown = Signal(object)
    fact_left = Signal()
    chart_wanted = Signal(object)

    def __init__(self, panel: QWidget, look: Look) -> None:
        super().__init__(panel)
        self._panel = panel
        self._look = look
        self._facts = FactSet(())
        self._place = QRect()
        self.popover: Popover | None = None

    def show_fact(self, fact_id: str, facts: FactSet, place: QRect) -> None:
        """Say where a number comes from, and have its bars marked."""
        fact = facts.get(fact_id)
        if fact is None:
            return
        self._facts, self._place = facts, place
        offers = (("Go to its bars", partial(self._go_to, fact_id)),) if fact.bars is not None else ()
        self._open(place, spoken_fact(fact), fact_blocks(fact, facts), offers)
        self.fact_shown.emit(fact)

    def show_link(self, address: str, place: QRect) -> None:
        """Say where a link leads, whole, and offer to open it."""
        host = host_of(address)
        if not host:
            return
        blocks = (
            Block(BlockKind.HEADING, (Run(f"Open {host}?"),), level=3),
            Block(BlockKind.PARAGRAPH, (Run(address, is_code=True),)),
            Block(BlockKind.PARAGRAPH, (Run("It opens in your browser, outside this program.", is_aside=True),)),
        )
        offers = (("Open", partial(self._open_address, address)), ("Copy the address", partial(self._copy, address)))
        self._open(place, f"Open {host}?", blocks, offers)

    def show_page(self, title: str, blocks: tuple[Block, ...], place: QRect) -> None:
        """Show a page of help beside the place that named it."""
        self._open(place, title, (Block(BlockKind.HEADING, (Run(title),), level=3), *blocks), ())

    def show_help(self, place: QRect) -> None:
        """Say what can be typed and which keys there are."""
        commands = tuple(((Run(f"/{one.name}", is_code=True),), (Run(one.words),)) for one in COMMANDS)
        keys = tuple(((Run(key),), (Run(words),)) for key, words in KEYS)
        blocks = (
            Block(BlockKind.HEADING, (Run("Commands"),), level=3),
            Block(BlockKind.TABLE, rows=commands, language=PAIRS),
            Block(BlockKind.HEADING, (Run("Keys"),), level=3),
            Block(BlockKind.TABLE, rows=keys, language=PAIRS),
        )
        self._open(place, "What can be typed", blocks, ())

    def close(self) -> None:
        """Let the card go."""
        if self.popover is not None:
            self.popover.dismiss()
            self.popover.setParent(None)
            self.popover.deleteLater()
            self.popover = None

    # --- inside -------------------------------------------------------------------------------------------------------

    def _open(self, place: QRect, name: str, blocks: tuple[Block, ...], offers: tuple[tuple[str, object], ...]) -> None:
        if self.popover is None:
            self.popover = Popover(self._panel, self._look)
            self.popover.text.fact_wanted.connect(self._show_input)
            self.popover.text.link_wanted.connect(self.show_link)
            self.popover.closed.connect(self.fact_left)
        self.popover.open_at(place, name, blocks, offers)

    def _show_input(self, fact_id: str, _place: QRect) -> None:
        self.show_fact(fact_id, self._facts, self._place)

    def _go_to(self, fact_id: str, *_: object) -> None:
        fact = self._facts.get(fact_id)
        if fact is not None:
            self.chart_wanted.emit(fact)

    def _open_address(self, address: str, *_: object) -> None:
        QDesktopServices.openUrl(QUrl(address))
        self._dismiss()

    def _copy(self, address: str, *_: object) -> None:
        QGuiApplication.clipboard().setText(address)
        self._dismiss()

    def _dismiss(self) -> None:
        if self.popover is not None:
            self.popover.dismiss()
