"""The status bar's word on the servers: how each stands, and what waits; pressed, it opens the list."""

from typing import Any, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QToolButton

from backend.bus import Subscription
from backend.events import ServersChanged
from backend.sync.server import ServerRow, Standing
from trii_desktop.desk import Desk
from trii_desktop.team.surface import TeamSurface
from trii_desktop.team.words import explained, is_troubled, server_name, standing_words
from trii_desktop.widgets.layout import restyle

LOOK_MS: Final = 1_000
_ORDER: Final = (
    Standing.REFUSED, Standing.OFFLINE, Standing.SIGNED_OUT, Standing.CONNECTING, Standing.CATCHING_UP, Standing.LIVE,
)  # fmt: skip


class StandingPart(QToolButton):
    """Hidden while there is no server. Of several, the one that stands worst is named first. ``wanted`` : it was pressed."""

    wanted = Signal()

    def __init__(self, desk: Desk, team: TeamSurface) -> None:
        super().__init__()
        self._desk = desk
        self._team = team
        self.hide()
        self.clicked.connect(self.wanted)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.refresh)
        self._subscriptions: list[Subscription[Any]] = [desk.bridge.subscribe(ServersChanged, self._servers_changed)]

    def refresh(self) -> None:
        """Say how they stand now."""
        servers = sorted(self._team.servers(), key=lambda one: _ORDER.index(one.standing))
        now_ms = self._desk.backend.clock.now_ns() // 1_000_000
        self.setVisible(bool(servers))
        if any(one.retry_at_ms > now_ms for one in servers):
            self._timer.start()  # while a next try comes nearer
        else:
            self._timer.stop()
        words = part_words(servers, now_ms)
        if words != self.text():
            self.setText(words)
            self.setAccessibleName(f"Servers: {words}")
        self.setToolTip(
            "\n".join(f"{server_name(one)}: {standing_words(one, now_ms)}. {explained(one)}".strip() for one in servers)
        )
        level = "warning" if servers and is_troubled(servers[0]) else ""
        if self.property("level") != level:
            restyle(self, level=level)

    def close_part(self) -> None:
        """Hear no more."""
        self._timer.stop()
        for subscription in self._subscriptions:
            subscription.close()

    def _servers_changed(self, _event: ServersChanged) -> None:
        self.refresh()


def part_words(servers: list[ServerRow], now_ms: int) -> str:
    """The worst standing in words, and how many others there are."""
    if not servers:
        return ""
    first = f"{server_name(servers[0])}: {standing_words(servers[0], now_ms)}"
    return first if len(servers) == 1 else f"{first} · {len(servers) - 1} more"
