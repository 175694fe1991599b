"""Words that compare (above, rising, overbought, doubled), and the kind of claim that each would need."""

import re
from dataclasses import dataclass
from typing import Final

from backend.assistant.grounding.claim import Op
from backend.assistant.grounding.folding import fold_text


@dataclass(frozen=True, slots=True)
class Comparative:
    """A comparing word at ``text[start:end]``; ``op`` is the claim it needs, None where no claim of ours says it."""

    start: int
    end: int
    op: Op | None


_WHAT: Final = (
    r"(?:the\s|its\s|their\s|a\s|an\s|both\s|all\s|that\s|this\s|these\s|average|support|resistance|VWAP|EMA|SMA|MA\b|fair|"
    r"\d|\{|[$\u20ac\u00a3]|zero|last|yesterday|recent|previous|prior|key|most|every|where)"
)
_STANDS: Final = r"(?:is|are|was|were|has\sbeen|have\sbeen|keeps?|remains?|still|now|steadily|slowly)\s"
_MOVER: Final = r"(?:price|it|stock|shares?|volume|momentum|index|average|volatility|rsi|market)\s(?:has\s|have\s)?"
_NEGATED: Final = re.compile(
    r"\b(?:not|n't|never|no longer|neither|nor|without|no|isn't|hardly|unlikely|if|unless|whether)\s+(?:\w+\s+){0,2}\Z",
    re.IGNORECASE,
)
_BEFORE_WHAT: Final = rf"(?=\s{_WHAT}|\s?\{{)"
# Each claim with the words that make it and what must follow them; the order decides where two begin at the same place. Words
# that only sound like comparisons ("above all", "as mentioned above") are kept out by what must follow.
_PATTERNS: Final[tuple[tuple[Op | None, str, str], ...]] = (
    (
        Op.OVERBOUGHT,
        r"over-?bought",
        "",
    ),
    (
        Op.OVERSOLD,
        r"over-?sold",
        "",
    ),
    (
        Op.DIVERGES,
        (
            r"(?:bullish|bearish|positive|negative|hidden)\s(?:\w+\s)?divergences?|"
            r"diverg(?:es|ed|ing|ence)\b(?!\s+opinion)"
        ),
        "",
    ),
    (
        Op.DOUBLED,
        r"(?:more\sthan\s)?(?:doubled|doubling|doubles)|twice\s(?:its|the|as|their)|two\stimes\s(?:its|the)",
        "",
    ),
    (
        None,
        r"tripled|trebled|quadrupled|halved|three\stimes\s(?:its|the)|half\sof\s(?:its|the)",
        "",
    ),
    (
        Op.HIGHER_THAN_USUAL,
        (
            r"(?:higher|greater|larger|heavier|stronger|busier|more)\sthan\s(?:usual|normal|average|typical|its\s(?:norm|average|usual))|"
            r"(?:unusually|exceptionally|abnormally)\s(?:high|heavy|large|strong)|above[\s-](?:average|normal|usual)|"
            r"elevated|heavy\svolume"
        ),
        "",
    ),
    (
        Op.LOWER_THAN_USUAL,
        (
            r"(?:lower|smaller|lighter|quieter|thinner|weaker|less)\sthan\s(?:usual|normal|average|typical|its\s(?:norm|average|usual))|"
            r"(?:unusually|exceptionally|abnormally)\s(?:low|light|small|quiet|thin)|below[\s-](?:average|normal|usual)|"
            r"subdued|thin\svolume"
        ),
        "",
    ),
    (
        None,
        r"highest|lowest|biggest|largest|smallest|strongest|weakest|sharpest|steepest|best|worst",
        r"\b(?=[^.!?]{0,40}\b(?:since|in|of|for|ever|on record|this|close|level|point)\b)",
    ),
    (
        None,
        r"(?:all[\s-]time|record|multi-?(?:year|month|week)|fresh|new|yearly)\s(?:high|low)s?",
        "",
    ),
    (
        Op.BETWEEN,
        r"between|in\sthe\srange\sof|sandwiched\sbetween",
        r"(?=\s(?:its?|the|support|\{|\$|\d)[^.!?]{0,60}\b(?:and|to)\b)",
    ),
    (
        Op.ABOVE,
        (
            r"above|over(?=\s(?:its|the)\s[^.!?]{0,20}(?:average|resistance|level|band))|on\stop\sof|north\sof|"
            r"exceed(?:s|ed|ing)?|outperform(?:s|ed|ing)?|surpass(?:es|ed)|higher\sthan|greater\sthan|"
            r"more\sthan(?=\s[\d{$])|in\sexcess\sof|broke(?:n)?\s(?:out\s)?above|crossed\sabove"
        ),
        _BEFORE_WHAT,
    ),
    (
        Op.BELOW,
        (
            r"below|beneath|underneath|south\sof|under(?=\s(?:its|the)\s[^.!?]{0,20}(?:average|support|level|band))|"
            r"underperform(?:s|ed|ing)?|lower\sthan|less\sthan(?=\s[\d{$])|smaller\sthan|broke(?:n)?\s(?:down\s)?below|"
            r"crossed\sbelow|fell\sshort\sof"
        ),
        _BEFORE_WHAT,
    ),
    (
        Op.NEAR,
        r"near|close\sto|at|around|approaching|testing|hovering\s(?:near|around)",
        (
            r"(?=\s(?:its|the|a|key|strong|major)?\s?(?:\w+\s)?"
            r"(?:support|resistance|52-week|all-time|pivot|upper\sband|lower\sband))"
        ),
    ),
    (
        Op.RISING,
        (
            rf"{_STANDS}(?:rising|climbing|increasing|growing|advancing|(?:trending|moving)\s(?:up|higher)|up\b(?!\s(?:to|for|against|and)))|"
            rf"{_MOVER}(?:rose|risen|rises|climbed|gained|increased|advanced|rallied|surged|jumped)|up-?trends?|higher\s(?:highs|lows)|"
            r"rising(?=\s(?:trend|channel|average|volume|momentum|prices?|wedge|volatility))|"
            r"(?:trending|heading|moving|turning|edged|edging|ticked)\s(?:up|higher|upwards?)"
        ),
        "",
    ),
    (
        Op.FALLING,
        (
            rf"{_STANDS}(?:falling|dropping|declining|decreasing|shrinking|sliding|(?:trending|moving)\s(?:down|lower)|down\b(?!\s(?:to|for)))|"
            rf"{_MOVER}(?:fell|fallen|falls|dropped|declined|decreased|lost|slid|slipped|plunged|tumbled)|down-?trends?|lower\s(?:highs|lows)|"
            r"falling(?=\s(?:trend|channel|average|volume|momentum|prices?|wedge|volatility|knife))|"
            r"(?:trending|heading|moving|turning|edged|edging|ticked)\s(?:down|lower|downwards?)"
        ),
        "",
    ),
    (
        Op.STRONG,
        (
            r"(?:strong|robust|powerful)\s(?:up-?|down-?)?(?:trend|momentum)|"
            r"trend\s(?:is|looks|remains)\s(?:very\s)?(?:strong|robust|firm)"
        ),
        "",
    ),
    (
        Op.WEAK,
        (
            r"(?:weak|feeble|faint)\s(?:up-?|down-?)?(?:trend|momentum)|"
            r"trend\s(?:is|looks|remains)\s(?:very\s)?(?:weak|feeble|absent)|trendless|range-?bound"
        ),
        "",
    ),
    (
        Op.PRESENT,
        (
            r"(?:double|triple)\s(?:top|bottom)s?|head[\s-]and[\s-]shoulders|"
            r"(?:bullish|bearish)\s(?:engulfing|harami|flag|pennant)|(?:ascending|descending|symmetrical)\striangle|"
            r"(?:rising|falling)\swedge|morning\sstar|evening\sstar|shooting\sstar|hanging\sman|golden\scross|"
            r"death\scross|doji|(?<!sledge)\bhammer\b(?!\sout|ed|ing)|cup[\s-]and[\s-]handle"
        ),
        "",
    ),
)
_ANY: Final = re.compile(
    "|".join(rf"(?P<p{place}>\b(?:{words}){following})" for place, (_, words, following) in enumerate(_PATTERNS)), re.IGNORECASE
)


def find_comparatives(text: str) -> tuple[Comparative, ...]:
    """Comparing words in order and without overlaps; not those that are denied or only supposed ("not above", "if it is rising").

    A pattern that is denied needs the claim that it is absent.
    """
    folded = fold_text(text)
    found = []
    for match in _ANY.finditer(folded.text):
        op = _PATTERNS[int((match.lastgroup or "p0")[1:])][0]
        if _NEGATED.search(folded.text, max(0, match.start() - 40), match.start()):
            if op is not Op.PRESENT:
                continue
            op = Op.ABSENT
        start, end = folded.span(match.start(), match.end())
        found.append(Comparative(start, end, op))
    return tuple(found)
