"""Words that compare (above, rising, overbought, doubled), and the kind of claim that each would need."""

import re
from dataclasses import dataclass
from typing import Final

from backend.assistant.grounding.claim import Op
from backend.assistant.grounding.folding import fold_text


@dataclass(frozen=True, slots=True)
class Comparative:
    """Comparing words at ``text[start:end]``; ``op`` is the claim they need, None where no claim of ours says it.

    is_denied : "not above"; where it was asked for those too
    """

    start: int
    end: int
    op: Op | None
    is_denied: bool = False


_WHAT: Final = (
    r"(?:the\s|its\s|their\s|a\s|an\s|both\s|all\s|that\s|this\s|these\s|average|support|resistance|VWAP|EMA|SMA|MA\b|fair|"
    r"\d|\{|[$\u20ac\u00a3]|zero|last|yesterday|recent|previous|prior|key|most|every|where)"
)
_STANDS: Final = r"(?:is|are|was|were|has\sbeen|have\sbeen|keeps?|remains?|still|now|steadily|slowly)\s"
_MOVER: Final = (
    r"(?:price|it|stock|shares?|volume|momentum|index|average|volatility|rsi|market|(?!(?:S?he|They|We|I|You|Who)\s)(?-i:[A-Z])\w+)"
    r"\s(?:has\s|have\s)?(?:recently\s|sharply\s|slightly\s|steadily\s|already\s)?"
)
_TREND_IS: Final = (
    r"(?:trend|momentum|direction|slope|macd|histogram)\b(?:\s(?:of|in|for|over|on)\s[^.!?;:,\n]{1,40}?|\s(?:line|here|itself))?"
    r"\s(?:is|was|looks?|remains?|stays?|appears?|seems?|turned)\s(?:(?:not|to\sbe|a|an|the|very|quite|still|currently|now|clearly|rather|also)\s){0,3}"
)
_DENIED: Final = re.compile(r"(?:\b(?:not|never|no longer|neither|nor|without|no|hardly)|n't)\s+(?:\w+\s+){0,2}\Z", re.IGNORECASE)
_SUPPOSED: Final = re.compile(r"\b(?:unlikely|if|unless|whether)\s+(?:\w+\s+){0,2}\Z", re.IGNORECASE)
_RELATION: Final = re.compile(
    r"\b(?:differen\w+|gaps?|spreads?|distances?|relation\w*|ratios?|cho\w+|balance|link|correlation|divide)\s\Z", re.IGNORECASE
)
_BEFORE_WHAT: Final = rf"(?=\s{_WHAT}|\s?\{{)"
_BETTER: Final = (
    r"higher|lower|stronger|weaker|better|worse|cheaper|dearer|larger|smaller|bigger|faster|slower|riskier|safer|steeper|greater|"
    r"(?:more|less)\s(?:volatile|expensive|risky|profitable|liquid|stable)"
)
_IS: Final = (
    r"\s(?:is|are|was|were|looks?|remain(?:s|ed)?|stay(?:s|ed)?|seems?|appears?|has\sbeen)\s"
    r"(?:(?:not|never|neither|very|quite|still|currently|now|clearly|rather|also|extremely|fairly|really|too|somewhat|pretty|already)\s){0,3}"
)
_CLOSED: Final = r"(?:closed|closes|ended|ends|finished|settled)\s(?:(?:the|its)\s\w+\s|slightly\s|sharply\s|much\s){0,2}"
_AND_ALL: Final = (
    r"\b(?=\W*(?:\Z|\d)|[.,;:!?)*_]|\s[({]|\s(?:on|by|over|for\s(?:the|a)\s(?:\w+\s)?(?:day|week|month|quarter|year|session)|this|today|again|"
    r"at|after|and|but|as|amid|while|from|yesterday|last)\b)"
)
_BOOKED: Final = rf"{_MOVER}(?:made|posted|booked|recorded|saw|notched|registered|suffered)\s(?:\w+\s){{0,2}}"
_MUCH: Final = r"high|huge|big|large|massive|enormous|immense"
_LITTLE: Final = r"low|tiny|small|minimal"
# How pressure, momentum, bands and trading are: nothing that is computed has a bound for it.
_QUALITIES: Final = (
    rf"{_MUCH}|{_LITTLE}|strong|weak|robust|solid|healthy|poor|heavy|light|thin|brisk|wide|narrow|tight|extreme|intense|accelerating|slowing|"
    r"fading|waning|building|expanding|contracting|widening|narrowing|improving|deteriorating|strengthening|weakening|(?:drying|picking)\sup"
)
# Each claim with what must stand before its words, the words that make it, and what must follow; the order decides where two
# begin at the same place. Words that only sound like comparisons ("above all") are kept out by what must stand around them.
_PATTERNS: Final[tuple[tuple[Op | None, str, str, str], ...]] = (
    (Op.HIGHER_THAN_USUAL, rf"volume{_IS}", rf"{_MUCH}|heavy|strong|robust", r"\b"),
    (Op.LOWER_THAN_USUAL, rf"volume{_IS}", rf"{_LITTLE}|light|thin|weak|poor", r"\b"),
    (Op.HIGHER_THAN_USUAL, rf"volatility{_IS}", rf"{_MUCH}|extreme|intense", r"\b"),
    (Op.LOWER_THAN_USUAL, rf"volatility{_IS}", rf"{_LITTLE}|muted|calm", r"\b"),
    (
        None,
        rf"(?:momentum|volume|volatility|bands|pressure|liquidity|trading(?:\sactivity)?|turnover){_IS}",
        _QUALITIES,
        r"\b(?!-)",
    ),
    (
        None,
        r"(?:buyers|bulls|sellers|bears)\s(?:\w+\s){0,3}?",
        r"in\s(?:\w+\s)?(?:control|charge|command)|(?:dominat|prevail|outnumber)\w*|(?:lost|losing|taken|took|gained)\scontrol",
        r"\b",
    ),
    (
        None,
        "",
        (
            r"(?:recovered|recouped|regained|erased|reversed|won\sback|made\sup)\s(?:(?:all|most|some|part|half|of|its|the|their|"
            r"recent|earlier|previous)\s){0,4}(?:loss(?:es)?|declines?|gains?|ground|drop|fall)"
        ),
        r"\b",
    ),
    (None, _MOVER, r"(?:recovered|rebounded|bounced)(?:\sback)?", r"\b(?!\sa\b)"),
    (Op.PRESENT, "", r"gapped\s(?:up|higher|down|lower)", r"\b"),
    (Op.RISING, _CLOSED, r"higher|up|in\sthe\s(?:green|black)", _AND_ALL),
    (Op.FALLING, _CLOSED, r"lower|down|in\sthe\sred", _AND_ALL),
    (Op.RISING, _BOOKED, r"gains?", r"\b(?!\sof\b)"),
    (Op.FALLING, _BOOKED, r"loss(?:es)?", r"\b(?!\sof\b)"),
    (
        Op.OVERBOUGHT,
        "",
        r"over-?bought",
        "",
    ),
    (
        Op.OVERSOLD,
        "",
        r"over-?sold",
        "",
    ),
    (
        Op.DIVERGES,
        "",
        (
            r"(?:bullish|bearish|positive|negative|hidden)\s(?:\w+\s)?divergences?|"
            r"diverg(?:es|ed|ing|ence)\b(?!\s+opinion)"
        ),
        "",
    ),
    (
        Op.DOUBLED,
        "",
        r"(?:more\sthan\s)?(?:doubled|doubling|doubles)|twice\s(?:its|the|as|their)|two\stimes\s(?:its|the)",
        "",
    ),
    (
        None,
        "",
        r"tripled|trebled|quadrupled|halved|three\stimes\s(?:its|the)|half\sof\s(?:its|the)",
        "",
    ),
    (
        Op.HIGHER_THAN_USUAL,
        "",
        (
            r"(?:higher|greater|larger|heavier|stronger|busier|more)\sthan\s(?:usual|normal|average|typical|its\s(?:norm|average|usual))|"
            r"(?:unusually|exceptionally|abnormally)\s(?:high|heavy|large|strong)|above[\s-](?:average|normal|usual)|"
            r"elevated|heavy\svolume"
        ),
        "",
    ),
    (
        Op.LOWER_THAN_USUAL,
        "",
        (
            r"(?:lower|smaller|lighter|quieter|thinner|weaker|less)\sthan\s(?:usual|normal|average|typical|its\s(?:norm|average|usual))|"
            r"(?:unusually|exceptionally|abnormally)\s(?:low|light|small|quiet|thin)|below[\s-](?:average|normal|usual)|"
            r"subdued|thin\svolume"
        ),
        "",
    ),
    (
        None,
        "",
        r"highest|lowest|biggest|largest|smallest|strongest|weakest|sharpest|steepest|best|worst",
        r"\b(?=[^.!?]{0,40}\b(?:since|in|of|for|ever|on record|this|close|level|point)\b)",
    ),
    (
        None,
        "",
        r"(?:all[\s-]time|record|multi-?(?:year|month|week)|fresh|new|yearly)\s(?:high|low)s?",
        "",
    ),
    (
        Op.BETWEEN,
        "",
        r"between|in\sthe\srange\sof|sandwiched\sbetween",
        r"(?=\s(?:its?|the|support|\{|\$|\d)[^.!?]{0,60}\b(?:and|to)\b)",
    ),
    (
        Op.ABOVE,
        "",
        (
            r"above|over(?=\s(?:its|the)\s[^.!?]{0,20}(?:average|resistance|level|band))|on\stop\sof|north\sof|"
            r"exceed(?:s|ed|ing)?|outperform(?:s|ed|ing)?|surpass(?:es|ed)|higher\sthan|greater\sthan|"
            r"more\sthan(?=\s[\d{$])|in\sexcess\sof|broke(?:n)?\s(?:out\s)?above|crossed\sabove"
        ),
        _BEFORE_WHAT,
    ),
    (
        Op.BELOW,
        "",
        (
            r"below|beneath|underneath|south\sof|under(?=\s(?:its|the)\s[^.!?]{0,20}(?:average|support|level|band))|"
            r"underperform(?:s|ed|ing)?|lower\sthan|less\sthan(?=\s[\d{$])|smaller\sthan|broke(?:n)?\s(?:down\s)?below|"
            r"crossed\sbelow|fell\sshort\sof"
        ),
        _BEFORE_WHAT,
    ),
    (
        Op.NEAR,
        "",
        r"near|close\sto|at|around|approaching|testing|hovering\s(?:near|around)",
        (
            r"(?=\s(?:its|the|a|key|strong|major)?\s?(?:\w+\s)?"
            r"(?:support|resistance|52-week|all-time|pivot|upper\sband|lower\sband))"
        ),
    ),
    (
        Op.RISING,
        _STANDS,
        r"rising|climbing|increasing|growing|advancing|(?:trending|moving)\s(?:up|higher)|up\b(?!\s(?:to|for|against|and))",
        "",
    ),
    (
        Op.RISING,
        _MOVER,
        r"rose|risen|rises|climbed|gained|increased|advanced|rallied|surged|jumped",
        r"\b(?!\s(?:to\sthe|from\sthe|garden|attention|popularity))",
    ),
    (
        Op.RISING,
        "",
        (
            r"up-?trends?|(?:up|upwards?|positive|bullish)\s(?:\w+\s)?(?:trend|momentum|slope)|higher\s(?:highs|lows)|"
            r"rising(?=\s(?:trend|channel|average|volume|momentum|prices?|volatility))|"
            r"(?:trending|heading|moving|turning|edged|edging|ticked)\s(?:up|higher|upwards?)"
        ),
        "",
    ),
    (Op.RISING, _TREND_IS, r"positive|bullish|upwards?|up", r"\b(?!\s(?:to|for|against)\b)"),
    (
        Op.FALLING,
        _STANDS,
        r"falling|dropping|declining|decreasing|shrinking|sliding|(?:trending|moving)\s(?:down|lower)|down\b(?!\s(?:to|for))",
        "",
    ),
    (
        Op.FALLING,
        _MOVER,
        r"fell|fallen|falls|dropped|declined|decreased|lost|slid|slipped|plunged|tumbled",
        r"\b(?!\s(?:short|apart|asleep|in\slove|interest|sight|track|its\sway))",
    ),
    (
        Op.FALLING,
        "",
        (
            r"down-?trends?|(?:down|downwards?|negative|bearish)\s(?:\w+\s)?(?:trend|momentum|slope)|lower\s(?:highs|lows)|"
            r"falling(?=\s(?:trend|channel|average|volume|momentum|prices?|volatility|knife))|"
            r"(?:trending|heading|moving|turning|edged|edging|ticked)\s(?:down|lower|downwards?)"
        ),
        "",
    ),
    (Op.FALLING, _TREND_IS, r"negative|bearish|downwards?|down", r"\b(?!\s(?:to|for)\b)"),
    (
        Op.STRONG,
        "",
        r"(?:strong|robust|powerful)(?=\s(?:up-?|down-?)?(?:trend|momentum))",
        "",
    ),
    (Op.STRONG, r"trend\s(?:is|looks|remains)\s(?:very\s)?", r"strong|robust|firm", r"\b"),
    (
        Op.WEAK,
        "",
        r"(?:weak|feeble|faint)(?=\s(?:up-?|down-?)?(?:trend|momentum))|trendless|range-?bound",
        "",
    ),
    (Op.WEAK, r"trend\s(?:is|looks|remains)\s(?:very\s)?", r"weak|feeble|absent", r"\b"),
    (
        Op.PRESENT,
        "",
        (
            r"(?:double|triple)\s(?:top|bottom)s?|head[\s-]and[\s-]shoulders|"
            r"(?:bullish|bearish)\s(?:engulfing|harami|flag|pennant)|(?:ascending|descending|symmetrical)\striangle|"
            r"(?:rising|falling)\swedge|morning\sstar|evening\sstar|shooting\sstar|hanging\sman|golden\scross|"
            r"death\scross|doji|(?<!sledge)\bhammer\b(?!\sout|\sand|ed|ing)|cup[\s-]and[\s-]handle"
        ),
        "",
    ),
    (
        None,
        "",
        r"(?:out|under)perform(?:s|ed|ing)?|(?:beats?|beaten|lagg?(?:ed|s)|trailed|outpaced|outpaces|outran)",
        r"\b(?=\s(?:the\s)?(?:(?:broader\s)?(?:market|index|benchmark)|(?-i:[A-Z])))",
    ),
    (None, "", rf"(?:{_BETTER})\s(?:\w+\s){{0,2}}?than", r"\b(?!\s(?:nothing|ever|none|others|expected|never|sorry|usual)\b)"),
    (None, r"(?:is|looks|remains|seems|are|was)\s(?:very\s|still\s|clearly\s)?", r"bullish|bearish", r"\b"),
)
_ANY: Final = re.compile(
    "|".join(rf"\b{before}(?P<p{place}>(?:{words})){following}" for place, (_, before, words, following) in enumerate(_PATTERNS)),
    re.IGNORECASE,
)


def find_comparatives(text: str, *, with_denied: bool = False) -> tuple[Comparative, ...]:
    """Comparing words in order and without overlaps; not those that are only supposed ("if it is rising").

    Those that are denied ("not above") only where they are asked for. A pattern that is denied needs the claim that it is absent.
    """
    folded = fold_text(text)
    found = []
    for match in _ANY.finditer(folded.text):
        name = match.lastgroup or "p0"
        op, start = _PATTERNS[int(name[1:])][0], match.start(name)
        reach = (folded.text, max(0, start - 40), start)
        is_denied = _DENIED.search(*reach) is not None
        if _SUPPOSED.search(*reach) or (op is Op.BETWEEN and _RELATION.search(*reach)):
            continue
        if is_denied and op is Op.PRESENT:
            op, is_denied = Op.ABSENT, False
        if not is_denied or with_denied:
            found.append(Comparative(*folded.span(start, match.end(name)), op, is_denied))
    return tuple(found)
