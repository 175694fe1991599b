"""How panels of a window follow instruments: on the engine, by handles that are closed there."""

from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from PySide6.QtWidgets import QWidget

from backend.domain.instruments import InstrumentId
from backend.errors import TriiError
from trii_desktop.desk import Desk
from trii_desktop.sight.follows import Follows, LetGo, ShownFollows


def shown_follows(widget: QWidget, desk: Desk) -> ShownFollows:
    """Follows what ``widget`` shows, through the backend's live market."""

    async def follow(instrument: InstrumentId, depth: bool) -> LetGo:  # noqa: FBT001 - as it was asked for
        handle = await desk.bridge.call(desk.backend.live.follow(instrument, depth=depth))

        async def let_go() -> None:
            with suppress(TriiError):  # an engine that has stopped follows nothing any more
                await desk.bridge.call(handle.close())

        return let_go

    def start(name: str, coro: Coroutine[Any, Any, Any]) -> None:
        if desk.tasks.is_closed:
            coro.close()  # the program ends, and everything is let go
        else:
            desk.tasks.start(name, coro)

    return ShownFollows(widget, Follows(follow, start))
