"""What a path holds: every table below it, each with a plan, and what is passed over."""

import asyncio
from pathlib import Path

from backend.clock import Clock
from backend.errors import InvalidInput, TriiError
from backend.market.catalog import Catalog
from backend.market.importers.containers import Place, find_places
from backend.market.importers.plan import Choices, ImportPlan, Survey
from backend.market.importers.preview import make_plan
from backend.market.importers.symbols import find_symbols
from backend.market.importers.tables import TableHead, read_heads


async def survey(path: Path, choices: Choices, catalog: Catalog, clock: Clock) -> Survey:
    """A plan for every table below ``path``, and what was passed over because it holds none.

    Raises NotFound, Unavailable, InvalidInput where no table is found.
    """
    places = await asyncio.to_thread(find_places, path)
    plans: list[ImportPlan] = []
    skipped: list[tuple[str, TriiError]] = []
    for place in places:
        try:
            plans.extend(await _plans_of(place, choices, catalog, clock))
        except InvalidInput as e:
            skipped.append((place.file_name if place.inside else str(place.path), e))
    if not plans and skipped:
        raise skipped[0][1]
    if not plans:
        raise InvalidInput(f"{path} holds no files.", hint="Choose a file or a folder that holds bars.", code="import.empty")
    return Survey(tuple(plans), tuple(skipped))


async def _plans_of(place: Place, choices: Choices, catalog: Catalog, clock: Clock) -> list[ImportPlan]:
    heads = await asyncio.to_thread(read_heads, place, choices)
    plans: list[ImportPlan] = []
    for head in heads:
        plans.extend(await _plans_of_head(head, choices, catalog, clock))
    return plans


async def _plans_of_head(head: TableHead, choices: Choices, catalog: Catalog, clock: Clock) -> list[ImportPlan]:
    """One plan, or one for each instrument where a column names several."""
    if choices.symbol is not None:
        return [await make_plan(head, choices, catalog, clock, symbol=choices.symbol)]
    symbols = await asyncio.to_thread(find_symbols, head, choices)
    if len(symbols) < 2:
        return [await make_plan(head, choices, catalog, clock)]
    if choices.instrument is not None:
        code = choices.instrument.rpartition(".")[0].upper() or choices.instrument.upper()
        fitting = [symbol for symbol in symbols if symbol.upper() in {code, choices.instrument.upper()}]
        if len(fitting) != 1:
            raise InvalidInput(
                f"{head.place} holds {len(symbols)} instruments, and none of them is {choices.instrument}.",
                hint=f"Choose one by its symbol: {', '.join(symbols[:10])}{'…' if len(symbols) > 10 else ''}.",
                code="import.symbol",
            )
        symbols = fitting
    return [await make_plan(head, choices, catalog, clock, symbol=symbol) for symbol in symbols]
