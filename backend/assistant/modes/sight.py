"""What is to be seen in a chart: a model names patterns in its picture, code finds them in its bars or does not."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Final

from backend.assistant.answer_cache import messages_of
from backend.assistant.answers import ChartSeen, Mode, Phase, Provenance, Question
from backend.assistant.engines.engine import Done
from backend.assistant.facts.fact import BarRange
from backend.assistant.grounding.span import Checks, Mark
from backend.assistant.modes.draft import Draft
from backend.assistant.routing import Candidate
from backend.assistant.sight.checking import Group, compare, find_in_view
from backend.assistant.sight.naming import Named, naming_request, parse_named
from backend.assistant.sight.telling import facts_of, tell
from backend.assistant.writers import Writers, write_whole
from backend.clock import Clock
from backend.domain.bars import DAY_NS, BarArrays
from backend.errors import InvalidInput, TriiError
from backend.market.history import History

PICTURES_KEPT: Final = 4
N_BARS_MAX: Final = 1_500
N_BEFORE: Final = 200  # bars ahead of the view, by which the first patterns in it are measured
MONTH_NS: Final = 31 * DAY_NS
_ORDER: Final = (Mode.DEEP, Mode.FAST, Mode.ANALYSIS)
_BLIND: Final = (
    "No model looked at the picture: none that is chosen here sees. Add the projector that was published with a model "
    "(often named mmproj) to it in Models, under Additions, or with: trii models projector MODEL FILE"
)
_GONE: Final = "No model looked: pictures of charts are not kept. Ask once more from the chart."
_BY_CODE: Final = "Found by code in the bars shown."
_CHECKED: Final = "What the model names is held against what code finds in the bars shown; it was not examined for pictures."


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a model named, and how that came about; or why none did."""

    named: tuple[Named, ...] = ()
    candidate: Candidate | None = None
    done: Done | None = None
    sent: tuple[tuple[str, str], ...] = ()
    why_not: str = ""


class SightMode:
    """Lives on the engine loop. Pictures stay on this computer; the newest are in memory, for who asks again."""

    def __init__(self, writers: Writers, history: History, clock: Clock) -> None:
        self._writers = writers
        self._history = history
        self._clock = clock
        self._pictures: OrderedDict[str, bytes] = OrderedDict()

    def keep(self, turn: str, picture: bytes) -> None:
        """Have the picture of a question's turn at hand; the oldest goes."""
        if picture:
            self._pictures[turn] = picture
            while len(self._pictures) > PICTURES_KEPT:
                self._pictures.popitem(last=False)

    async def answer(self, draft: Draft, question: Question, turn: str) -> None:
        """Fill the draft. Raises InvalidInput where no chart goes with the question, NotFound and InvalidInput as its bars do."""
        chart = question.chart
        if chart is None:
            raise InvalidInput("Which chart is meant?", hint="Attach one, or ask with /look.", code="assistant.no_chart")
        draft.say(Phase.COMPUTING, "Looking for patterns in the bars shown")
        bars, first = await self._bars(chart)
        groups = await asyncio.to_thread(find_in_view, bars, first)
        facts = facts_of(groups, bars, chart.series, self._clock.now_ns())
        provenance = Provenance(question.mode, reason=_BY_CODE, facts_digest=facts.digest, is_plain_wording=True)
        spans = tell(compare((), groups), facts, has_looked=False)
        draft.grow(facts=facts, spans=spans, provenance=provenance)  # code has found it; nobody waits for a model to see that
        seen = await self._look(draft, question.mode, self._pictures.get(turn, b""))
        compared = compare(seen.named, groups)
        has_looked = seen.candidate is not None
        spans = tell(compared, facts, has_looked=has_looked, why_not=seen.why_not)
        if seen.candidate is not None:
            provenance = replace(
                provenance,
                reason=_CHECKED,
                model=seen.candidate.model,
                place=seen.done.place if seen.done else "",
                sent=seen.sent,
                first_token_ms=seen.done.first_token_ms if seen.done else 0.0,
                is_plain_wording=False,
                done=seen.done,
            )
        draft.grow(
            phase=Phase.DONE,
            words="",
            spans=spans,
            matches=_reaches(compared.both, chart),
            provenance=provenance,
            checks=Checks(n_numbers=sum(span.mark is Mark.NUMBER for span in spans), n_claims=len(seen.named)),
        )

    async def _bars(self, chart: ChartSeen) -> tuple[BarArrays, int]:
        """The bars up to the last in view, some before the first, and the row of the first in view."""
        before_ns = 2 * N_BEFORE * (chart.series.spec.duration_ns or MONTH_NS)  # markets are closed half of the time, or more
        from_ns, to_ns = chart.from_ns - before_ns, chart.to_ns + 1
        bars = await self._history.bars(chart.series, from_ns=from_ns, to_ns=to_ns, adjusted=True)
        in_view = int(bars.event_ns.searchsorted(chart.from_ns))
        first = max(in_view, len(bars) - N_BARS_MAX)
        start = max(0, first - N_BEFORE)
        return bars[start:], first - start

    async def _look(self, draft: Draft, mode: Mode, picture: bytes) -> _Seen:
        found = await self._who_sees(mode)
        if found is None or not picture:
            return _Seen(why_not=_BLIND if found is None else _GONE)
        candidate, its_mode = found
        draft.say(Phase.READING, f"{candidate.model} looks at the picture")
        request = naming_request(f"{draft.answer.id}.look", picture, its_mode.value)
        try:
            await self._writers.ready(candidate, its_mode)
            text, done = await write_whole(self._writers, candidate, request)
        except TriiError as error:  # what code found stands without it
            return _Seen(why_not=f"No model looked at the picture: {error.message}")
        return _Seen(parse_named(text), candidate, done, messages_of(request))

    async def _who_sees(self, mode: Mode) -> tuple[Candidate, Mode] | None:
        """A model of this computer that sees, that of the asked mode first, and the mode for which it is chosen."""
        for its_mode in dict.fromkeys((mode, *_ORDER)):
            for one in await self._writers.candidates(its_mode):
                if one.sees and one.is_loadable and not one.is_remote:
                    return one, its_mode
        return None


def _reaches(groups: tuple[Group, ...], chart: ChartSeen) -> tuple[BarRange, ...]:
    """The bars of what both saw, oldest first."""
    reaches = (BarRange(chart.series, group.newest.start_ns, group.newest.end_ns) for group in groups)
    return tuple(sorted(reaches, key=lambda reach: reach.to_ns))
