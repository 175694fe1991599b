"""What is done with servers and accounts, each in its dialog; never two of one kind."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog
from shiboken6 import isValid

from backend.events import Level
from backend.sync.server import ServerRow, SignedIn, Standing
from trii_desktop.desk import Desk
from trii_desktop.main_window import MainWindow
from trii_desktop.team.account_dialog import AccountDialog
from trii_desktop.team.invite_dialog import InviteDialog
from trii_desktop.team.join_dialog import JoinDialog
from trii_desktop.team.servers_dialog import ServersDialog
from trii_desktop.team.sign_in_dialog import SignInDialog
from trii_desktop.team.surface import TeamSurface
from trii_desktop.team.words import server_name
from trii_desktop.widgets.ask_yes import AskYes

DialogT = TypeVar("DialogT", bound=QDialog)


class TeamDeeds(QObject):
    """``joined`` : a ServerRow that was signed in to."""

    joined = Signal(object)

    def __init__(self, window: MainWindow, desk: Desk, team: TeamSurface) -> None:
        super().__init__(window)
        self._window = window
        self._desk = desk
        self._team = team
        self._open: list[QDialog] = []

    # --- what there is ------------------------------------------------------------------------------------------------

    def servers(self) -> tuple[ServerRow, ...]:
        """How each stands now."""
        return self._team.servers()

    def now_ms(self) -> int:
        """The time (UTC ms)."""
        return self._desk.backend.clock.now_ns() // 1_000_000

    # --- dialogs ------------------------------------------------------------------------------------------------------

    def open_servers(self) -> None:
        """Show how each server stands."""
        self._show(ServersDialog, lambda: ServersDialog(self._window, self._desk.look, self))

    def open_join(self, link: str = "") -> None:
        """Join a server; by ``link`` where there is one already."""
        dialog = self._show(JoinDialog, lambda: JoinDialog(self._front, self._desk, self._team, self._arrived))
        if link:
            dialog.show_link(link)

    def open_sign_in(self, server: str = "") -> None:
        """Sign in to a server, to the first that one is signed out of where none is named."""
        found = self._server(server) or next((one for one in self.servers() if one.standing is Standing.SIGNED_OUT), None)
        if found is None:
            self.open_join()
        else:
            chosen = found
            self._show(SignInDialog, lambda: SignInDialog(self._front, self._desk, self._team, chosen, self._arrived))

    def open_account(self, server: str = "", page: int = 0) -> None:
        """Devices, password, second factor and signing out; of the first server where none is named."""
        found = self._server(server) or next((one for one in self.servers() if one.standing is not Standing.SIGNED_OUT), None)
        if found is None:
            self.open_sign_in()
        else:
            chosen = found
            self._show(AccountDialog, lambda: AccountDialog(self._front, self._desk, self._team, chosen, self)).show_page(page)

    def open_invite(self, server: str = "") -> None:
        """Invite people, to the first server where none is named."""
        found = self._server(server) or next((one for one in self.servers() if one.standing is not Standing.SIGNED_OUT), None)
        if found is None:
            self.open_sign_in()
        else:
            chosen = found
            self._show(InviteDialog, lambda: InviteDialog(self._front, self._desk, self._team, chosen))

    # --- deeds --------------------------------------------------------------------------------------------------------

    def go_online(self, server: str, *, is_on: bool) -> None:
        """Connect, or stay offline."""
        self._desk.start(
            "Going online" if is_on else "Going offline", self._desk.bridge.call(partial(self._team.go_online, server, is_on=is_on))
        )

    def sign_out(self, server: ServerRow, *, everywhere: bool, wipe: bool) -> None:
        """Sign out; where everything here is removed, after a yes."""
        if not wipe:
            self._desk.start("Signing out", self._sign_out(server, everywhere=everywhere, wipe=False))
            return
        waits = f" {server.n_waiting:,} changes that were not sent yet are lost." if server.n_waiting else ""
        AskYes(
            self._front,
            "Remove everything of this server here?",
            f"What the server has stays there; sign in again to get it back.{waits}",
            "Sign out and remove",
            lambda: self._desk.start("Signing out", self._sign_out(server, everywhere=everywhere, wipe=True)),
        ).open()

    def ask_forget(self, server: str) -> None:
        """Take a server off the list after a yes."""
        found = self._server(server)
        if found is None:
            return
        waits = f" {found.n_waiting:,} changes that were not sent yet are lost." if found.n_waiting else ""
        AskYes(
            self._front,
            f"Forget {server_name(found)}?",
            f"You are signed out, and everything of it is removed from this computer.{waits}",
            "Forget",
            lambda: self._desk.start("Forgetting the server", self._desk.bridge.call(partial(self._team.forget, server))),
        ).open()

    def close(self) -> None:
        """Close what is open."""
        for dialog in self._open:
            if isValid(dialog):
                dialog.close()
        self._open = []

    # --- inside -------------------------------------------------------------------------------------------------------

    @property
    def _front(self) -> QDialog | MainWindow:
        return next((dialog for dialog in reversed(self._shown) if isinstance(dialog, ServersDialog)), self._window)

    @property
    def _shown(self) -> list[QDialog]:
        self._open = [dialog for dialog in self._open if isValid(dialog) and dialog.isVisible()]
        return self._open

    def _show(self, kind: type[DialogT], make: Callable[[], DialogT]) -> DialogT:
        dialog = next((one for one in self._shown if isinstance(one, kind)), None)
        if dialog is None:
            dialog = make()
            self._open.append(dialog)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        return dialog

    def _server(self, server: str) -> ServerRow | None:
        return next((one for one in self.servers() if one.id == server), None)

    async def _sign_out(self, server: ServerRow, *, everywhere: bool, wipe: bool) -> None:
        await self._desk.bridge.call(self._team.sign_out(server.id, everywhere=everywhere, wipe=wipe))
        where = " on all devices" if everywhere else ""
        self._desk.notices.say(f"You are signed out of {server_name(server)}{where}.", level=Level.SUCCESS)

    def _arrived(self, came: SignedIn) -> None:
        self._desk.notices.say(f"You are signed in to {server_name(came.server)}.", level=Level.SUCCESS)
        self.joined.emit(came.server)
