"""The rows of the team menu: the chat, and the servers it runs over."""

from typing import Final

from trii_desktop.actions.row import TEAM, ActionRow

_CHAT, _SERVERS = "chat.is_there", "team.is_there"

ROWS: Final[tuple[ActionRow, ...]] = (
    ActionRow(
        "chat.write", "&Write a message", TEAM, "chat.focus_composer", ("Ctrl+M",), _CHAT, icon="chat", words="chat room reply"
    ),
    ActionRow("chat.rooms", "Find a &room\u2026", TEAM, "chat.show_rooms", ("Ctrl+Shift+8",), _CHAT, words="chat channel switch"),
    ActionRow(
        "chat.unread",
        "Next &unread room",
        TEAM,
        "chat.open_next_unread",
        ("Ctrl+Shift+U",),
        "chat.has_unread",
        words="chat mention",
    ),
    ActionRow(
        "chat.search", "Search &messages\u2026", TEAM, "chat.show_search", ("Ctrl+Shift+M",), _CHAT, words="chat find said history"
    ),
    ActionRow(
        "chat.share",
        "&Share the chart",
        TEAM,
        "chat.share_chart",
        ("Ctrl+Alt+S",),
        "chat.can_share",
        words="chat send picture live state",
        tip="Share the chart as a picture and as it stands",
        starts_group=True,
    ),
    ActionRow("chat.share_link", "Share a &link to these bars", TEAM, "chat.share_link", (), "chat.can_share", words="chat range"),
    ActionRow("chat.attach", "&Attach files\u2026", TEAM, "chat.attach_files", (), "chat.can_share", words="chat send upload"),
    ActionRow(
        "chat.new",
        "&New room or message\u2026",
        TEAM,
        "chat.open_new",
        ("Ctrl+Alt+N",),
        _CHAT,
        words="chat direct",
        starts_group=True,
    ),
    ActionRow(
        "chat.details", "Room: people and s&ettings\u2026", TEAM, "chat.open_details", (), "chat.has_room", words="members leave"
    ),
    ActionRow("chat.people", "&People\u2026", TEAM, "chat.show_people", (), _CHAT, words="chat presence who is online"),
    *(
        ActionRow(f"chat.{name}", title, TEAM, f"chat.{name}", (), _CHAT, submenu="Tell &others", words="presence status chat")
        for name, title in (("be_here", "I am here"), ("be_away", "I am away"), ("be_busy", "I am busy"))
    ),
    ActionRow(
        "chat.show", "Show the &chat", TEAM, "chat.toggle_panel", ("Ctrl+8",), "", "chat.shows_panel", words="dock rooms messages"
    ),
    ActionRow(
        "team.join", "&Join a server\u2026", TEAM, "team.open_join", (), _SERVERS, words="invite link team chat", starts_group=True
    ),
    ActionRow("team.sign_in", "S&ign in\u2026", TEAM, "team.open_sign_in", (), _SERVERS, words="login server team"),
    ActionRow(
        "team.servers", "Ser&vers\u2026", TEAM, "team.open_servers", (), _SERVERS, words="connection offline online team sync"
    ),
    ActionRow(
        "team.account",
        "Acc&ount\u2026",
        TEAM,
        "team.open_account",
        (),
        _SERVERS,
        words="sessions devices password second factor sign out logout",
    ),
    ActionRow("team.invite", "Invite peop&le\u2026", TEAM, "team.open_invite", (), _SERVERS, words="link member"),
)
