"""A sentence as the pieces that say what it speaks of: subjects, stretches of time, days, names; by phrases, longest first."""

from dataclasses import dataclass, replace
from typing import Final

from backend.assistant.grounding.lexicon import AVERAGES, COMMON, COUNTS, NO_NAMES, UNITS, WORD, Phrases, Sort, stem

_NOUN_BEFORE: Final = frozenset(
    (
        "a",
        "an",
        "the",
        "its",
        "their",
        "of",
        "new",
        "recent",
        "yearly",
        "week",
        "year",
        "session",
        "month",
        "day",
        "swing",
        "daily",
        "and",
        "this",
    )
)
_BESIDE_AVERAGES: Final = frozenset(("and", "or", "simple", "exponential", "term", "moving", "period", "trading"))
_BEGINS: Final = frozenset(".!?:\n|*#")
_N_UNIT_WORDS: Final = 2
_FIRMS: Final = frozenset(("inc", "corp", "corporation", "ltd", "plc", "llc", "group"))
_BEFORE_NAMES: Final = frozenset(("of", "for", "while", "whereas", "than", "by"))


@dataclass(frozen=True, slots=True)
class Piece:
    """``text[start:end]`` of a sentence.

    word : its words as they are compared
    value : the subject; of a stretch its sessions; of a day its name; of a label its facts' ids, blanks between; of a tag its fact
    windows : of an average, over how many sessions it is said to be, one for each that is named
    """

    start: int
    end: int
    word: str
    sort: Sort
    value: str = ""
    windows: tuple[str, ...] = ()
    is_capital: bool = False
    is_possessive: bool = False


def read_pieces(text: str, own: Phrases) -> list[Piece]:
    """The pieces of a text, in order. ``own`` : labels of facts and names of the instrument, before what everybody says."""
    said = [(match[0], match.start(), match.end()) for match in WORD.finditer(text)]
    plain = [stem(word) for word, _, _ in said]
    pieces: list[Piece] = []
    at, n_words = 0, len(said)
    while at < n_words:
        word, start, end = said[at]
        if word in {"s", "S"} and start and text[start - 1] in "'\u2019":
            at += 1
            if pieces:
                pieces[-1] = replace(pieces[-1], end=end, is_possessive=True)
            continue
        n_used, sort, value = _match(plain, at, own)
        pieces.append(Piece(start, said[at + n_used - 1][2], " ".join(plain[at : at + n_used]), sort, value, (), word[0].isupper()))
        at += n_used
    return _settled(pieces, text)


def _match(plain: list[str], at: int, own: Phrases) -> tuple[int, Sort, str]:
    """How many words make the longest phrase here, and what it is."""
    word = plain[at]
    if word[0] == "{":
        return 1, Sort.COUNT, word[1:-1].upper()
    if word[0].isdigit():
        unit = plain[at + 1] if at + 1 < len(plain) else ""
        if unit in UNITS and word.replace(",", "").isdigit() and not _is_label(plain, at + 1, own):
            return 2, Sort.STRETCH, str(int(word.replace(",", "")) * UNITS[unit])
        return 1, Sort.COUNT, word
    best: tuple[int, Sort, str] = (0, Sort.UNKNOWN, "")
    for phrases in (own, COMMON):
        for said, sort, value in phrases.get(word, ()):
            if len(said) > best[0] and (len(said) == 1 or tuple(plain[at : at + len(said)]) == said):
                best = (len(said), sort, value)
                break
    if word in COUNTS and best[0] <= 1:
        n_words, count = 1, COUNTS[word]
        if at + 1 < len(plain) and plain[at + 1] == "hundred":
            n_words, count = 2, count * 100
        if at + n_words < len(plain) and plain[at + n_words] in UNITS:
            return n_words + 1, Sort.STRETCH, str(count * UNITS[plain[at + n_words]])
    return best if best[0] else (1, Sort.UNKNOWN, "")


def _is_label(plain: list[str], at: int, own: Phrases) -> bool:
    """Whether a longer name of facts begins here: "5,013 Days since the newest bar"."""
    rows = (*own.get(plain[at], ()), *COMMON.get(plain[at], ()))
    return any(len(said) > _N_UNIT_WORDS and tuple(plain[at : at + len(said)]) == said for said, _, _ in rows)


