"""Text as it is seen: one plain letter for every look-alike, nothing invisible, no markup; with the way back to the original."""

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

# Letters that turn the direction of what follows: they can show 152 where 251 is written.
BIDI: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
UNREADABLE: Final = "\ue000"  # stands for a letter that is a number nobody can read here
_SPECIAL: Final = re.compile(
    r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"  # entities: markdown shows what they mean
    r"|\\[dt]?frac\s*\{(?P<over>[^{}]{0,40})\}\s*\{(?P<under>[^{}]{0,40})\}"
    r"|\\[A-Za-z]{2,20}\s?"
    r"|\\[\[\]()]"  # brackets that are shown as such make no link
    r"|\\(?=[!-/:-@\[-`{-~])"
    r"|</?(?:b|i|u|s|em|strong|span|sub|sup|br|code|small|mark|font|del|ins|wbr|p|div|td|tr|th)\b[^<>0-9\n]{0,80}>"
    r"|<!--[^0-9\n]{0,200}?-->"
    r"|\{(?:[A-Z][A-Za-z]{0,7}\d{1,6})\}"
    r"|[*`{}]+|_+|~~"
    r"|[^\x20-\x7e\n\t]"
)
_PLAIN: Final = re.compile(r"[\x20-\x25\x27-\x29\x2b-\x3b\x3d-\x5b\x5d\x5e\x61-\x7a|\n\t]*")
_COMMANDS: Final = {
    "times": "\u00d7",
    "cdot": "\u00d7",
    "div": "/",
    "pm": "+-",
    "approx": "~",
    "sim": "~",
    "percent": "%",
    "quad": " ",
}
_DASHES: Final = "\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d\u207b\u208b\u02d7\u2796"
_UNSEEN: Final = frozenset({"Cf", "Mn", "Me", "Cc", "Cs"})
_CJK: Final = "〇零一二三四五六七八九十百千万萬億亿兆壱弐参"
_LOOKS: Final[dict[str, str]] = {
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys("\u2018\u2019\u02bc\u2032\uff07\u201b\u00b4", "'"),
    **dict.fromkeys("\u2044\u2215\u29f8\u00f7", "/"),
    **dict.fromkeys("\u2236\ua789\uff1a\u02d0", ":"),
    **dict.fromkeys("\u066a\ufe6a\uff05\u2052", "%"),
    **dict.fromkeys("\u066b\u00b7\u22c5\u2024\uff0e\u2219", "."),
    **dict.fromkeys("\u066c\u201a\uff0c\ufe50\ufe51", ","),
    **dict.fromkeys("\u2715\u2716\u2a2f\u2a09", "\u00d7"),
    **dict.fromkeys("\u2248\u223c\u2243\u2245\uff5e", "~"),
    "\u2028": "\n",
    "\u2029": "\n",
    "\u0085": "\n",
    "\u2014": "\u2014",
    "\u2015": "\u2014",
    "\U0001f51f": "10",
    "\U0001f4af": "100",
    # Cyrillic and Greek letters that look Latin, for number words that only look like words.
    **dict(zip("аеорсухіјѕһӏԁɡνοικτυ", "aeopcyxijshldgvoiktu", strict=True)),
    **dict(zip("АВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXIJSABEZHIKMNOPTYX", strict=True)),  # noqa: RUF001 - look-alikes
}


@dataclass(frozen=True, slots=True)
class Folded:
    """``text`` as it is seen; letter i of it stands for ``starts[i]:ends[i]`` of the original. Empty lists: nothing was changed."""

    text: str
    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of the folded text (not empty) stands in the original."""
        return (self.starts[start], self.ends[end - 1]) if self.starts else (start, end)


def fold_text(text: str) -> Folded:
    """Digits of every script become 0 to 9, dashes and spaces plain ones; markup, entities and LaTeX become what they show."""
    plain = _PLAIN.match(text)
    if plain is not None and plain.end() == len(text):
        return Folded(text)
    made: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def put(piece: str, start: int, end: int) -> None:
        for char in piece:
            made.append(char)
            starts.append(start)
            ends.append(end)

    at = 0
    n_stars = len(re.findall(r"(?<![*\s])\*(?!\*)|(?<!\*)\*(?![*\s])", text))
    for match in _SPECIAL.finditer(text):
        for place in range(at, match.start()):
            put(text[place], place, place + 1)
        at = match.end()
        if match["over"] is not None:
            for name in ("over", "under"):
                inner = fold_text(match[name])
                for place, char in enumerate(inner.text):
                    start, end = inner.span(place, place + 1)
                    put(char, match.start(name) + start, match.start(name) + end)
                if name == "over":
                    put("/", match.end("over"), match.start("under"))
        else:
            put(_shown(match, made, n_stars), match.start(), match.end())
    for place in range(at, len(text)):
        put(text[place], place, place + 1)
    return Folded("".join(made), tuple(starts), tuple(ends))


def _shown(match: re.Match[str], made: list[str], n_stars: int) -> str:
    """What one special piece looks like, given what stands before it."""
    piece = match[0]
    last = made[-1] if made else "\n"
    following = match.string[match.end() : match.end() + 1]
    if piece[0] == "{" and piece[-1] == "}" and len(piece) > 2:
        return piece
    if piece[0] == "&":
        return "".join(_fold_letter(char, last) for char in html.unescape(piece))
    if piece[0] == "\\":
        return _COMMANDS.get(piece[1:].rstrip(), "\ufffc" if piece[1:] in {"[", "]", "(", ")"} else "")
    if piece[0] == "_":
        is_inside = (last.isalnum() and following.isalnum()) or (last.isspace() and following.isspace())
        return piece if is_inside else ""
    if piece[0] in "*`{}~<":
        is_text = piece == "*" and (n_stars <= 1 or (last.isspace() and following.isspace()))
        return piece if is_text else ""
    folded = _fold_letter(piece, last)
    # A run of raised digits is one exponent.
    return folded[1:] if folded[:1] == "^" and _is_raised(match.string[match.start() - 1 : match.start()]) else folded


def _is_raised(char: str) -> bool:
    return bool(char) and (unicodedata.decomposition(char).startswith("<super>") or char == "\u207b")


@lru_cache(maxsize=4096)
def _fold_letter(char: str, last: str) -> str:
    """A letter outside of ASCII as it is read; ``last`` is what stands before it."""
    if char == "\u207b":
        return "^-"
    if char in _LOOKS:
        return _LOOKS[char]
    if char in _CJK or char in "\u2030\u2031\u20ac\u00a3\u00a5":
        return char
    category = unicodedata.category(char)
    if category in _UNSEEN:
        return ""
    if category == "Zs":
        return " "
    return str(unicodedata.digit(char)) if category == "Nd" else _fold_compatible(char, last, category)


def _fold_compatible(char: str, last: str, category: str) -> str:
    """Raised digits as exponents, fractions as pairs, other letters that are numbers as those, the rest by its plain form."""
    normal = unicodedata.normalize("NFKC", char)
    number = unicodedata.numeric(char, None)
    look = unicodedata.decomposition(char)
    if look.startswith("<super>") and normal.isdigit():
        return f"^{normal}"
    if look.startswith("<fraction>"):
        return ("" if last.isspace() else " ") + normal.replace("\u2044", "/")
    if number is not None and (category == "Nl" or not normal.isascii()):
        return str(int(number)) if number == int(number) and category != "Lo" else UNREADABLE
    return "".join(_LOOKS.get(part, part) for part in normal)
