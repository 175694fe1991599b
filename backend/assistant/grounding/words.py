"""Words of a free text that state something: comparisons and a plain yes or no, each marked as what code can say of it."""

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

from backend.assistant.grounding.assertions import ELSEWHEN, UNJUDGED, Assertions
from backend.assistant.grounding.comparatives import Comparative, find_comparatives
from backend.assistant.grounding.matching import Known
from backend.assistant.grounding.named import has_stranger
from backend.assistant.grounding.names import TAG_MENTION
from backend.assistant.grounding.sentence import Sentence
from backend.assistant.grounding.span import Mark, Standing

Marked: TypeAlias = tuple[int, int, Standing]
"""A stretch of a text and what it is."""

_UNCHECKED: Final = Standing(Mark.UNCHECKED)
_YES_OR_NO: Final = r"yes|no|yep|nope|true|false|correct|incorrect"
_ANSWERED: Final = re.compile(
    rf"(?:\A[\W_]*(?:(?:it|that|this)(?:'s|\sis)\s)?|\banswer\b[^.!?\n]{{0,80}}?\s?(?:is|:)[\W_]*(?:simply\s|clearly\s|a\s)?)"
    rf"(?P<said>{_YES_OR_NO})(?=[\"'\u201d)*_]*(?:\s*[.,!:;\u2014-](?:\s|\W|\Z)|\s*\Z))",
    re.IGNORECASE,
)
# What explains a word, and says nothing of this instrument now.
_EXPLAINS: Final = re.compile(
    r"\b(?:means?|meaning|refers?\sto|(?:is|are)\s(?:often\s|usually\s|generally\s|typically\s)?(?:called|considered|said\sto\sbe|defined|known\sas|"
    r"seen\sas|regarded\sas|interpreted)|definition|the\sterm|(?:usually|generally|typically|often|sometimes|in\sgeneral)\s(?:\w+\s){0,2}"
    r"(?:means?|indicates?|signals?|suggests?|shows?)|(?:an?|any|some|every)\s(?:stock|asset|security|market|instrument|share|indicator|trader|"
    r"investor|company|reading|value)\b|stocks|assets|traders|investors)\b",
    re.IGNORECASE,
)
_ASKS: Final = re.compile(
    r"\A[\W_]*(?:is|are|was|were|do|does|did|has|have|will|would|can|could|should|what|which|how|when|why|who|where)\b[^.!;]*\?[\W_]*\Z",
    re.IGNORECASE,
)
_SUPPOSES: Final = re.compile(r"\b(?:if|when|whenever|once|until|unless|whether|in\scase)\b[^.!?;:,\n]*\Z", re.IGNORECASE)
_BEGIN: Final = (
    "above over on north exceed exceeds exceeded exceeding outperform outperforms outperformed outperforming surpasses "
    "surpassed higher greater more in broke broken crossed below beneath underneath south under underperform underperforms "
    "underperformed underperforming lower less smaller fell near close at around approaching testing hovering between "
    "sandwiched rising climbing increasing growing advancing trending moving heading turning edged edging ticked up rose "
    "risen rises climbed gained increased advanced rallied surged jumped uptrend uptrends positive upward upwards bullish "
    "falling dropping declining decreasing shrinking sliding down fallen falls dropped declined decreased lost slid slipped "
    "plunged tumbled downtrend downtrends downward downwards negative bearish strong robust powerful firm weak feeble faint "
    "absent trendless range rangebound overbought oversold hidden diverges diverged diverging divergence diverge doubled "
    "doubling doubles twice two tripled trebled quadrupled halved three half larger heavier stronger busier unusually "
    "exceptionally abnormally elevated heavy lighter quieter thinner weaker subdued thin highest lowest biggest largest "
    "smallest strongest weakest sharpest steepest best worst all record multi multiyear multimonth multiweek fresh new yearly "
    "double triple head ascending descending symmetrical morning evening shooting hanging golden death doji hammer cup beat "
    "beats beaten lags lagged laggs trailed better worse cheaper dearer bigger faster slower riskier safer steeper yes no yep "
    "nope true false correct incorrect "
    "gapped high huge big massive enormous immense low tiny minimal light poor solid healthy brisk wide narrow tight "
    "extreme intense muted calm accelerating slowing fading waning building expanding contracting widening narrowing "
    "improving deteriorating strengthening weakening drying picking dominate dominates dominated dominating prevail "
    "prevails prevailed prevailing outnumber outnumbers outnumbered taken took recovered recouped regained erased reversed "
    "won made rebounded bounced gain gains loss losses outpaced outpaces outran losing"
)
BEGINNINGS: Final = frozenset(_BEGIN.split())
"""With what words begin that are marked: all that stands before the first of them is plain."""


class Words:
    """Judges the sentences of one text, in order: after a name of somebody else nobody knows of whom they speak.

    known : what is known for it; a question of somebody else, or of another time, leaves nothing to be judged on these facts
    """

    def __init__(self, known: Known) -> None:
        self._facts = known.facts
        self._assertions = Assertions(known.facts, known.subjects)
        asked = Sentence(known.asked, known.subjects.phrases)
        self._is_shared = has_stranger(asked) or ELSEWHEN.search(known.asked) is not None

    def judge(self, sentence: Sentence, marked: Sequence[Marked]) -> list[Marked]:
        """The stating words of a sentence that are no part of what is marked already; a true one leads to its first fact."""
        text, folded = sentence.text, sentence.folded
        self._is_shared = self._is_shared or has_stranger(sentence)
        says_nothing = _EXPLAINS.search(folded.text) or _ASKS.match(folded.text)
        found = [] if says_nothing else find_comparatives(text, with_denied=True)
        shown = [(start, end, standing.fact) for start, end, standing in marked if standing.fact]
        tags = [(match.start(), match.end(), match[1] or match[2]) for match in TAG_MENTION.finditer(text)]
        shown += [tag for tag in tags if tag[2] in self._facts]
        claimed = [one for one in found if not _SUPPOSES.search(text, 0, one.start)]
        judged = [(one.start, one.end, self._standing(one, sentence, shown)) for one in claimed]
        answered = _ANSWERED.search(folded.text)
        if answered:
            judged.append((*folded.span(answered.start("said"), answered.end("said")), _UNCHECKED))
        taken = [(start, end) for start, end, standing in marked if standing.mark is not Mark.PLAIN]
        return [one for one in judged if not any(one[0] < end and start < one[1] for start, end in taken)]

    def _standing(self, found: Comparative, sentence: Sentence, shown: Sequence[tuple[int, int, str]]) -> Standing:
        judged = UNJUDGED if self._is_shared else self._assertions.judge(found, sentence, shown)
        if judged.is_true is None:
            return _UNCHECKED
        return Standing(Mark.JUDGED, judged.facts[0], judged.why) if judged.is_true else Standing(Mark.UNTRUE, why=judged.why)