def _settled(pieces: list[Piece], text: str) -> list[Piece]:
    """With words that mean different things by what stands beside them: an average's window, "high" as a noun, names."""
    for place, piece in enumerate(pieces):
        if piece.sort is Sort.SUBJECT:
            if piece.value in {"average", "other average"}:
                pieces[place] = _average(pieces, place, text)
            elif piece.word in {"high", "low", "top", "bottom", "range"} and not _is_noun(pieces, place):
                pieces[place] = replace(piece, sort=Sort.LINK, value="")
        elif piece.sort is Sort.COUNT and place and pieces[place - 1].word == "over":
            pieces[place] = _stretch(pieces, place)
        elif piece.sort is Sort.UNKNOWN and _is_name(pieces, place, text):
            pieces[place] = replace(piece, sort=Sort.OTHER)
    return pieces


def _average(pieces: list[Piece], place: int, text: str) -> Piece:
    """An average with its windows, or one of volume where that was named just before."""
    piece = pieces[place]
    said, at = _windows_before(pieces, place)
    last = next((before for before in reversed(pieces[max(0, at - 4) : at + 1]) if before.sort is Sort.SUBJECT), None)
    if last is not None and last.value.startswith("volume"):
        return replace(piece, value="usual volume")
    return replace(piece, windows=said or _window_behind(pieces, place, text))


def _windows_before(pieces: list[Piece], place: int) -> tuple[tuple[str, ...], int]:
    """The windows right before an average ("the 20-, 50- and 200-day averages"), and the place before them."""
    said: list[str] = []
    at = place - 1
    while at >= 0 and len(said) < 4:
        before = pieces[at]
        if before.sort is Sort.STRETCH or (before.word.isdigit() and (said or at == place - 1)):
            said.insert(0, before.value)
        elif before.word in AVERAGES:
            said.insert(0, AVERAGES[before.word])
        elif before.word not in _BESIDE_AVERAGES:
            break
        at -= 1
    return tuple(said), at


def _window_behind(pieces: list[Piece], place: int, text: str) -> tuple[str, ...]:
    """The window of "SMA 50" and "SMA(50)"."""
    after = pieces[place + 1] if place + 1 < len(pieces) else None
    if after is None or after.sort not in {Sort.COUNT, Sort.STRETCH} or not after.value.isdigit():
        return ()
    is_glued = text[pieces[place].end : after.start] in {"", " ", "(", " (", "-"}
    return (after.value,) if is_glued and text[after.end : after.end + 1] != "%" else ()


def _stretch(pieces: list[Piece], place: int) -> Piece:
    """The 21 of "down 4% over 5 sessions and 7% over 21"."""
    piece = pieces[place]
    for at in range(place - 1, 0, -1):
        before = pieces[at]
        if before.sort is Sort.STRETCH and pieces[at - 1].word == "over" and piece.word.isdigit():
            factor = UNITS.get(before.word.split()[-1], 0)
            if factor:
                return replace(piece, sort=Sort.STRETCH, value=str(int(piece.word) * factor))
    return piece


def _is_noun(pieces: list[Piece], place: int) -> bool:
    """Whether "high" and "low" are a price, and not how something is."""
    before = pieces[place - 1] if place else None
    after = pieces[place + 1] if place + 1 < len(pieces) else None
    if after is not None and after.sort in {Sort.SUBJECT, Sort.LABEL, Sort.FOREIGN} and after.value not in {"high", "low"}:
        return False
    return before is None or before.sort in {Sort.STRETCH, Sort.OWN, Sort.OTHER, Sort.DAY} or before.word in _NOUN_BEFORE


def _is_name(pieces: list[Piece], place: int, text: str) -> bool:
    """Whether an unknown capitalised word is a name: a code in capitals, an owner, or who moves or stands somewhere."""
    piece = pieces[place]
    if not piece.is_capital or len(piece.word) < 2 or piece.word in NO_NAMES:
        return False
    said = text[piece.start : piece.end]
    before = pieces[place - 1] if place else None
    is_named = before is not None and before.word in _BEFORE_NAMES and not is_first_word(piece, text)
    return is_named or piece.is_possessive or (said.isupper() and 2 <= len(said) <= 5) or _acts(pieces, place, text)


def is_first_word(piece: Piece, text: str) -> bool:
    """Whether it begins a sentence, a line or a cell, where every word has a capital."""
    at = piece.start
    while at and not text[at - 1].isalnum():
        at -= 1
    return at == 0 or not _BEGINS.isdisjoint(text[at : piece.start])


def _acts(pieces: list[Piece], place: int, text: str) -> bool:
    """Whether a word does what instruments do: "Zork rose", "Zork is at 28"."""
    after = pieces[place + 1] if place + 1 < len(pieces) else None
    if after is None or text[pieces[place].end : after.start].strip():
        return False
    rest = next((piece for piece in pieces[place + 1 : place + 5] if piece.sort is not Sort.LINK), after)
    return after.value in {"change", "price"} or after.word in _FIRMS or (after.sort is Sort.LINK and rest.sort is Sort.COUNT)
