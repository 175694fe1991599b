"""What the program can do, in short pages that ship with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).resolve().parents[3] / "resources" / "help"
_ALSO: Final = "Also: "


@dataclass(frozen=True, slots=True)
class HelpTopic:
    """One page: its name, its title, its text as markdown, and other words by which it is found."""

    name: str
    title: str
    text: str
    words: str


def load_topics(folder: Path = FOLDER) -> tuple[HelpTopic, ...]:
    """Every page, by name; none where they were not installed."""
    return tuple(_topic(path.stem, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.md")))


def _topic(name: str, page: str) -> HelpTopic:
    title, _, rest = page.partition("\n")
    text, _, words = rest.partition(f"\n{_ALSO}")
    return HelpTopic(name, title.removeprefix("# ").strip(), text.strip(), words.strip())
