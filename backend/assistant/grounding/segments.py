"""Where a text may be cut so that no number is: after sentences, after lines, and between plain words of very long ones."""

import re
from typing import Final

from backend.assistant.grounding.dates import MONTHS
from backend.assistant.grounding.number_words import WORDS_OF_NUMBERS

N_CHARS_SOFT: Final = 200
N_CHARS_HARD: Final = 400
_VIEW: Final = 60  # letters past a limit that decide where before it the cut is
_ENDS: Final = re.compile(r"[.!?\u2026][\"'\u201d\u2019)\]*_`]*\s|\n")
_LINE_ENDS: Final = frozenset(".!?:;|)*_`]>\u2026")
_MARKERS: Final = frozenset("\n-*+#>|")
_SHORT_WORDS: Final = (
    "approx ca cca vs e.g eg i.e ie no nos est avg max min incl excl cf fig eq mr mrs ms dr st inc corp ltd co resp etc al u.s u.k "
    "a.m p.m jan feb mar apr jun jul aug sep sept oct nov dec mio mln bn mn p.p"
)
_BESIDE_NUMBERS: Final = (
    "a an and minus negative plus point points fiscal year fy cy percent percentage per cent pct basis bp bps pp of to for the "
    "dollar dollars euro euros pound pounds yen yuan franc francs cents pence rupees times fold usd usdt usdc eur gbp gbx "
    "jpy chf cad aud nzd cny cnh rmb hkd sgd sek nok dkk pln czk huf inr krw twd brl mxn "
    "zar try rub ils btc eth us hk ca au nz am pm form rule "
    "couple single digit digits"
)
_SHORT: Final = frozenset(_SHORT_WORDS.split())
# Words that may begin, end or stand inside a number.
_NUMBERISH: Final = WORDS_OF_NUMBERS | frozenset(MONTHS) | frozenset(_BESIDE_NUMBERS.split())
_SAFE: Final = re.compile(r"(?<![^\s(\"])([A-Za-z]{2,30})[,;]?\s(?=([A-Za-z]{2,30})(?![A-Za-z\d\-]))")
_CELL: Final = re.compile(r"[|;]\s(?=\s|\S)")


def next_cut(text: str, *, is_whole: bool) -> tuple[int, bool]:
    """How long the first segment of a text is, and whether it had to be cut anywhere; (0, False) where more must be seen.

    What comes after the decision never changes it: ``text`` may be the beginning of a text (``is_whole`` False) or all of it.
    """
    for match in _ENDS.finditer(text, 0, N_CHARS_SOFT):
        verdict = _is_end(text, match, is_whole=is_whole)
        if verdict is None:
            return 0, False
        if verdict:
            return match.end(), False
    if len(text) <= N_CHARS_SOFT + _VIEW and not is_whole:
        return 0, False
    if len(text) <= N_CHARS_SOFT:
        return len(text), False
    cuts = [cut for cut in safe_cuts(text[: N_CHARS_SOFT + _VIEW]) if cut <= N_CHARS_SOFT]
    if cuts:
        return cuts[-1], False
    return _late_cut(text, is_whole=is_whole)


def _late_cut(text: str, *, is_whole: bool) -> tuple[int, bool]:
    """The first place past the soft limit; the hard limit itself where there is none."""
    if len(text) <= N_CHARS_HARD + _VIEW and not is_whole:
        return 0, False
    view = text[: N_CHARS_HARD + _VIEW]
    cuts = [cut for cut in safe_cuts(view) if cut <= N_CHARS_HARD]
    for match in _ENDS.finditer(view, N_CHARS_SOFT, N_CHARS_HARD):
        if _is_end(text, match, is_whole=is_whole):
            cuts.append(match.end())
            break
    if cuts:
        return min(cuts), False
    return (len(text), False) if len(text) <= N_CHARS_HARD else (N_CHARS_HARD, True)


def safe_cuts(text: str) -> list[int]:
    """Between two plain words, neither of which can be part of a number, and after cells of a table."""
    cuts = {
        match.end()
        for match in _SAFE.finditer(text)
        if not {match[1].lower(), match[2].lower()} & _NUMBERISH and match.end(2) < len(text)
    }
    cuts |= {match.end() for match in _CELL.finditer(text)}
    return sorted(cuts)


def _is_end(text: str, match: re.Match[str], *, is_whole: bool) -> bool | None:
    """Whether a sentence or line ends here; None where what follows must be seen first."""
    end = match.end()
    if end >= len(text):
        return True if is_whole else None
    following = text[end]
    if match[0] == "\n":
        line = text[: match.start()].rstrip(" \t")
        return not line or line[-1] in _LINE_ENDS or line[-1] == "\n" or following in _MARKERS
    if following.islower():
        return False
    if match[0][0] != ".":
        return True
    word = re.search(r"[^\s(\[*_\"']*\Z", text[max(0, match.start() - 12) : match.start()])
    last = word[0].lower() if word else ""
    is_list_mark = (
        last.isdigit() and len(last) <= 3 and re.search(r"(?:^|\n)[ \t>*+-]*\d{1,3}\Z", text[: match.start()]) is not None
    )
    return not (last in _SHORT or is_list_mark or (len(last) == 1 and last.isalpha()))
