"""What can be done with servers and accounts from anywhere."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from trii_desktop.team.team_deeds import TeamDeeds


class TeamActions(QObject):
    """Methods and flags that the action table names. ``changed`` : a flag may be another one."""

    changed = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._deeds: TeamDeeds | None = None  # by the workbench, when everything else is there

    def adopt(self, deeds: "TeamDeeds") -> None:
        """Reach the dialogs."""
        self._deeds = deeds
        self.changed.emit()

    @property
    def is_there(self) -> bool:
        """Whether servers can be reached, which comes last."""
        return self._deeds is not None

    def open_join(self) -> None:
        """Join a server by its link."""
        if self._deeds is not None:
            self._deeds.open_join()

    def open_servers(self) -> None:
        """Show how each server stands."""
        if self._deeds is not None:
            self._deeds.open_servers()

    def open_sign_in(self) -> None:
        """Sign in where one is signed out."""
        if self._deeds is not None:
            self._deeds.open_sign_in()

    def open_account(self) -> None:
        """Devices, password, second factor."""
        if self._deeds is not None:
            self._deeds.open_account()

    def open_invite(self) -> None:
        """Invite people."""
        if self._deeds is not None:
            self._deeds.open_invite()
