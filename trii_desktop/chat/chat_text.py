"""The words of a message: selectable text in which instruments, beside web addresses, can be pressed."""

from PySide6.QtCore import QUrl, Signal

from trii_desktop.assistant.rich_text import RichText
from trii_desktop.chat.message_text import instrument_of
from trii_desktop.look import Look


class ChatText(RichText):
    """``instrument_wanted`` : the InstrumentId that was pressed."""

    instrument_wanted = Signal(object)

    def __init__(self, look: Look) -> None:
        super().__init__(look, "Message")
        self.anchorClicked.connect(self._pressed)

    def _pressed(self, address: QUrl) -> None:
        instrument = instrument_of(address.toString())
        if instrument is not None:
            self.instrument_wanted.emit(instrument)
