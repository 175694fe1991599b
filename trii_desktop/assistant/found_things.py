"""Opens what a search found, where it belongs: chart, action, settings, conversation, or beside its title."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from PySide6.QtCore import QObject, QRect, Signal

from backend.assistant.assistant import Assistant
from backend.assistant.grounding.span import Span
from backend.assistant.hits import Hit, HitKind
from backend.domain.instruments import InstrumentId
from trii_desktop.assistant.markdown.parsing import read_markdown
from trii_desktop.assistant.panel import AssistantPanel
from trii_desktop.desk import Desk

_SECOND_NS = 1_000_000_000


class FoundThings(QObject):
    """Hears the dock; what stands outside of it is asked for.

    moment_wanted : an InstrumentId, and UTC ns or None; action_wanted : an action's id
    indicator_wanted : its name; setting_wanted : section and field
    """

    moment_wanted = Signal(object, object)
    action_wanted = Signal(str)
    indicator_wanted = Signal(str)
    setting_wanted = Signal(str, str)

    def __init__(self, desk: Desk, assistant: Assistant, panel: AssistantPanel) -> None:
        super().__init__(panel)
        self._desk = desk
        self._assistant = assistant
        self._panel = panel
        panel.links.hit_wanted.connect(self.open_hit)

    def lead(self, *openers: Callable[..., None]) -> None:
        """Let these open what is asked for, in the order of the signals."""
        wanted = (self.moment_wanted, self.action_wanted, self.indicator_wanted, self.setting_wanted)
        for signal, opener in zip(wanted, openers, strict=True):
            signal.connect(opener)

    def open_hit(self, hit: Hit, place: QRect) -> None:
        """Open it; ``place``: where its title stands on screen."""
        if hit.kind is HitKind.INSTRUMENT:
            self.moment_wanted.emit(InstrumentId.parse(hit.target), None)
        elif hit.kind is HitKind.BAR:
            instrument, _, day = hit.target.split(" ")
            begins = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
            self.moment_wanted.emit(InstrumentId.parse(instrument), int(begins.timestamp()) * _SECOND_NS)
        elif hit.kind is HitKind.ACTION:
            self.action_wanted.emit(hit.target)
        elif hit.kind is HitKind.INDICATOR:
            self.indicator_wanted.emit(hit.target)
        elif hit.kind is HitKind.SETTING:
            self.setting_wanted.emit(*hit.target.split(".", 1))
        elif hit.kind is HitKind.CONVERSATION:
            self._panel.open_conversation(*hit.target.split("/", 1))
        else:
            self._desk.start("Opening the help", self._show_help(hit.target, place))

    async def _show_help(self, name: str, place: QRect) -> None:
        page = await self._desk.bridge.call(self._assistant.help_page(name))
        self._panel.cards.show_page(page.title, read_markdown((Span(page.text),)), place)
