"""How the model stands, honestly: none and what still works, loading, broken and what to do, how many wait before."""

from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QProgressBar

from backend.assistant.answers import Answer, Mode, Phase
from backend.assistant.engines.engine import EngineState, EngineStats
from trii_desktop.assistant.wording import MODES, NEEDS_NO_MODEL
from trii_desktop.widgets.layout import button, column, label, restyle, row


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known: the mode in use, the name of the model chosen for it, the engine, and the answer that is made."""

    mode: Mode
    model: str | None = ""  # None while that is not known
    stats: EngineStats = field(default_factory=EngineStats)
    progress: float = 0.0
    running: Answer | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What the strip says; hidden without words. ``offer`` : "models", "cancel" or nothing."""

    words: str = ""
    hint: str = ""
    level: str = ""
    offer: str = ""
    progress: float | None = None


def said_of(seen: Seen) -> Said:
    """The words for what is known."""
    state = seen.stats.state
    if state is EngineState.LOADING:
        return Said(seen.stats.words or f"Loading {seen.model or 'the model'}", "", "", "cancel", seen.progress)
    if seen.mode in NEEDS_NO_MODEL or seen.model is None:
        return Said()
    if state is EngineState.BROKEN:
        words = seen.stats.words or "The model's engine stopped."
        return Said(words, "Ask again to start it anew, or choose another model.", "warning", "models")
    if not seen.model:
        return Said(
            f"No model for {MODES[seen.mode][0]} yet.",
            "Stock Analysis, Normal Search and questions over your data work without one.",
            "warning",
            "models",
        )
    n_before = max(seen.stats.n_waiting - 1, 0)
    if seen.running is not None and seen.running.phase is Phase.WAITING and n_before:
        return Said(
            "1 question is answered before this one." if n_before == 1 else f"{n_before} questions are answered before this one."
        )
    return Said()


class StandingStrip(QFrame):
    """Shows what ``said_of`` says. ``models_wanted``, ``cancel_wanted`` : what its button offers."""

    models_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.said = Said()
        self.setProperty("role", "strip")
        self._words = label("", "", wraps=True)
        self._hint = label("", "caption", wraps=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._bar.setAccessibleName("Loading the model")
        self.offer = button("Models\u2026", quiet=True)
        self.offer.setProperty("small", True)
        self.offer.clicked.connect(self._pressed)
        words = column(self._words, self._hint, self._bar, gap=3)
        laid = row(words, self.offer, margins=(12, 6, 8, 6))
        laid.setStretch(0, 1)
        self.setLayout(laid)
        self.hide()

    def show_seen(self, seen: Seen) -> None:
        """Say how things stand now."""
        said = said_of(seen)
        if said == self.said:
            return
        self.said = said
        self._words.setText(said.words)
        restyle(self._words, role=said.level or "strong")
        self._hint.setText(said.hint)
        self._hint.setVisible(bool(said.hint))
        self._bar.setVisible(said.progress is not None)
        self._bar.setValue(round(1000 * (said.progress or 0.0)))
        words = {"models": "Models\u2026", "cancel": "Cancel"}.get(said.offer, "")
        self.offer.setText(words)
        self.offer.setAccessibleName(words)
        self.offer.setVisible(bool(words))
        self.setVisible(bool(said.words))

    def _pressed(self) -> None:
        if self.said.offer == "cancel":
            self.cancel_wanted.emit()
        else:
            self.models_wanted.emit()
