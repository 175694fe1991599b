"""The instructions of each kind of prompt, as shipped, and what a version of a person's own may be."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.errors import InvalidInput, NotFound

FOLDER: Final = Path(__file__).resolve().parents[3] / "resources" / "prompts"
SHIPPED: Final = 0
CHARS_MIN: Final = 40
CHARS_MAX: Final = 8_000
NAMES: Final = ("chat", "analysis", "plan")
_CONTROLS: Final = {code: None for code in (*range(0x20), 0x7F) if chr(code) not in "\n\t"}


@dataclass(frozen=True, slots=True)
class Version:
    """One text of a template: 0 is the shipped one, those of a person count from 1."""

    template: str
    number: int
    text: str
    made_ns: int = 0


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of prompt with all its versions, the shipped one first, and the number of the one in use."""

    name: str
    versions: tuple[Version, ...]
    used: int = SHIPPED

    @property
    def text(self) -> str:
        """What models are told now."""
        return next(one.text for one in self.versions if one.number == self.used)


def shipped(name: str) -> Version:
    """The version that came with the program. Raises NotFound."""
    check_name(name)
    return Version(name, SHIPPED, _read(f"{name}.v1.md"))


def check_name(name: str) -> None:
    """Raise NotFound for a template that there is not."""
    if name not in NAMES:
        raise NotFound(f"There is no template {name[:40]!r}.", hint=f"There are: {', '.join(NAMES)}.", code="template.unknown")


def checked_text(text: str) -> str:
    """A person's text without control characters. Raises InvalidInput where it is too short, too long or no Unicode text."""
    try:
        text.encode()
    except UnicodeEncodeError as e:
        raise InvalidInput("The text holds half of a character.", hint="Type it again.", code="template.text") from e
    plain = text.replace("\r\n", "\n").translate(_CONTROLS).strip()
    if not CHARS_MIN <= len(plain) <= CHARS_MAX:
        raise InvalidInput(
            f"Instructions have {CHARS_MIN} to {CHARS_MAX:,} characters; these have {len(plain):,}.",
            hint="Say what the model is to do, in a few sentences.",
            code="template.size",
        )
    return plain


@functools.cache
def _read(file: str) -> str:
    return (FOLDER / file).read_text(encoding="utf-8").strip()
