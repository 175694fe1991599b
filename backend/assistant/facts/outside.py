"""What others say of an instrument, as facts: news, the mood of posts, ratios of filings; what is not given is unavailable."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from backend.assistant.facts.draft import Draft, Term, lacking
from backend.assistant.facts.fact import Unit
from backend.domain.bars import DAY_NS, SECOND_NS

N_NEWS: Final = 3
HALF_LIFE_DAYS: Final = 3.0
"""After so many days a headline counts half: see docs/decisions/0202-what-a-prompt-carries.md."""

N_RATIOS_MAX: Final = 12
NEWS: Final = tuple(
    Term(f"news.{place}", label, Unit.WORD, "headline, by recency and relevance")
    for place, label in enumerate(("Most relevant news", "Next news", "News after that"), 1)
)
SCORE: Final = Term("sentiment.score", "Social sentiment", Unit.INDEX, "from -1 to 1, by a classifier over posts")
LABEL: Final = Term("sentiment.label", "Label of the sentiment", Unit.WORD, "of the score", ("@sentiment.score",))
RATIOS: Final = Term("fundamental.ratios", "Fundamental ratios", Unit.WORD, "from filings, with their period")
RATIO: Final = "fundamental.ratio."

NO_NEWS: Final = "No news source is connected."
NO_SENTIMENT: Final = "No source of social sentiment is connected."
NO_FUNDAMENTALS: Final = "No fundamental figures are stored."
FEWER_NEWS: Final = "There is no more news of it."
NO_MOOD: Final = "Its source tells no social sentiment of it."


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline as its source wrote it. ``relevance`` : to the instrument, 0 to 1; ``published_ns`` : UTC."""

    words: str
    source: str
    published_ns: int
    relevance: float = 1.0


@dataclass(frozen=True, slots=True)
class Mood:
    """What posts say. ``score`` from -1 to 1 and ``label`` as one classifier gives them; ``known_ns`` : when it could be known."""

    score: float
    label: str
    source: str
    known_ns: int


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio that code computed from a filing.

    name : letters and underscores, as "price_to_earnings"; period : "FY 2025"; source : the filing that is cited
    formula : from which of its figures; filed_ns : when it could be known
    """

    name: str
    label: str
    value: float
    period: str
    source: str
    formula: str
    filed_ns: int


@dataclass(frozen=True, slots=True)
class Outside:
    """What is known from outside; None: there is none for the reason beside it, which is not the same as an empty tuple."""

    news: tuple[Headline, ...] | None = None
    mood: Mood | None = None
    ratios: tuple[Ratio, ...] | None = None
    why_no_news: str = NO_NEWS
    why_no_mood: str = NO_SENTIMENT
    why_no_ratios: str = NO_FUNDAMENTALS


NOTHING: Final = Outside()
"""Nothing is connected."""


def outside_facts(outside: Outside, as_of_ns: int) -> Iterator[Draft]:
    """The news, the mood, and which ratios there are: always these facts, in this order."""
    yield from _news(outside, as_of_ns)
    yield from _mood(outside, as_of_ns)
    ratios = known_ratios(outside, as_of_ns)
    if not ratios:
        yield from lacking((RATIOS,), outside.why_no_ratios if outside.ratios is None else NO_FUNDAMENTALS)
        return
    cited = " and ".join(dict.fromkeys(one_line(ratio.source) for ratio in ratios))
    inputs = tuple(f"@{RATIO}{ratio.name}" for ratio in ratios)
    named = ", ".join(one_line(ratio.label) for ratio in ratios)
    yield Draft(term=replace(RATIOS, inputs=inputs), value=named, source=cited, as_of_ns=max(one.filed_ns for one in ratios))


def ratio_facts(outside: Outside, as_of_ns: int) -> Iterator[Draft]:
    """Each ratio with its period in its label and its filing as source; of these there are more or fewer."""
    for ratio in known_ratios(outside, as_of_ns):
        label = f"{one_line(ratio.label)}, {one_line(ratio.period)}"
        term = Term(f"{RATIO}{ratio.name}", label, Unit.RATIO, one_line(ratio.formula))
        yield Draft(term=term, value=ratio.value, source=one_line(ratio.source), as_of_ns=ratio.filed_ns)


def known_ratios(outside: Outside, as_of_ns: int) -> tuple[Ratio, ...]:
    """The newest of each name that was filed by then and is a number."""
    found: dict[str, Ratio] = {}
    for ratio in sorted(outside.ratios or (), key=lambda one: one.filed_ns):
        if ratio.filed_ns <= as_of_ns and math.isfinite(ratio.value):
            found[ratio.name] = ratio
    return tuple(found.values())[:N_RATIOS_MAX]


def rank_news(news: Sequence[Headline], as_of_ns: int, n_max: int = N_NEWS) -> tuple[Headline, ...]:
    """The headlines that matter most: relevance, halved every three days of age; none twice, none of later than ``as_of_ns``."""

    def weight(one: Headline) -> float:
        """The logarithm, so that very old ones keep their order."""
        return math.log2(max(one.relevance, 1e-9)) + (one.published_ns - as_of_ns) / DAY_NS / HALF_LIFE_DAYS

    known = [one for one in news if one.published_ns <= as_of_ns and one_line(one.words)]
    ranked = sorted(known, key=lambda one: (-weight(one), -one.published_ns, one.words))
    first: dict[str, Headline] = {}
    for one in ranked:
        first.setdefault(one_line(one.words).casefold(), one)
    return tuple(first.values())[:n_max]


def one_line(words: str) -> str:
    """Words of others without their lines."""
    return " ".join(words.split())


def _news(outside: Outside, as_of_ns: int) -> Iterator[Draft]:
    ranked = rank_news(outside.news or (), as_of_ns)
    for term, one in zip(NEWS, ranked, strict=False):
        day = datetime.fromtimestamp(one.published_ns // SECOND_NS, UTC).date().isoformat()
        yield Draft(term=term, value=one_line(one.words), source=f"{one_line(one.source)}, {day}", as_of_ns=one.published_ns)
    yield from lacking(NEWS[len(ranked) :], outside.why_no_news if outside.news is None else FEWER_NEWS)


def _mood(outside: Outside, as_of_ns: int) -> Iterator[Draft]:
    mood = outside.mood
    if mood is None or mood.known_ns > as_of_ns:
        yield from lacking((SCORE, LABEL), outside.why_no_mood if mood is None else NO_MOOD)
    elif not -1 <= mood.score <= 1:  # also refuses NaN
        yield from lacking((SCORE, LABEL), "What its source gave is no score from -1 to 1.", one_line(mood.source))
    else:
        yield Draft(term=SCORE, value=mood.score, source=one_line(mood.source), as_of_ns=mood.known_ns)
        yield Draft(term=LABEL, value=one_line(mood.label), source=one_line(mood.source), as_of_ns=mood.known_ns)
