"""The words of a question that nothing has read: which of them may be left out, and what is said of the others.

A word that changes what is asked is none of them: it is read, or the question is not answered.
"""

import re
from typing import Final, NoReturn

from backend.assistant.questions.measuring import Wanted
from backend.assistant.questions.names import COMMON, NICKNAMES
from backend.assistant.questions.phrases import UNIT_INTERVALS, Reading
from backend.assistant.questions.plan import DAILY, OF_NOW, Ask, Condition, Plan
from backend.errors import InvalidInput

_CODE: Final = re.compile(r"[a-z][a-z0-9./^-]{0,11}")
_FILLER: Final = """
    a about an and any are as at be been being both closing did do does
    during for get give got had has have how i in is it it's its itself me my of
    on one or our own please price prices share shares show so stock bar bars candle candles session sessions date dates
    tell that the their them there these they this those time to trade traded trading was
    were what where whether which who whose with much index instrument
    level today ever chart the's 's s ~ ; , & - ' ? ! . : ( ) days' close-to-close made make
    happen us let want know would like see but yet
"""
_FILLERS: Final = frozenset(_FILLER.split())
# What joins or compares instruments, and is judged where conditions are bound to them.
_AMONG_SEVERAL: Final = frozenset(("while", "versus", "against", "compare", "more", "less", "than", "rank", "by"))


def left_over(reading: Reading, where: list[Condition], ask: Ask | None) -> list[str]:
    """The words that nothing has read and that may not be left out; conditions hold together, so that "or" is one of them.

    A unit goes without saying where bars are of that unit; any other one would have changed what is asked.
    """
    intervals = reading.intervals or [DAILY]
    idle = {word for unit, interval in UNIT_INTERVALS.items() if interval in intervals for word in (unit, f"{unit}s")} | _FILLERS
    if where:
        idle.add("when")  # the days when it rose are those on which it rose
    if reading.has_several:
        idle |= _AMONG_SEVERAL
    if ask is Ask.LIST:
        idle.add("all")
    if ask in OF_NOW:
        idle |= {"now", "current", "currently"}
    text = re.sub(r"@x[a-z](?:'s)?|\{\d+\}", lambda match: " " if match[0][0] == "@" else match[0], reading.text)
    words = [word.strip(".,;:?!'\"") for word in re.split(r"[\s,;?!]+", text)]
    return [word for word in words if word and (word not in idle or (word == "or" and len(where) > 1))]


def refuse_left_over(left: list[str], text: str, wanted: Wanted, *, is_named: bool, has_chart: bool) -> Plan | None:
    """No plan, where another question may be meant. Raises InvalidInput where it is nearly one."""
    if wanted.is_loose and not is_named:
        _refuse_unknown_name(left, text)
        return None
    is_named = is_named or has_chart
    values = [word for word in left if re.fullmatch(r"\{\d+\}", word)]
    words = [word for word in left if word not in values]
    codes = [word for word in words if _CODE.fullmatch(word) and re.search(_written(word), text) and word not in COMMON]
    if codes and not is_named:
        _refuse_instrument(codes[0].upper())
    if not is_named or wanted.is_loose or wanted.is_faint:
        return None
    said = " ".join(words) or "more than one value"
    raise InvalidInput(
        f"I do not understand {said!r} in this question.", hint="Say it in other words, or leave it out.", code="question.word"
    )


def _written(word: str) -> str:
    return rf"(?<!\w){re.escape(word.upper())}(?!\w)"


def _refuse_unknown_name(left: list[str], text: str) -> None:
    """Raises InvalidInput where a price is asked of a code, or of a name that people know, which is not stored."""
    words = [word for word in left if word not in COMMON]
    known = next((code for code, names in NICKNAMES.items() if {code.lower(), *names} & {*words, " ".join(words)}), "")
    if known and words:
        _refuse_instrument(known)
    if len(words) == 1 and len(left) == 1 and _CODE.fullmatch(words[0]) and re.search(rf"(?<!in ){_written(words[0])}", text):
        _refuse_instrument(words[0].upper())


def _refuse_instrument(code: str) -> NoReturn:
    raise InvalidInput(
        f"No instrument is called {code} here: its bars are not stored.",
        hint=f"Import them: trii import FILE --instrument {code}.VENUE, as in AAPL.XNAS. What is stored: trii instruments",
        code="question.instrument",
    )


def refuse_unclear(text: str) -> None:
    """Raises InvalidInput for a price that was hit, from below or from above, and for days so far, in a row or altogether."""
    if match := re.search(r"\b(?:hit|touch)(?:s|ed|ting|ing)? (\d[\d.]*)(?![\w%]| %)", text):
        raise InvalidInput(
            f"Was {match[1]} hit from below or from above?",
            hint=f"Ask when it reached {match[1]}, or when it traded below {match[1]}.",
            code="question.measure",
        )
    so_far = r"\bhow many (?:days|weeks|months|sessions|bars) (?:has|have)\b(?=.* been\b)"
    if re.search(rf"{so_far}(?!.*\b(?:since|in|during|over|this|last|past|from|between)\b)", text):
        raise InvalidInput(
            "Is it how many in a row up to now, or how many altogether?",
            hint='Ask how many "were" so since a day, or when it was so for the last time.',
            code="question.measure",
        )
