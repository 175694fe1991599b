"""How a server stands, in words that are true."""

from typing import Final

from backend.sync.server import ServerRow, Standing
from trii_desktop.team.letters import shown_line, shown_name

WORDS: Final = {
    Standing.SIGNED_OUT: "Signed out",
    Standing.OFFLINE: "Offline",
    Standing.CONNECTING: "Connecting\u2026",
    Standing.CATCHING_UP: "Catching up\u2026",
    Standing.LIVE: "Live",
    Standing.REFUSED: "Refused",
}
_CARRIERS: Final = {"events": "over plain HTTP", "poll": "by polling"}
ROLES: Final = {
    "owner": "Owner", "admin": "Administrator", "compliance": "Compliance", "moderator": "Moderator", "trader": "Trader",
    "member": "Member", "guest": "Guest", "bot": "Bot", "reader": "Reader",
}  # fmt: skip


def standing_words(server: ServerRow, now_ms: int) -> str:
    """How it stands, with what waits and when it is tried again."""
    parts = [WORDS[server.standing]]
    if server.standing is Standing.LIVE and server.carrier in _CARRIERS:
        parts[0] += f" {_CARRIERS[server.carrier]}"
    if server.n_waiting:
        parts.append("1 change waits" if server.n_waiting == 1 else f"{server.n_waiting:,} changes wait")
    wait_s = round((server.retry_at_ms - now_ms) / 1000)
    if server.retry_at_ms and wait_s > 0 and server.standing in (Standing.OFFLINE, Standing.CONNECTING):
        parts.append(f"next try in {wait_s} s")
    return " · ".join(parts)


def explained(server: ServerRow) -> str:
    """What that means for what one writes."""
    match server.standing:
        case Standing.SIGNED_OUT:
            return "What is on this computer can be read and searched. Sign in to send."
        case Standing.OFFLINE:
            why = f" {shown_line(server.why)}" if server.why else ""
            return f"What you write is kept and sent when the server can be reached.{why}"
        case Standing.REFUSED:
            return shown_line(server.why) or "The server is not the one that was joined, or refuses this version."
        case _:
            return shown_line(server.why)


def server_name(server: ServerRow) -> str:
    """What it is called."""
    return shown_name(server.name or server.url)


def is_troubled(server: ServerRow) -> bool:
    """Whether nothing gets there now, though it should."""
    return server.standing in (Standing.REFUSED, Standing.OFFLINE)


def pin_words(pin: str) -> str:
    """An identity in groups that can be read out."""
    return " ".join(pin[start : start + 6] for start in range(0, len(pin), 6))
