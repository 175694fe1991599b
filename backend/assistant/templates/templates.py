"""The instructions of models: read, versioned, compared, chosen. What checks a model's numbers is not among them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

from backend.assistant.answers import Mode
from backend.assistant.engines.engine import Engine
from backend.assistant.models.model import ModelCard
from backend.assistant.models.work import Doing, Progress, Work, WorkBook
from backend.assistant.templates.comparing import MODE_OF, Comparison, compare, prompts_of
from backend.assistant.templates.store import TemplateStore, Trial
from backend.assistant.templates.template import NAMES, SHIPPED, Template, Version, check_name, checked_text, shipped
from backend.bus import Bus
from backend.clock import Clock
from backend.errors import InvalidInput, NotFound, Unavailable
from backend.events import TemplatesChanged
from backend.storage.ledger import Ledger


@dataclass(frozen=True, slots=True)
class TemplateParts:
    """What templates stand on. ``make_engine`` gives an engine of its own for a comparison, closed afterwards."""

    ledger: Ledger
    bus: Bus
    clock: Clock
    card_for: Callable[[Mode], Awaitable[ModelCard | None]]
    make_engine: Callable[[], Engine]


class Templates:
    """Lives on the engine loop; ``text`` and ``works`` may be read from any thread."""

    crosses_bridge: ClassVar[str] = "a facade: its methods run on the engine"

    def __init__(self, parts: TemplateParts) -> None:
        self._parts = parts
        self._store = TemplateStore(parts.ledger)
        self._works = WorkBook()
        self._texts = {name: shipped(name).text for name in NAMES}

    async def begin(self) -> None:
        """Have the texts in use at hand."""
        self._take(await self._store.load())

    def text(self, name: str) -> str:
        """What models are told now."""
        return self._texts[name]

    async def all(self) -> tuple[Template, ...]:
        """Every template with its versions."""
        return await self._store.load()

    async def save(self, name: str, text: str) -> Version:
        """Keep a text as another version, not used yet. Raises NotFound, InvalidInput; also for one that is there already."""
        check_name(name)
        checked = checked_text(text)
        (known,) = (one for one in await self._store.load() if one.name == name)
        if same := next((one for one in known.versions if one.text == checked), None):
            words = "the shipped one" if same.number == SHIPPED else f"version {same.number}"
            raise InvalidInput(f"That is {words}.", hint="Change something, or use that one.", code="template.same")
        made = await self._store.add(name, checked, self._parts.clock.now_ns())
        await self._changed()
        return made

    async def use(self, name: str, number: int = SHIPPED) -> int:
        """Use a version from now on, the shipped one where none is named; which one was. Raises NotFound.

        Kept answers follow from the instructions, so those of another version are not repeated.
        """
        check_name(name)
        before = await self._store.use(name, number)
        await self._changed()
        return before

    async def remove(self, name: str, number: int) -> Version:
        """Forget a version that is not in use; as it was, for ``restore``. Raises NotFound, InvalidInput."""
        check_name(name)
        gone = await self._store.remove(name, number)
        await self._changed()
        return gone

    async def restore(self, version: Version) -> None:
        """Undo ``remove``. Raises Conflict."""
        await self._store.restore(version)
        await self._changed()

    # --- comparing ----------------------------------------------------------------------------------------------------

    async def compare(self, name: str, first: int, second: int, on_progress: Progress | None = None) -> Comparison:
        """Ask the chosen model the template's prompts under both versions; takes a minute or more, and is kept.

        Raises NotFound, InvalidInput for one version against itself, Unavailable without a model, or where it was stopped.
        """
        check_name(name)
        if first == second:
            raise InvalidInput("A version cannot be compared with itself.", hint="Choose two.", code="template.same")
        versions = {one.number: one for one in next(one for one in await self._store.load() if one.name == name).versions}
        for number in (first, second):
            if number not in versions:
                raise NotFound(f"There is no version {number} of {name}.", hint="Choose another one.", code="template.no_version")
        card = await self._parts.card_for(MODE_OF[name])
        if card is None:
            raise Unavailable("No model is chosen for this.", hint="Choose one in Models, or add one.", code="engine.no_model")
        sides = [(number, prompts_of(name, versions[number].text)) for number in (first, second)]
        with self._works.under(
            f"Comparing instructions with {card.name}", Doing.EXAMINING, model=card.id, tell=on_progress
        ) as tally:
            one, other = await compare(self._parts.make_engine, card, sides, tally)
        now_ns = self._parts.clock.now_ns()
        for side in (one, other):
            shown = (card.name, side.n_passed, len(side.passed), side.first_token_ms, now_ns)
            await self._store.keep_trial(Trial(name, side.number, *shown))
        await self._changed()
        return Comparison(name, card.name, one, other)

    async def trials(self, name: str) -> tuple[Trial, ...]:
        """What versions showed when they were compared, newest first."""
        return await self._store.trials(name)

    def works(self) -> tuple[Work, ...]:
        """Comparisons under way; from any thread."""
        return self._works.works()

    async def stop(self, work_id: str) -> None:
        """End a comparison. Raises NotFound where it is over."""
        self._works.stop(work_id)

    # --- inside -------------------------------------------------------------------------------------------------------

    async def _changed(self) -> None:
        self._take(await self._store.load())
        self._parts.bus.publish(TemplatesChanged())

    def _take(self, templates: tuple[Template, ...]) -> None:
        self._texts = {one.name: one.text for one in templates}
