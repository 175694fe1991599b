"""The servers of this home: how each stands, and what can be done about it; it stays open beside the work."""

from typing import Final, Protocol

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QHeaderView, QStackedWidget, QTableWidgetItem, QWidget

from backend.sync.server import ServerRow, Standing
from trii_desktop.look import Look
from trii_desktop.team.letters import shown_line, shown_name
from trii_desktop.team.words import explained, server_name, standing_words
from trii_desktop.widgets.empty import EmptyState
from trii_desktop.widgets.layout import button, column, label, row
from trii_desktop.widgets.table import RowTable

LOOK_MS: Final = 1_000
_COLUMNS: Final = ("Server", "You", "Stands")


class ServerDeeds(Protocol):
    """What the dialog can have done."""

    def servers(self) -> tuple[ServerRow, ...]:
        """How each stands now."""
        ...

    def now_ms(self) -> int:
        """The time (UTC ms)."""
        ...

    def open_join(self) -> None:
        """Join another one."""
        ...

    def open_sign_in(self, server: str) -> None:
        """Sign in."""
        ...

    def open_account(self, server: str) -> None:
        """Devices, password, second factor, signing out."""
        ...

    def open_invite(self, server: str) -> None:
        """Invite people."""
        ...

    def go_online(self, server: str, *, is_on: bool) -> None:
        """Connect, or stay offline."""
        ...

    def ask_forget(self, server: str) -> None:
        """Take it off the list after a yes."""
        ...


class ServersDialog(QDialog):
    """Not modal. Enter opens the account, or signs in where one is signed out."""

    def __init__(self, parent: QWidget, look: Look, deeds: ServerDeeds) -> None:
        super().__init__(parent)
        self._deeds = deeds
        self._servers: tuple[ServerRow, ...] = ()
        self.setWindowTitle("Servers")
        self.setAccessibleName("Servers")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(760, 380)
        self.table = RowTable("Servers", _COLUMNS, is_framed=False)
        for at, wide in enumerate((240, 190, 0)):
            mode = QHeaderView.ResizeMode.Interactive if wide else QHeaderView.ResizeMode.Stretch
            self.table.horizontalHeader().setSectionResizeMode(at, mode)
            self.table.setColumnWidth(at, wide or 200)
        self.table.currentCellChanged.connect(self._show_chosen)
        self.table.cellActivated.connect(self._open_chosen)
        self.about = label("", "muted", wraps=True)
        self.join_button = button("Join\u2026", primary=True)
        self.main_button, self.online_button, self.invite_button, self.forget_button = (
            button(words) for words in ("Sign in\u2026", "Go offline", "Invite\u2026", "Forget\u2026")
        )
        close = button("Close")
        self.join_button.clicked.connect(deeds.open_join)
        self.main_button.clicked.connect(self._open_chosen)
        self.online_button.clicked.connect(self._switch)
        self.invite_button.clicked.connect(self._invite)
        self.forget_button.clicked.connect(self._forget)
        close.clicked.connect(self.accept)
        self._empty = EmptyState(
            "No server yet",
            "Join with the invite link of your team. Whoever wants to run a server for a team: trii-sync serve.",
            look,
            "people",
            (("Join with a link\u2026", deeds.open_join),),
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.table)
        own = (self.join_button, self.main_button, self.online_button, self.invite_button, self.forget_button, None, close)
        foot = row(*own, margins=(16, 10, 16, 12))
        self.setLayout(column(self._stack, row(self.about, margins=(16, 6, 16, 0)), foot, gap=0))
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        self.refresh()

    def refresh(self) -> None:
        """Show how they stand now."""
        chosen = self._chosen.id if self._chosen is not None else ""
        self._servers = self._deeds.servers()
        self._stack.setCurrentIndex(1 if self._servers else 0)
        self.table.setRowCount(len(self._servers))
        now_ms = self._deeds.now_ms()
        for place, one in enumerate(self._servers):
            for at, words in enumerate(
                (server_name(one), shown_name(one.person or one.email or "\u2013"), standing_words(one, now_ms))
            ):
                item = self.table.item(place, at)
                if item is None:
                    self.table.setItem(place, at, QTableWidgetItem(words))
                elif item.text() != words:
                    item.setText(words)
        wanted = next((place for place, one in enumerate(self._servers) if one.id == chosen), 0)
        if self._servers and self.table.currentRow() != wanted:
            self.table.setCurrentCell(wanted, 0)
        self._show_chosen()

    # --- inside -------------------------------------------------------------------------------------------------------

    @property
    def _chosen(self) -> ServerRow | None:
        place = self.table.currentRow()
        return self._servers[place] if 0 <= place < len(self._servers) else None

    def _show_chosen(self, *_places: int) -> None:
        chosen = self._chosen
        is_in = chosen is not None and chosen.standing is not Standing.SIGNED_OUT
        self.join_button.setVisible(bool(self._servers))
        for made in (self.main_button, self.online_button, self.invite_button, self.forget_button):
            made.setVisible(chosen is not None)
        self.main_button.setText("Account\u2026" if is_in else "Sign in\u2026")
        is_offline = chosen is not None and chosen.standing is Standing.OFFLINE
        self.online_button.setText("Go online" if is_offline else "Go offline")
        self.online_button.setEnabled(is_in)
        self.invite_button.setEnabled(is_in)
        words = "" if chosen is None else "\n".join(part for part in (shown_line(chosen.url), explained(chosen)) if part)
        if self.about.text() != words:
            self.about.setText(words)

    def _open_chosen(self, *_places: int) -> None:
        if self._chosen is None:
            return
        if self._chosen.standing is Standing.SIGNED_OUT:
            self._deeds.open_sign_in(self._chosen.id)
        else:
            self._deeds.open_account(self._chosen.id)

    def _switch(self) -> None:
        if self._chosen is not None:
            self._deeds.go_online(self._chosen.id, is_on=self._chosen.standing is Standing.OFFLINE)

    def _invite(self) -> None:
        if self._chosen is not None:
            self._deeds.open_invite(self._chosen.id)

    def _forget(self) -> None:
        if self._chosen is not None:
            self._deeds.ask_forget(self._chosen.id)
