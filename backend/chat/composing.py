"""Servers and chat put together over the stores of a home."""

import platform

from backend.chat.attachments import Attachments
from backend.chat.chat import Chat
from backend.chat.door import ChatNeeds
from backend.chat.incoming import Incoming
from backend.chat.mirror import Mirror
from backend.chat.parts import ChatParts
from backend.chat.presence import Presence
from backend.chat.uploads import Uploads
from backend.storage.blobs import BlobStore
from backend.sync.team import Team, TeamParts


def make_chat(needs: ChatNeeds) -> tuple[Team, Chat]:
    """Both facades; nothing is read or connected before they are asked."""
    bus, clock, tasks = needs.bus, needs.clock, needs.tasks
    blobs = BlobStore(needs.home.blobs, needs.key.derive("blobs"), quarantine=needs.home.quarantine)
    mirror = Mirror(needs.words, bus.publish)
    team = Team(TeamParts(needs.words, mirror, needs.credentials, bus, clock, tasks, f"TRII on {platform.node() or 'a computer'}"))
    incoming = Incoming(needs.home.cache / "downloads", needs.key.derive("blobs"))
    files = Attachments(needs.words, blobs, incoming, clock)
    uploads = Uploads(team, needs.words, files, bus, tasks)
    presence = Presence(clock, bus.publish)
    parts = ChatParts(needs.home, needs.words, team, mirror, presence, files, uploads, needs.settings, bus, clock, tasks)
    return team, Chat(parts)
