"""Takes secrets out of text before it is written to a log or a crash report."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import quote, quote_plus

HIDDEN: Final = "[hidden]"
KNOWN_LETTERS_MIN: Final = 6

_NAMES: Final = (
    r"(?:pass(?:word|phrase|wd)?|secret|token|api[_-]?key|private[_-]?key|master[_-]?key|key[_-]?id|key"
    r"|cookie|credential|phrase)"
)
# name = value, "name": "value", --name value; the value ends at a blank, quote, comma, or closing bracket
_NAMED = re.compile(rf"(?i)\b([a-z_-]*{_NAMES}s?)(['\"]?\s*[:=]\s*['\"]?|\s+(?=\S{{16,}}\b))([^\s'\",;)\]}}]{{4,}})")
_SECRET_NAME = re.compile(rf"(?i)(?:^|_){_NAMES}s?$")
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}")
_IN_ADDRESS = re.compile(r"(\w+://)[^\s/@:]+:[^\s/@]+@")
_HEX_KEY = re.compile(r"\b[0-9a-fA-F]{64}\b")
_BASE64_KEY = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{43}=(?![\w+/=-])")
# Twelve or more short lower-case words in a row, which prose hardly has and a recovery phrase is made of.
_PHRASE = re.compile(r"\b(?:[a-z]{3,8}\s+){11,}[a-z]{3,8}\b")


# What this process was told to hide, longest first: one tuple, so that the log's thread may read while another adds.
_known: tuple[str, ...] = ()


def hide(value: str) -> None:
    """Take ``value`` out of every text from now on, also as an address writes it; a very short one would hide words."""
    global _known  # noqa: PLW0603  # logs and crash reports of all threads hide the same
    if len(value) >= KNOWN_LETTERS_MIN:
        _known = tuple(sorted({*_known, value, quote(value, safe=""), quote_plus(value)}, key=len, reverse=True))


def redact(text: str) -> str:
    """``text`` without passwords, tokens, keys and recovery phrases."""
    for value in _known:
        text = text.replace(value, HIDDEN)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    text = _IN_ADDRESS.sub(rf"\1{HIDDEN}@", text)
    text = _PHRASE.sub(HIDDEN, text)
    text = _HEX_KEY.sub(HIDDEN, text)
    text = _BASE64_KEY.sub(HIDDEN, text)
    return _NAMED.sub(rf"\1\2{HIDDEN}", text)


def is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    return _SECRET_NAME.search(name) is not None


def redact_paths(text: str, home: Path) -> str:
    """``text`` with the installation's folder and the user's own folder written as ``<home>`` and ``~``."""
    for folder, word in ((str(home), "<home>"), (str(Path.home()), "~")):
        if len(folder) > 1:
            text = text.replace(folder, word)
    return text
