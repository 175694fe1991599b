"""A model that goes round in circles is stopped: the same sentence three times over, or a short pattern again and again."""

import contextlib
import math
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from backend.assistant.engines.engine import Done, Finish, Request, Text, WriterPiece

N_TIMES: Final = 3  # a sentence, or a few of them in turn
N_CYCLE_MAX: Final = 8  # sentences that come in turn
N_LETTERS_MIN: Final = 12  # of a sentence that says something
N_PATTERN_MAX: Final = 24  # words of a pattern
N_PATTERN_TIMES: Final = 4
N_PATTERN_WORDS: Final = 28  # that a pattern must have filled
_LOOSER: Final = 3  # times as much in code and tables, whose lines are alike
N_TAIL: Final = 3_000  # letters at the end that are looked at for sentences, and the half of them for patterns
_STEP: Final = 40  # letters between two looks
_LETTERS_A_TOKEN: Final = 4
_UNIT_END: Final = re.compile(r"(?<!\b\d)(?<!\b\d\d)[.!?][\"'\u201d)*_]*(?=\s)|\n")
_LABEL: Final = re.compile(r"^[\W_]*(?:\{?F\d+\}?[\W_]+|\d{1,3}[.):]\s)?[\W_]*")
_MARKS: Final = re.compile(r"[*_`~]")
_WORDS: Final = re.compile(r"\{?\bF\d+\b\}?|\w+|[^\w\s]")
_TAG: Final = re.compile(r"\A\{?F\d+\}?\Z")
_FENCE: Final = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence or line: what it says without marks around it, and where it ends. ``said`` empty: nothing that counts."""

    said: str
    end: int


class Repeats:
    """Hears a text as it comes. ``kept`` : how much of it stays once it goes round in circles, -1 while it does not."""

    def __init__(self) -> None:
        self._text = ""
        self._n_looked = 0
        self.kept = -1

    def feed(self, text: str) -> bool:
        """Whether it goes round in circles now."""
        self._text += text
        is_due = "\n" in text or len(self._text) - self._n_looked >= _STEP
        if self.kept < 0 and is_due:
            self._n_looked = len(self._text)
            self.kept = end_of_first(self._text)
        return self.kept >= 0


def end_of_first(text: str) -> int:
    """Where what is repeated at the end of a text ended the first time; -1 where nothing is."""
    is_code = len(_FENCE.findall(text)) % 2 == 1
    base = max(0, len(text) - N_TAIL)
    end = -1 if is_code else _repeated_units(_units(text[base:]))
    if end < 0:
        base = max(0, len(text) - N_TAIL // 2)
        is_table = text.rstrip().rpartition("\n")[2].lstrip().startswith("|")
        end = _repeated_pattern(text[base:], is_loose=is_code or is_table)
    return base + end if end >= 0 else -1


def _units(text: str) -> list[_Unit]:
    """The whole sentences and lines, rows of tables and code apart."""
    units, at, is_code = [], 0, False
    for match in _UNIT_END.finditer(text):
        piece = text[at : match.end()]
        at = match.end()
        if _FENCE.match(piece):
            is_code = not is_code
        said = " ".join(_MARKS.sub("", _LABEL.sub("", piece)).lower().split())
        if is_code or piece.lstrip().startswith("|"):
            units.append(_Unit("", at))
        elif said:
            units.append(_Unit(said, at))
    return units


def _repeated_units(units: Sequence[_Unit]) -> int:
    for n_cycle in range(1, N_CYCLE_MAX + 1):
        n_needed = n_cycle * N_TIMES
        if len(units) < n_needed:
            return -1
        last = units[-n_needed:]
        said = [unit.said for unit in last]
        is_same = said == said[:n_cycle] * N_TIMES and all(said)
        if is_same and any(sum(map(str.isalnum, words)) >= N_LETTERS_MIN for words in said[:n_cycle]):
            first = len(units) - n_needed
            while first >= n_cycle and [unit.said for unit in units[first - n_cycle : first]] == said[:n_cycle]:
                first -= n_cycle
            return units[first + n_cycle - 1].end
    return -1


def _repeated_pattern(text: str, *, is_loose: bool) -> int:
    """Where the first round of a pattern of a few words ends; the last word of the text may not be whole yet."""
    found = list(_WORDS.finditer(text))[:-1]
    words = [match[0].lower() for match in found]
    tags = [_TAG.sub("F", match[0]) for match in found]
    n_loose = _LOOSER if is_loose else 1
    for size in range(1, N_PATTERN_MAX + 1):
        n_times = max(N_PATTERN_TIMES, math.ceil(N_PATTERN_WORDS / size)) * n_loose
        for said in (words, tags):
            pattern = said[-size:]
            says = [word for word in pattern if word.isalnum()]
            # Ids of facts are one another's like only where nothing else is said of them.
            if not says or (said is tags and set(says) != {"F"}) or said[-size * n_times :] != pattern * n_times:
                continue
            first = len(said) - size * n_times
            while first > 0 and said[first - 1] == said[first - 1 + size]:  # it began before
                first -= 1
            return found[first + size - 1].end()
    return -1


async def stop_repeating(pieces: AsyncIterator[WriterPiece], request: Request, place: str) -> AsyncIterator[WriterPiece]:
    """The same pieces, ended by a Done that says so where the text goes round in circles. What follows a form is left alone."""
    repeats = Repeats()
    began_s, first_s, n_generated = time.perf_counter(), 0.0, 0
    is_bound = bool(request.grammar) or request.schema is not None
    async with contextlib.aclosing(cast("AsyncGenerator[WriterPiece, None]", pieces)):
        async for piece in pieces:
            yield piece
            if isinstance(piece, Done):
                return
            now_s = time.perf_counter()
            first_s = first_s or now_s
            n_generated += piece.n_tokens
            if isinstance(piece, Text) and not is_bound and repeats.feed(piece.text):
                break
        else:
            return
    n_prompt = sum(len(message.text) for message in request.messages) // _LETTERS_A_TOKEN
    span_s = time.perf_counter() - first_s
    yield Done(
        Finish.REPEATED,
        n_prompt=n_prompt,
        n_cached=0,
        n_generated=n_generated,
        first_token_ms=(first_s - began_s) * 1e3,
        total_ms=(time.perf_counter() - began_s) * 1e3,
        tokens_per_s=n_generated / span_s if span_s > 0 else 0.0,
        place=place,
    )
