"""What of the team's window is imported after everything else is there: the dock, the servers' dialogs, the status part."""

from collections.abc import Callable
from typing import NamedTuple

from trii_desktop.chat.chart_links import ChartLinks
from trii_desktop.chat.chat_actions import ChatActions
from trii_desktop.chat.kept_room import KeptRoom
from trii_desktop.chat.panel import ChatPanel
from trii_desktop.chat.surface import ChatSurface
from trii_desktop.chat.telling import ChatTelling
from trii_desktop.desk import Desk
from trii_desktop.main_window import MainWindow
from trii_desktop.market.active_chart import ActiveChart
from trii_desktop.notifications import Offer
from trii_desktop.team.standing_part import StandingPart
from trii_desktop.team.surface import TeamSurface
from trii_desktop.team.team_actions import TeamActions
from trii_desktop.team.team_deeds import TeamDeeds


class LateChat(NamedTuple):
    """The dock's panel, its ways to the charts, what tells of news, and the servers."""

    panel: ChatPanel
    links: ChartLinks
    telling: ChatTelling
    deeds: TeamDeeds
    part: StandingPart

    def join(self, chat: ChatActions, team: TeamActions, offer_of: Callable[[str], Offer | None]) -> None:
        """Let the action table reach them, and what they offer be what ``offer_of`` gives for an action."""
        self.links.lead(offer_of("import.files"), offer_of("live.feeds"))
        chat.adopt(self.panel, self.links)
        team.adopt(self.deeds)
        self.telling.room_wanted.connect(self.panel.open_room)
        self.telling.room_wanted.connect(lambda _room: chat.focus_composer())
        self.telling.list_wanted.connect(chat.show_rooms)
        self.panel.join_wanted.connect(self.deeds.open_join)
        self.panel.sign_in_wanted.connect(self.deeds.open_sign_in)
        self.panel.invite_wanted.connect(self.deeds.open_invite)
        self.deeds.joined.connect(lambda _server: chat.show_rooms())
        self.part.wanted.connect(self.deeds.open_servers)

    def close(self) -> None:
        """Close the dialogs and the status part; the panel goes with its dock."""
        self.telling.close()
        self.deeds.close()
        self.part.close_part()


def make_chat(window: MainWindow, desk: Desk, active: ActiveChart, team: TeamSurface, chat: ChatSurface) -> LateChat:
    """Make them, and stand the part in the status bar."""
    panel = ChatPanel(desk, chat, team)
    part = StandingPart(desk, team)
    window.status.addPermanentWidget(part)
    part.refresh()
    dock = window.docks["chat"]
    dock.kept_by = KeptRoom(panel, dock)
    return LateChat(panel, ChartLinks(desk, active), ChatTelling(window, desk, panel), TeamDeeds(window, desk, team), part)
