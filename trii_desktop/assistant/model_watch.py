"""Follows the model and its engine for the strip above the composer, and where answers may be made."""

from typing import Any

from PySide6.QtCore import QObject

from backend.assistant.answers import Answer, Reach
from backend.bus import Subscription
from backend.events import EngineChanged, ModelsChanged, SettingsChanged
from trii_desktop.assistant.composer import Composer
from trii_desktop.assistant.standing import Seen, StandingStrip
from trii_desktop.assistant.surface import AssistantSurface
from trii_desktop.assistant.wording import REACHES
from trii_desktop.desk import Desk


class ModelWatch(QObject):
    """Keeps the strip and the composer saying how things stand."""

    def __init__(self, desk: Desk, assistant: AssistantSurface, composer: Composer, strip: StandingStrip) -> None:
        super().__init__(strip)
        self._desk = desk
        self._assistant = assistant
        self._composer = composer
        self._strip = strip
        self._model: str | None = None  # not known yet
        self._progress = 0.0
        self._running: Answer | None = None
        composer.mode_changed.connect(self.read_model)
        strip.cancel_wanted.connect(self._cancel_loading)
        self._subscriptions: list[Subscription[Any]] = [
            desk.bridge.subscribe(EngineChanged, self._engine_changed),
            desk.bridge.subscribe(ModelsChanged, self._models_changed),
            desk.bridge.subscribe(SettingsChanged, self._settings_changed),
        ]
        self._say_reach()
        self.read_model()

    def show_running(self, running: Answer | None) -> None:
        """This answer is being made, or none."""
        self._running = running
        self._composer.say_answering(is_answering=running is not None)
        self._say()

    def read_model(self) -> None:
        """Find out which model the mode in use has."""
        self._desk.start("Looking at the models", self._read())

    def close(self) -> None:
        """Hear no more."""
        for subscription in self._subscriptions:
            subscription.close()

    async def _read(self) -> None:
        mode = self._composer.model_mode
        card = await self._desk.bridge.call(self._assistant.models.card_for(mode))
        if mode is self._composer.model_mode:
            self._model = card.name if card is not None else ""
            self._say()

    def _say(self) -> None:
        stats = self._assistant.engines.stats()
        self._strip.show_seen(Seen(self._composer.model_mode, self._model, stats, self._progress, self._running))

    def _say_reach(self) -> None:
        reach = REACHES[Reach(self._desk.backend.settings.current.assistant.reach)]
        self._composer.note.say(reach)
        for part in (self._composer.note, self._composer.mode):
            part.setToolTip(f"Answers are made: {reach.lower()}. Settings, Assistant.")

    def _engine_changed(self, event: EngineChanged) -> None:
        self._progress = event.progress
        self._say()

    def _models_changed(self, _event: ModelsChanged) -> None:
        self.read_model()

    def _settings_changed(self, event: SettingsChanged) -> None:
        if event.section == "assistant":
            self._say_reach()

    def _cancel_loading(self) -> None:
        self._desk.start("Cancelling", self._desk.bridge.call(self._assistant.engines.unload()))
