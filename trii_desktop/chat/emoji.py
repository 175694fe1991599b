"""Reactions: which ones are offered, what they are called, and whether this computer's fonts can show them."""

from functools import lru_cache
from typing import Final

from PySide6.QtGui import QFont, QGuiApplication, QTextLayout

from trii_desktop.team.letters import shown_line

OFFERED: Final = {
    "\U0001f44d": "+1",
    "\U0001f44e": "\u22121",
    "\u2705": "done",
    "\U0001f440": "looking",
    "\U0001f389": "well done",
    "\u2764\ufe0f": "love",
    "\U0001f602": "laugh",
    "\U0001f914": "hm",
    "\U0001f680": "rocket",
    "\U0001f4c8": "up",
    "\U0001f4c9": "down",
    "\u26a0\ufe0f": "careful",
}
N_LETTERS_MAX: Final = 16


def shown_emoji(emoji: str) -> str:
    """The emoji itself where a font has it, else its name; letters that are none are shown as they are, cut short."""
    plain = shown_line(emoji)[:N_LETTERS_MAX]
    if can_show(plain):
        return plain
    return OFFERED.get(emoji) or emoji_name(emoji)


def emoji_name(emoji: str) -> str:
    """What a screen reader says; the letters themselves where there is no name."""
    return OFFERED.get(emoji) or shown_line(emoji)[:N_LETTERS_MAX] or "?"


@lru_cache(maxsize=256)
def can_show(text: str) -> bool:
    """Whether every letter has a shape in some font of this computer."""
    if not text or QGuiApplication.instance() is None:
        return False
    layout = QTextLayout(text, QFont(QGuiApplication.font()))
    layout.beginLayout()
    layout.createLine()
    layout.endLayout()
    return all(0 not in run.glyphIndexes() for run in layout.glyphRuns())
